"""Periodic work of the exchanges: reminders by scan."""

from __future__ import annotations

from celery import shared_task

from app.core import clock
from app.exchanges import reminders
from app.extensions import db


@shared_task(name="exchanges.queue_reminders")  # type: ignore[untyped-decorator]
def queue_reminders() -> int:
    """Queue what is due at this minute, in batches of their own transactions."""
    total = 0
    while written := reminders.queue_due(clock.now()):
        db.session.commit()
        total += written
    db.session.commit()
    return total
