"""Housekeeping of expressions of interest."""

from __future__ import annotations

from celery import shared_task

from app.core import clock
from app.extensions import db
from app.interests import rules


@shared_task(name="interests.tidy")
def tidy() -> None:
    """Delete drafts that nobody touched for thirty days, and what was kept for twenty-four months."""
    rules.clear_expired_drafts(clock.now())
    db.session.commit()
    rules.erase_old_expressions(clock.now())
    db.session.commit()
