"""The worker: it stands on the app and delivers."""
