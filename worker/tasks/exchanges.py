"""Periodic work of the exchanges: reminders by scan, offers that pass on, and sessions held against the installed clock rules."""

from __future__ import annotations

import logging
from contextlib import suppress

from celery import shared_task
from celery.signals import worker_init
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.exchanges import poll_reminders, queries, reminders, rules
from app.exchanges.queries import clock_sources
from app.exchanges.rules import registering
from app.extensions import db

log = logging.getLogger(__name__)


@shared_task(name="exchanges.queue_reminders")  # type: ignore[untyped-decorator]
def queue_reminders() -> int:
    """Queue what is due at this minute, in batches of their own transactions."""
    total = 0
    for room in (reminders, poll_reminders):
        while written := room.queue_due(clock.now()):
            db.session.commit()
            total += written
        db.session.commit()
    return total


@shared_task(name="exchanges.pass_on_offers")  # type: ignore[untyped-decorator]
def pass_on_offers() -> int:
    """Seats whose offer is over go to the next in line: each session in a transaction of its own."""
    now, ended = clock.now(), 0
    for session_id in queries.places.offers_due(now):
        ended += rules.pass_on(session_id, now)
        db.session.commit()
    return ended


@shared_task(name="exchanges.tidy")  # type: ignore[untyped-decorator]
def tidy() -> int:
    """Forget wishes for places that were never confirmed, and those of long ago."""
    forgotten = registering.tidy(clock.now())
    db.session.commit()
    return forgotten


@shared_task(name="exchanges.check_clocks")  # type: ignore[untyped-decorator]
def check_clocks() -> int:
    """Hold what is to come against the zone data that are installed; answers how many mails leave of it."""
    return rules.check_clocks(clock.now(), commit=db.session.commit).mails


@worker_init.connect  # type: ignore[untyped-decorator]
def check_clocks_first(sender: object = None, **_: object) -> None:
    """The same before this process sends its first mail (this module is loaded before the one that starts the courier)."""
    from worker.celery_app import flask_app

    with flask_app.app_context(), suppress(SQLAlchemyError):  # without a database nothing leaves either; beat asks again
        check_clocks()
        found = clock_sources.disagreements(clock.now())
        for one in found.zones:  # other programs on this machine may tell people what they say
            log.warning("clock rules: for %s %s would tell another hour than the pinned data", one.zone, one.who())
        db.session.rollback()
