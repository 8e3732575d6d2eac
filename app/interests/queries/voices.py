"""What co-leads were asked and think of an expression of interest, as columns: lists that one statement can read beside others.

Everything about the one expression is read; ``asked`` then leaves out what this viewer may not read.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Uuid, bindparam, func, select
from sqlalchemy.orm import aliased

from app.accounts.access import Viewer
from app.accounts.models import Person
from app.accounts.visibility import may_see
from app.core.db import as_list
from app.extensions import db
from app.interests.models import Expression
from app.interests.opinion_models import LeftOut, Opinion, OpinionRecord, OpinionRequest, View, WithdrawnConflict

HERE: Any = bindparam("here", type_=Uuid)
"""The expression that is read."""


@dataclass(frozen=True, slots=True)
class Named:
    """A person by name."""

    full_name: str


def full_name(person: Any) -> Any:
    """The name people sign with, as a column."""
    return func.trim(person.given_name + " " + person.family_name)


def instant(text: str | None) -> Any:
    """An instant out of a list."""
    return datetime.fromisoformat(text) if text is not None else None


@dataclass(frozen=True, slots=True)
class Request:
    """The co-leads are asked, until the end of a day."""

    id: uuid.UUID
    asked_at: datetime
    due_on: date
    text: str
    visibility: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Voice:
    """One co-lead who was asked, and what they think at present."""

    id: uuid.UUID
    request: Request
    person_id: uuid.UUID
    person: Named
    sort_name: str
    view: View | None
    reason: str
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Former:
    """An opinion that was given once."""

    view: View
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Out:
    """A co-lead who is left out by their own declaration."""

    id: uuid.UUID
    person_id: uuid.UUID
    person: Named
    declared_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A declaration that was made in error."""

    id: uuid.UUID
    person_id: uuid.UUID
    person: Named
    withdrawn_by: uuid.UUID
    by: Named
    declared_at: datetime
    withdrawn_at: datetime
    declared_reason: str
    reason: str


@dataclass(frozen=True, slots=True)
class Voices:
    """All of it."""

    left_out: list[Out]  # in the order they declared it
    withdrawn: list[TakenBack]  # the oldest first
    requests: list[Request]  # the newest first
    opinions: dict[uuid.UUID, list[Voice]]  # of each request
    former: dict[uuid.UUID, list[Former]]  # of each opinion, the newest first


_BY = aliased(Person)
LISTS = (
    as_list(
        select(LeftOut).join(Person, Person.id == LeftOut.person_id).where(LeftOut.expression_id == HERE)
        .order_by(LeftOut.declared_at, LeftOut.id),
        LeftOut.id, LeftOut.person_id, full_name(Person), LeftOut.declared_at, LeftOut.reason,
    ),
    as_list(
        select(WithdrawnConflict).join(Person, Person.id == WithdrawnConflict.person_id)
        .join(_BY, _BY.id == WithdrawnConflict.withdrawn_by).where(WithdrawnConflict.expression_id == HERE)
        .order_by(WithdrawnConflict.withdrawn_at, WithdrawnConflict.id),
        WithdrawnConflict.id, WithdrawnConflict.person_id, full_name(Person), WithdrawnConflict.withdrawn_by, full_name(_BY),
        WithdrawnConflict.declared_at, WithdrawnConflict.withdrawn_at, WithdrawnConflict.declared_reason, WithdrawnConflict.reason,
    ),
    as_list(
        select(OpinionRequest).where(OpinionRequest.expression_id == HERE)
        .order_by(OpinionRequest.asked_at.desc(), OpinionRequest.id.desc()),
        OpinionRequest.id, OpinionRequest.asked_at, OpinionRequest.due_on, OpinionRequest.text, OpinionRequest.visibility,
        OpinionRequest.closed_at,
    ),
    as_list(
        select(Opinion).join(Person, Person.id == Opinion.person_id).join(OpinionRequest, OpinionRequest.id == Opinion.request_id)
        .where(OpinionRequest.expression_id == HERE),
        Opinion.id, Opinion.request_id, Opinion.person_id, full_name(Person), Person.sort_name, Opinion.view, Opinion.reason,
        Opinion.given_at,
    ),
    as_list(
        select(OpinionRecord).join(Opinion, Opinion.id == OpinionRecord.opinion_id)
        .join(OpinionRequest, OpinionRequest.id == Opinion.request_id).where(OpinionRequest.expression_id == HERE)
        .order_by(OpinionRecord.at.desc(), OpinionRecord.id.desc()),
        OpinionRecord.opinion_id, OpinionRecord.view, OpinionRecord.reason, OpinionRecord.at,
    ),
)  # fmt: skip
"""The lists of ``voices_from``, as columns of a statement that is given the expression's id as ``here``."""


