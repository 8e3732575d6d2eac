"""Periodic work of the pilots: reminders of milestones, by scan."""

from __future__ import annotations

from celery import shared_task

from app.core import clock
from app.extensions import db
from app.pilots import reminders


@shared_task(name="pilots.queue_reminders")  # type: ignore[untyped-decorator]
def queue_reminders() -> int:
    """Queue what is due at this minute."""
    written = reminders.queue_due(clock.now())
    db.session.commit()
    return written
