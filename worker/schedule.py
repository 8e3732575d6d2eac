"""Every periodic task in one table, a reason beside each. Beat is one trigger of several: the worker also sweeps by itself."""

from __future__ import annotations

from typing import Any

beat_schedule: dict[str, dict[str, Any]] = {
    # Finds due rows whose wake-up was lost; the worker's own sweep does the same without beat.
    "sweep": {"task": "notifications.sweep", "schedule": 15.0},
    # Which reminders are due at this minute.
    "reminders": {"task": "exchanges.queue_reminders", "schedule": 60.0},
    # Dates of milestones: said at nine in the morning where people are, and zones differ by quarters of an hour.
    "milestones": {"task": "pilots.queue_reminders", "schedule": 300.0},
    # Which co-leads are to be reminded of an opinion: at nine in the morning where they are.
    "opinions": {"task": "interests.queue_reminders", "schedule": 300.0},
    # Answers by mail wait in the organizer mailbox.
    "mailbox": {"task": "notifications.poll_mailbox", "schedule": 30.0},
    # Sign-in links and rate counts that are over.
    "tidy": {"task": "accounts.tidy", "schedule": 3600.0},
    # What is kept no longer than was said: drafts for thirty days, expressions for twenty-four months; files without a record.
    "drafts": {"task": "interests.tidy", "schedule": 3600.0},
    # Uploaded tables and archives whose wake-up was lost or whose process died; archives whose time is over.
    "transfers": {"task": "transfers.sweep", "schedule": 60.0},
}
