"""The secretariat's queue: filtered, newest first, paged by key, never counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import load_only

from app.accounts.access import Viewer
from app.accounts.models import Person, Role, RoleGrant
from app.core.db import Texts
from app.core.paging import Page, page_of
from app.core.text import fold
from app.extensions import db
from app.interests.models import WITH_THE_SECRETARIAT, Call, Expression, Source, Status
from app.interests.queries.expressions import visible_to

SIZE = 25


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


def queue_page(
    viewer: Viewer, wanted: Filters, after: tuple[datetime, uuid.UUID] | None = None, size: int = SIZE
) -> Page[Row[Any]]:
    """One page in one statement: what its table shows, the assignee by name, and no whole records."""
    query = visible_to(viewer).outerjoin(Person, Person.id == Expression.assignee_id).with_only_columns(*_SHOWN)
    if wanted.status is not None:
        query = query.where(Expression.status == wanted.status)
    elif not wanted.every_status:
        query = query.where(Expression.status.in_(WITH_THE_SECRETARIAT))
    if wanted.call_id is not None:
        query = query.where(Expression.call_id == wanted.call_id)
    if wanted.state_id is not None:
        query = query.where(Expression.state_id == wanted.state_id)
    if wanted.ground:
        query = query.where(Expression.grounds.contains([wanted.ground]))
    if wanted.assignee_id is not None:
        query = query.where(Expression.assignee_id == wanted.assignee_id)
    if wanted.nobody:
        query = query.where(Expression.assignee_id.is_(None))
    if wanted.source is not None:
        query = query.where(Expression.source == wanted.source)
    for word in fold(wanted.words).split()[:6]:
        query = query.where(Expression.search.contains(word, autoescape=True))
    if after is not None:
        query = query.where(tuple_(Expression.submitted_at, Expression.id) < tuple_(*after))
    query = query.order_by(Expression.submitted_at.desc(), Expression.id.desc()).limit(size + 1)
    found = cast("Sequence[Row[Any]]", db.session.execute(query).all())
    return page_of(found, size, _key)


def _key(row: Row[Any]) -> tuple[str, uuid.UUID]:
    return (row.submitted_at.isoformat() if row.submitted_at else "", row.id)


_CALLS = select(Call.id, Call.titles).order_by(Call.opens_at.desc(), Call.id).limit(100)
_GRANTED = select(RoleGrant.person_id).where(
    RoleGrant.role.in_((Role.SECRETARIAT, Role.ADMINISTRATOR)), RoleGrant.ended_at.is_(None)
)
_STAFF = (
    select(Person)
    .options(load_only(Person.given_name, Person.family_name))
    .where(Person.id.in_(_GRANTED), Person.active)
    .order_by(Person.sort_name, Person.id)
)


def call_choices() -> dict[uuid.UUID, Texts]:
    """The titles of the hundred newest calls, for the queue's filter and the form on behalf."""
    return {row.id: row.titles for row in db.session.execute(_CALLS)}


def staff() -> list[Person]:
    """Who can be given an expression: the people of the secretariat, by name."""
    return list(db.session.scalars(_STAFF))
