"""Calls, and expressions of interest from draft to decision. Stands on practices, topics, accounts, files, notifications, audit."""
