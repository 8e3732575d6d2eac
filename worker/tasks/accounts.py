"""Housekeeping of accounts: what is over is cleared away."""

from __future__ import annotations

from celery import shared_task

from app.accounts.rules import tidy as rules
from app.core import clock
from app.extensions import db


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Delete rate counts, sign-in links and sessions that are over."""
    rules.clear_what_is_over(clock.now())
    db.session.commit()