def voices_from(lists: Sequence[Any]) -> Voices:
    """What was read by ``LISTS``."""
    out, withdrawn, requests, opinions, records = lists
    requested = [
        Request(uuid.UUID(id_), instant(at), date.fromisoformat(due), *rest, instant(closed))  # type: ignore[call-arg]
        for id_, at, due, *rest, closed in requests
    ]  # fmt: skip
    by_id = {one.id: one for one in requested}
    of: dict[uuid.UUID, list[Voice]] = {one.id: [] for one in requested}
    for id_, request_id, person_id, name, sort_name, view, reason, given in opinions:
        request = by_id[uuid.UUID(request_id)]
        said = View(view) if view else None
        of[request.id].append(
            Voice(uuid.UUID(id_), request, uuid.UUID(person_id), Named(name), sort_name, said, reason, instant(given))
        )
    former: dict[uuid.UUID, list[Former]] = {}
    for opinion_id, view, reason, at in records:
        former.setdefault(uuid.UUID(opinion_id), []).append(Former(View(view), reason, instant(at)))
    return Voices(
        [Out(uuid.UUID(id_), uuid.UUID(who), Named(name), instant(at), why) for id_, who, name, at, why in out],
        [
            TakenBack(uuid.UUID(id_), uuid.UUID(who), Named(name), uuid.UUID(by), Named(by_name), instant(at), instant(then), *rest)
            for id_, who, name, by, by_name, at, then, *rest in withdrawn
        ],
        requested,
        of,
        former,
    )


def voices_of(expression: Expression) -> Voices:
    """All that was asked, said and declared about an expression. One statement."""
    return voices_from(db.session.execute(_ALONE, {"here": expression.id}).one())


_ALONE = select(*LISTS)


@dataclass(frozen=True)
class Said:
    """One co-lead of a request as the page shows them."""

    opinion: Voice
    left_out: bool
    former: list[Former]  # what they thought before, newest first


@dataclass(frozen=True)
class Asked:
    """A request with what came of it, as far as this viewer may read it."""

    request: Request
    said: list[Said]
    may_read: bool

    @property
    def waiting(self) -> list[Said]:
        """Those who have not said anything, and could."""
        return [s for s in self.said if s.opinion.view is None and not s.left_out]


def asked(voices: Voices, viewer: Viewer) -> list[Asked]:
    """All requests, newest first. Who may not read the opinions reads their own alone."""
    out = {row.person_id for row in voices.left_out}
    me = viewer.person.id if viewer.person is not None else None
    found = []
    for request in voices.requests:
        may_read = viewer.in_office or (me not in out and may_see(viewer, request.visibility, None))
        mine = [o for o in voices.opinions[request.id] if may_read or (o.person_id == me and me not in out)]
        if may_read or mine:
            mine.sort(key=lambda o: (o.sort_name, o.id))
            said = [Said(o, o.person_id in out, voices.former.get(o.id, [])[1:]) for o in mine]
            found.append(Asked(request, said, may_read))
    return found
