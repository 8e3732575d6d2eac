"""Write down that somebody was called, and what came of it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l

from app.accounts.models import CallOutcome, Person, PhoneCall
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.extensions import db

LONG_AGO = timedelta(days=366)


def record_call(
    person: Person,
    *,
    called_at: datetime,
    outcome: CallOutcome,
    note: str = "",
    subject: tuple[str, uuid.UUID] | None = None,
    message_id: uuid.UUID | None = None,
    by: Person,
    now: datetime,
) -> PhoneCall:
    """Keep one call. A call lies behind us, and not further than anybody remembers."""
    if called_at > now:
        raise RuleBroken(_l("Enter a time that has passed. It is not that late yet."), field="called_time")
    if called_at < now - LONG_AGO:
        raise RuleBroken(_l("Enter a day of the last twelve months."), field="called_day")
    call = PhoneCall(
        person_id=person.id,
        called_at=called_at,
        called_by=by.id,
        number=person.phone or "",
        outcome=outcome,
        note=note,
        subject_kind=subject[0] if subject else None,
        subject_id=subject[1] if subject else None,
        message_id=message_id,
        recorded_at=now,
    )
    db.session.add(call)
    db.session.flush()
    changes = {"outcome": (None, outcome), "called_at": (None, called_at)}
    record("person.called", "person", person.id, by=by, now=now, changes=changes, note=note or None)
    return call
