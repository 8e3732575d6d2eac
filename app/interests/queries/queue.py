"""The secretariat's queue: filtered, newest first, paged by key, never counted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, Row, Select, Uuid, bindparam, func, select, tuple_
from sqlalchemy.orm import load_only, selectinload

from app.accounts.access import P, Viewer
from app.accounts.models import Person, Role, RoleGrant
from app.core.db import Texts, UtcDateTime, as_list
from app.core.paging import Page, page_of
from app.core.text import fold
from app.extensions import db
from app.interests.models import WITH_THE_SECRETARIAT, Call, Expression, Source, Status
from app.interests.queries.expressions import visible_to

SIZE = 25
MOST_WORDS = 6
CALLS = 40
"""How many calls the filter offers, the newest first; each call's page leads to its own expressions."""


@dataclass(frozen=True)
class Filters:
    """What the queue is narrowed to. ``status`` None keeps what waits for a decision."""

    status: Status | None = None
    every_status: bool = False
    call_id: uuid.UUID | None = None
    state_id: uuid.UUID | None = None
    ground: str = ""
    assignee_id: uuid.UUID | None = None
    nobody: bool = False
    source: Source | None = None
    words: str = ""


_SHOWN = (
    Expression.id, Expression.reference, Expression.call_id, Expression.status, Expression.source, Expression.state_id,
    Expression.organisation_name, Expression.submitted_at, Expression.email_confirmed_at, Expression.entered_by,
    Expression.endorsement, Person.given_name, Person.family_name,
)  # fmt: skip


# What each filter asks, with a name for its value. The statement is put together once for each set of filters.
_NARROWED = {
    "waiting": Expression.status.in_(WITH_THE_SECRETARIAT),
    "status": Expression.status == bindparam("status"),
    "call_id": Expression.call_id == bindparam("call_id"),
    "state_id": Expression.state_id == bindparam("state_id"),
    "grounds": Expression.grounds.contains(bindparam("grounds")),
    "assignee_id": Expression.assignee_id == bindparam("assignee_id"),
    "nobody": Expression.assignee_id.is_(None),
    "source": Expression.source == bindparam("source"),
    "after": tuple_(Expression.submitted_at, Expression.id) < tuple_(
        bindparam("after_at", type_=UtcDateTime()), bindparam("after_id", type_=Uuid)
    ),
    **{f"word{n}": Expression.search.like(bindparam(f"word{n}"), escape="/") for n in range(MOST_WORDS)},
}  # fmt: skip
_SEES_ALL = Viewer(roles=frozenset({Role.SECRETARIAT}))


def queue_page(
    viewer: Viewer, wanted: Filters, after: tuple[datetime, uuid.UUID] | None = None, size: int = SIZE
) -> Page[Row[Any]]:
    """One page in one statement: what its table shows, the assignee by name, and no whole records."""
    values = _values(wanted, after)
    narrowed = tuple(name for name in _NARROWED if name in values)
    query = _for_all(narrowed) if viewer.can(P.SEE_EXPRESSIONS) else _narrow(visible_to(viewer), narrowed)
    found = db.session.execute(query, {**values, "most": size + 1}).all()
    return page_of(found, size, _key)


def whole_queue(viewer: Viewer, wanted: Filters) -> Iterator[Expression]:
    """Every expression the queue shows under these filters, as whole records, a few hundred at a time."""
    values = _values(wanted, None)
    query = visible_to(viewer).where(*(_NARROWED[name] for name in _NARROWED if name in values))
    query = query.options(selectinload(Expression.call), selectinload(Expression.state), selectinload(Expression.assignee))
    query = query.order_by(Expression.submitted_at.desc(), Expression.id.desc())
    return iter(db.session.scalars(query.execution_options(yield_per=200), values))


def _values(wanted: Filters, after: tuple[datetime, uuid.UUID] | None) -> dict[str, Any]:
    """The filters that are in use, with their values."""
    values: dict[str, Any] = {
        "waiting": wanted.status is None and not wanted.every_status, "status": wanted.status, "call_id": wanted.call_id,
        "state_id": wanted.state_id, "grounds": [wanted.ground] if wanted.ground else None, "assignee_id": wanted.assignee_id,
        "nobody": wanted.nobody, "source": wanted.source,
    }  # fmt: skip
    if after is not None:
        values |= {"after": True, "after_at": after[0], "after_id": after[1]}
    for number, word in enumerate(fold(wanted.words).split()[:MOST_WORDS]):
        values[f"word{number}"] = "%" + re.sub(r"[%_/]", r"/\g<0>", word) + "%"
    return {name: value for name, value in values.items() if value}


def _narrow(visible: Select[Any], names: tuple[str, ...]) -> Select[Any]:
    query: Any = visible.outerjoin(Person, Person.id == Expression.assignee_id).with_only_columns(*_SHOWN)
    query = query.where(*(_NARROWED[name] for name in names))
    shown: Select[Any] = query.order_by(Expression.submitted_at.desc(), Expression.id.desc()).limit(
        bindparam("most", type_=Integer)
    )
    return shown


@lru_cache(maxsize=64)
def _for_all(names: tuple[str, ...]) -> Select[Any]:
    return _narrow(visible_to(_SEES_ALL), names)


def _key(row: Row[Any]) -> tuple[str, uuid.UUID]:
    return (row.submitted_at.isoformat() if row.submitted_at else "", row.id)


_GRANTED = select(RoleGrant.person_id).where(
    RoleGrant.role.in_((Role.SECRETARIAT, Role.ADMINISTRATOR)), RoleGrant.ended_at.is_(None)
)
STAFF = (
    select(Person)
    .options(load_only(Person.given_name, Person.family_name))
    .where(Person.id.in_(_GRANTED), Person.active)
    .order_by(Person.sort_name, Person.id)
)
_CALLS = select(Call.id, Call.titles).order_by(Call.opens_at.desc(), Call.id.desc()).limit(100)


def call_choices() -> dict[uuid.UUID, Texts]:
    """The titles of the hundred newest calls, for the form on behalf."""
    return {row.id: row.titles for row in db.session.execute(_CALLS)}


def staff() -> list[Person]:
    """Who can be given an expression: the people of the secretariat, by name."""
    return list(db.session.scalars(STAFF))


@dataclass(frozen=True)
class Choices:
    """What the queue's filters offer."""

    calls: dict[uuid.UUID, Texts]
    staff: list[tuple[str, str]]  # id and full name
    also: dict[uuid.UUID, Texts]  # calls that were asked for by id
    goes_on: bool  # there are older calls


_CHOICES = select(
    as_list(_CALLS.with_only_columns(Call.id, Call.titles).limit(CALLS + 1), Call.id, Call.titles),
    as_list(STAFF, Person.id, func.trim(Person.given_name + " " + Person.family_name)),
    as_list(select(Call).where(Call.id.in_(bindparam("also", expanding=True))), Call.id, Call.titles),
)


def choices(also: Collection[uuid.UUID] = ()) -> Choices:
    """The newest calls and the people of the secretariat; ``also`` these calls, by title. One statement."""
    newest, people, named = db.session.execute(_CHOICES, {"also": list(also)}).one()
    offered = {uuid.UUID(i): titles for i, titles in newest[:CALLS]}
    return Choices(offered, [(i, name) for i, name in people], {uuid.UUID(i): titles for i, titles in named}, len(newest) > CALLS)
