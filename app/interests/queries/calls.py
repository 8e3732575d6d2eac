"""Reading calls."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Integer, Select, and_, literal, or_, select, tuple_, union_all

from app.accounts.access import P, Viewer
from app.core.paging import Page, instant, key_of, page_of
from app.extensions import db
from app.interests.models import Call


def visible_to(viewer: Viewer) -> Select[Call]:
    """Every call for those who manage them, the published ones for everybody else."""
    query = select(Call)
    return query if viewer.can(P.MANAGE_CALLS) else query.where(Call.published)


def call_in_view(viewer: Viewer, call_id: uuid.UUID) -> Call | None:
    """This call, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Call.id == call_id))


class Phase(IntEnum):
    """Where the time of a call stands, in the order of the public list."""

    OPEN = 0
    TO_COME = 1
    CLOSED = 2


@dataclass(frozen=True)
class Listed:
    """A call on the public list, and where its time stands."""

    call: Call
    phase: Phase
    at: datetime  # its place: when it closes, or opens


def public_calls(now: datetime, after: str | None = None, size: int = 20) -> Page[Listed]:
    """One page of the public list in one statement: what is open and closes first, what opens first, what closed last.

    Each part is found by an index and cut before they are put together, so that years of closed calls cost nothing.
    """
    key = key_of(after, (_phase, instant, uuid.UUID))
    parts = [_of_phase(phase, now, key).limit(size + 1).subquery() for phase in Phase if key is None or phase >= key[0]]
    these = union_all(*(select(part) for part in parts)).subquery()
    rows = db.session.execute(select(Call, these.c.phase, these.c.at).join(these, these.c.id == Call.id))
    found = [Listed(call, Phase(phase), at) for call, phase, at in rows]
    found.sort(key=lambda one: (one.phase, (-1 if one.phase is Phase.CLOSED else 1) * one.at.timestamp(), one.call.id))
    return page_of(found, size, lambda one: (int(one.phase), one.at.isoformat(), one.call.id))


def _phase(text: str) -> Phase:
    return Phase(int(text))


def _of_phase(phase: Phase, now: datetime, key: list[Any] | None) -> Select[Any]:
    """The calls of one part in order; after the key where that stands among them."""
    at: Any = Call.opens_at if phase is Phase.TO_COME else Call.closes_at
    query = select(Call.id.label("id"), literal(int(phase), Integer).label("phase"), at.label("at")).where(Call.published)
    within = {
        Phase.OPEN: (Call.closes_at > now, Call.opens_at <= now),
        Phase.TO_COME: (Call.opens_at > now,),
        Phase.CLOSED: (Call.closes_at <= now,),
    }
    query = query.where(*within[phase])
    if key is not None and key[0] is phase:
        _of, before, last = key
        further = at < before if phase is Phase.CLOSED else at > before
        query = query.where(or_(further, and_(at == before, Call.id > last)))
    return query.order_by(at.desc() if phase is Phase.CLOSED else at, Call.id)


def all_calls(viewer: Viewer) -> Iterator[Call]:
    """Every call the viewer may see, newest first."""
    query = visible_to(viewer).order_by(Call.opens_at.desc(), Call.id.desc())
    return iter(db.session.scalars(query.execution_options(yield_per=200)))


def calls_page(viewer: Viewer, after: tuple[datetime, uuid.UUID] | None = None, size: int = 30) -> Page[Call]:
    """One page of all calls the viewer may see, newest first."""
    query = visible_to(viewer)
    if after is not None:
        query = query.where(tuple_(Call.opens_at, Call.id) < tuple_(*after))
    found = db.session.scalars(query.order_by(Call.opens_at.desc(), Call.id.desc()).limit(size + 1)).all()
    return page_of(found, size, lambda c: (c.opens_at.isoformat(), c.id))
