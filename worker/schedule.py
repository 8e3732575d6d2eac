"""Every periodic task in one table, a reason beside each.

Beat is one trigger of several: the worker also sweeps by itself, and takes over every task that beat did not name in time.
"""

from __future__ import annotations

from typing import Any

SIGN_LASTS = 60
"""Seconds after which beat's sign of life has expired."""
NOT_DONE = "not done"
"""What a periodic task answers that could not do its work: it leaves no sign of life."""

beat_schedule: dict[str, dict[str, Any]] = {
    # Beat's own sign of life: the task notes when beat sent it. One that nobody took for a minute is no sign any more.
    "beat": {"task": "notifications.beat", "schedule": 30.0, "options": {"expires": SIGN_LASTS}},
    # Finds due rows whose wake-up was lost; the worker's own sweep does the same without beat.
    "sweep": {"task": "notifications.sweep", "schedule": 15.0},
    # Which reminders are due at this minute.
    "reminders": {"task": "exchanges.queue_reminders", "schedule": 60.0},
    # Seats that were offered to somebody on a waiting list, whose hour is over.
    "offers": {"task": "exchanges.pass_on_offers", "schedule": 60.0},
    # Clock rules that an upgrade changed: a worker asks when it starts, and what an older process wrote since is found here.
    "clocks": {"task": "exchanges.check_clocks", "schedule": 60.0},
    # Dates of milestones: said at nine in the morning where people are, and zones differ by quarters of an hour.
    "milestones": {"task": "pilots.queue_reminders", "schedule": 300.0},
    # Which co-leads are to be reminded of an opinion: at nine in the morning where they are.
    "opinions": {"task": "interests.queue_reminders", "schedule": 300.0},
    # Digests come at eight in the morning where people are, and zones differ by quarters of an hour.
    "digests": {"task": "accounts.write_digests", "schedule": 60.0},
    # Answers by mail wait in the organizer mailbox.
    "mailbox": {"task": "notifications.poll_mailbox", "schedule": 30.0},
    # Sign-in links and rate counts that are over.
    "tidy": {"task": "accounts.tidy", "schedule": 3600.0},
    # What is kept no longer than was said: drafts for thirty days, expressions for twenty-four months; files without a record.
    "drafts": {"task": "interests.tidy", "schedule": 3600.0},
    # Days of the installed lists of public holidays: a new release is seen within a minute of its start.
    "holidays": {"task": "calendars.renew", "schedule": 60.0},
    # Addresses at which people publish when they are busy, where reading them is switched on; each is due once an hour.
    "busy": {"task": "calendars.read_feeds", "schedule": 120.0},
    # Wishes for places that were never confirmed: three days; those that were decided: a year.
    "places": {"task": "exchanges.tidy", "schedule": 3600.0},
    # Uploaded tables and archives whose wake-up was lost or whose process died; archives whose time is over.
    "transfers": {"task": "transfers.sweep", "schedule": 60.0},
}

CONF: dict[str, Any] = {
    "task_serializer": "json", "accept_content": ["json"], "result_backend": None, "task_ignore_result": True,
    "task_acks_late": False,  # a lost task is no lost mail: the row is the intent, the sweep finds it
    "worker_prefetch_multiplier": 1, "broker_connection_retry_on_startup": True, "broker_connection_timeout": 2,
    "broker_transport_options": {"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600},
    "worker_hijack_root_logger": False, "timezone": "UTC", "enable_utc": True, "beat_schedule": beat_schedule,
}  # fmt: skip
"""How worker and beat speak with each other."""
