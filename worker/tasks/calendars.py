"""The days of the lists of public holidays, and addresses at which people publish when they are busy."""

from __future__ import annotations

from celery import shared_task

from app.calendars.rules import lists, times
from app.core import clock
from app.extensions import db


@shared_task(name="calendars.renew")  # type: ignore[untyped-decorator]
def renew() -> bool:
    """Bring the table up to date with the installed release."""
    done = lists.renew(clock.now())
    times.tidy(clock.now())
    db.session.commit()
    return done


@shared_task(name="calendars.read_feeds")  # type: ignore[untyped-decorator]
def read_feeds(ask: times.Ask = times.ask) -> int:
    """Read what is due, one address after the other; no transaction is open while a server is waited for."""
    read = 0
    for feed_id in times.due(clock.now()):
        told = times.question(feed_id, now=clock.now())
        db.session.commit()
        if told is None:
            continue
        found = ask(told)
        times.settle(feed_id, told["address"], found, now=clock.now())
        db.session.commit()
        read += 1
    return read
