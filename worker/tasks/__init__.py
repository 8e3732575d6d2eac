"""Every task, by room: thin, called by name, harmless when run twice."""

from worker.tasks import accounts, calendars, exchanges, interests, notifications, pilots, transfers

__all__ = ["accounts", "calendars", "exchanges", "interests", "notifications", "pilots", "transfers"]
