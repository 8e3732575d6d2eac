"""Housekeeping of expressions of interest."""

from __future__ import annotations

from celery import shared_task

from app.core import clock
from app.extensions import db
from app.interests import reminders, rules


@shared_task(name="interests.tidy")
def tidy() -> None:
    """Delete drafts that nobody touched for thirty days, and what was kept for twenty-four months."""
    rules.clear_expired_drafts(clock.now())
    db.session.commit()
    rules.erase_old_expressions(clock.now())
    db.session.commit()


@shared_task(name="interests.queue_reminders")
def queue_reminders() -> int:
    """Remind the co-leads who have not said what they think, in batches of their own transactions."""
    total = 0
    while written := reminders.queue_due(clock.now()):
        db.session.commit()
        total += written
    db.session.commit()
    return total
