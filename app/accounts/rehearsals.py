"""Mail to many stops before it leaves: whoever pressed sees what it would do, and confirms exactly that.

Every transaction of a request that would send more than twenty mails is looked at here just before it is committed. One
that nobody has confirmed is rolled back, looked at mail by mail, and shown; the page sends the same form once more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, has_request_context, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.accounts.access import P, me, viewer
from app.accounts.models import Person
from app.audit.rules import record
from app.core import clock
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.extensions import db
from app.notifications import leaving, rehearsing
from app.notifications.leaving import MANY, Leaving
from app.notifications.models import Rehearsal

FIELD = "rehearsed"
"""The field of a form that names the rehearsal which its sender confirms."""
AT_ONCE = 200
"""So many mails an hour a person sets off beside the slow lane; what they write beyond it lets all others go first."""
_NOT_KEPT = frozenset({"csrf_token", FIELD})


@dataclass(eq=False)
class Asked(Exception):  # noqa: N818 - it is a question, not an error
    """So many mails have to be seen first. ``changed``: others were confirmed than would leave now."""

    planned: rehearsing.Planned
    changed: bool


@dataclass(eq=False)
class Done(Exception):  # noqa: N818 - the second press of a button
    """What was confirmed has left already."""

    rehearsal_id: uuid.UUID


def gate(notes: Leaving) -> None:
    """Before a request's transaction is committed: may these mails leave?"""
    if not has_request_context() or viewer().person is None:
        return
    by, now = me(), clock.now()
    if notes.to_many:
        confirm(look(notes), by=by, now=now)
    elif notes.normal and rehearsing.count(by.id, len(notes.ids), now) > AT_ONCE:
        leaving.slow_down(notes.normal)


@dataclass(frozen=True)
class Weighed:
    """Mail to many that may leave: how much, and the rehearsal that says so, where it takes one."""

    mails: int
    digest: str
    row: Rehearsal | None = None


def look(notes: Leaving) -> Weighed | None:
    """May these mails leave? ``Asked`` when somebody has to see them first, ``None`` when that was so a moment ago."""
    mails, digest = rehearsing.weigh(notes.ids)
    if g.get("mails_confirmed") == digest:
        return None
    if mails <= MANY or not viewer().can(P.SEE_DESK, P.SEE_PEOPLE, P.SEE_OUTBOX):
        return Weighed(mails, digest)
    given = _given()
    if given is not None and given.digest == digest and given.passed:
        return Weighed(mails, digest, given)
    raise Asked(rehearsing.read(notes, digest), changed=given is not None)


def confirm(weighed: Weighed | None, *, by: Person, now: datetime) -> None:
    """It is confirmed, and counted: the line in the log is part of what is sent."""
    if weighed is None:
        return
    rehearsing.count(by.id, weighed.mails, now)
    g.mails_confirmed = weighed.digest
    if weighed.row is None:
        return
    most = settings().mails_per_person_a_day
    if rehearsing.of_the_day(by.id, now) > most:
        raise RuleBroken(
            _l("One person can send %(count)s mails in 24 hours. A colleague can send these, or you tomorrow.", count=most)
        )
    row = db.session.get_one(Rehearsal, weighed.row.id)
    row.confirmed_at = now
    record("mails.confirmed", "rehearsal", row.id, by=by, now=now, changes={"mails": (None, weighed.mails)})


def _given() -> Rehearsal | None:
    """The same, held until the transaction ends: a second press waits here, and is too late."""
    found = confirmed_here()
    if found is None:
        return None
    db.session.refresh(found, with_for_update=True)
    if found.confirmed_at is not None:
        raise Done(found.id)
    return found


def keep(asked: Asked, *, back: str, by: Person, now: datetime) -> Rehearsal:
    """Look at every mail of it, and keep what was found, with the form that asked for it."""
    found = rehearsing.look(asked.planned, now=now)
    told = rehearsing.told(asked.planned, found)
    fields = {name: values for name, values in request.form.lists() if name not in _NOT_KEPT}
    row = Rehearsal(
        id=uuid7(), person_id=by.id, created_at=now, path=request.full_path.rstrip("?"), back=back, fields=fields,
        digest=asked.planned.digest, mails=len(asked.planned.jobs), passed=found.passed, changed=asked.changed, told=told,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    record("mails.rehearsed", "rehearsal", row.id, by=by, now=now, changes=_numbers(row))
    return row


def _numbers(row: Rehearsal) -> dict[str, tuple[None, Any]]:
    told = row.told
    return {
        "mails": (None, row.mails),
        "languages": (None, len(told["languages"])),
        "zones": (None, sum(len(line["zones"]) + line["more"] for line in told["zones"])),
        "without_mail": (None, sum(count for _, count in told["missed"]["counts"])),
        "problems": (None, sum(problem["count"] for problem in told["problems"].values())),
    }


def find(rehearsal_id: uuid.UUID) -> Rehearsal | None:
    """A rehearsal. Colleagues may look too; who pressed confirms it."""
    return db.session.get(Rehearsal, rehearsal_id)


def confirmed_here() -> Rehearsal | None:
    """The rehearsal of whoever presses that the form of this request names."""
    try:
        key = uuid.UUID(request.form.get(FIELD, ""))
    except ValueError:
        return None
    return db.session.scalar(select(Rehearsal).where(Rehearsal.id == key, Rehearsal.person_id == me().id))


def clear_what_is_over(now: datetime) -> None:
    """Rehearsals hold names and mails: they are kept for two days."""
    db.session.execute(delete(Rehearsal).where(Rehearsal.created_at < now - rehearsing.KEEP))
    rehearsing.forget_counts(now)
