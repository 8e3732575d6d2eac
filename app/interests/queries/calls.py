"""Reading calls."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, select, tuple_

from app.accounts.access import P, Viewer
from app.core.paging import Page, page_of
from app.extensions import db
from app.interests.models import Call


def visible_to(viewer: Viewer) -> Select[Call]:
    """Every call for those who manage them, the published ones for everybody else."""
    query = select(Call)
    return query if viewer.can(P.MANAGE_CALLS) else query.where(Call.published)


def call_in_view(viewer: Viewer, call_id: uuid.UUID) -> Call | None:
    """This call, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Call.id == call_id))


def calls_open_to_all(now: datetime, most: int = 50) -> tuple[list[Call], list[Call], list[Call]]:
    """The public list in one statement: open, to come, closed (newest first)."""
    query = select(Call).where(Call.published).order_by(Call.closes_at.desc(), Call.id).limit(most)
    found = list(db.session.scalars(query))
    is_open = sorted((c for c in found if c.is_open(now)), key=lambda c: c.closes_at)
    to_come = sorted((c for c in found if c.opens_at > now), key=lambda c: c.opens_at)
    return is_open, to_come, [c for c in found if c.is_closed(now)]


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
