"""Housekeeping of accounts: what is over is cleared away, and what was gathered for people is sent."""

from __future__ import annotations

import logging

from celery import shared_task

from app.accounts import rehearsals
from app.accounts.rules import digests
from app.accounts.rules import tidy as rules
from app.core import clock
from app.extensions import db

log = logging.getLogger(__name__)


@shared_task(name="accounts.tidy")  # type: ignore[untyped-decorator]
def tidy() -> None:
    """Delete rate counts, sign-in links and sessions that are over, and mails that were looked at before they left."""
    now = clock.now()
    rules.clear_what_is_over(now)
    rehearsals.clear_what_is_over(now)
    db.session.commit()


@shared_task(name="accounts.write_digests")  # type: ignore[untyped-decorator]
def write_digests() -> int:
    """Write the digests that are due, each in a transaction of its own: one that fails holds up nobody else's."""
    now, written = clock.now(), 0
    for person_id in list(digests.due(now)):
        try:
            written += digests.write(person_id, now)
            db.session.commit()
        except Exception:
            db.session.rollback()
            log.exception("the digest of %s could not be written", person_id)
    return written
