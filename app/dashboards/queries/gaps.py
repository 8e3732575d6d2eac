"""The page of gaps: which texts lack, are out of date or unreviewed, those that are read soonest first. Three statements a page."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, literal, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import JSONB

from app.accounts.access import Viewer
from app.core.db import Texts
from app.core.languages import LANGUAGES
from app.core.paging import Page, page_of
from app.dashboards.queries import bounded
from app.extensions import db
from app.texts.kinds import TextKind, known
from app.texts.models import TextGap
from app.texts.states import State

STATES = (State.OUT_OF_DATE, State.MISSING, State.PARTIAL, State.DRAFT)
"""What can be wrong with a text, worst first."""
LETTERS = "letter"
"""The wording of letters among the kinds: it keeps revisions and reviews of its own, and is counted beside the list."""


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    language: str = ""
    kind: str = ""
    state: str = ""


@dataclass(frozen=True)
class Gap:
    """One record in one language."""

    kind: TextKind
    id: uuid.UUID
    language: str
    state: State
    source: str
    titles: Texts
    until: datetime


def kinds_of(viewer: Viewer) -> list[TextKind]:
    """The kinds whose texts this viewer writes."""
    return [kind for kind in known().values() if viewer.can(kind.permission)]  # type: ignore[arg-type]


def _open(viewer: Viewer, now: datetime, wanted: Filters) -> Select[Any]:
    """The gaps this viewer can close, of what somebody will still read."""
    query = select(TextGap).where(TextGap.until > now, TextGap.kind.in_([kind.name for kind in kinds_of(viewer)]))
    for column, value in ((TextGap.language, wanted.language), (TextGap.kind, wanted.kind), (TextGap.state, wanted.state)):
        if value:
            query = query.where(column == value)
    return query


def page(viewer: Viewer, now: datetime, wanted: Filters, after: list[Any] | None = None, size: int = 30) -> Page[Gap]:
    """One page of them, by key."""
    key = (TextGap.until, TextGap.kind, TextGap.object_id, TextGap.language)
    query = _open(viewer, now, wanted)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    found = db.session.scalars(query.order_by(*key).limit(size + 1)).all()
    cut = page_of(found, size, lambda gap: (gap.until.isoformat(), gap.kind, gap.object_id, gap.language))
    titles = _titles(cut.rows)
    rows = [
        Gap(
            known()[g.kind],
            g.object_id,
            g.language,
            State(g.state),
            g.source_language,
            titles.get((g.kind, g.object_id), {}),
            g.until,
        )
        for g in cut.rows
    ]
    return Page(rows, cut.after)


def every(viewer: Viewer, now: datetime, wanted: Filters) -> Iterator[Gap]:
    """All of them under these filters, a few hundred at a time."""
    after: list[Any] | None = None
    while True:
        found = page(viewer, now, wanted, after, size=500)
        yield from found.rows
        if found.after is None:
            return
        last = found.rows[-1]
        after = [last.until, last.kind.name, last.id, last.language]


def _titles(gaps: Iterable[TextGap]) -> dict[tuple[str, uuid.UUID], Texts]:
    """What the records are called, in one statement whatever their kinds."""
    ids: dict[str, set[uuid.UUID]] = {}
    for gap in gaps:
        ids.setdefault(gap.kind, set()).add(gap.object_id)
    parts = []
    for name, wanted in ids.items():
        model, title = known()[name].model, known()[name].title
        called = cast(getattr(model, title), JSONB).label("titles")
        parts.append(select(literal(name, Text).label("kind"), model.id.label("id"), called).where(model.id.in_(wanted)))
    if not parts:
        return {}
    return {(row.kind, row.id): row.titles or {} for row in db.session.execute(select(union_all(*parts).subquery()))}


def counts(viewer: Viewer, now: datetime) -> dict[str, int]:
    """How many gaps there are in each language, each bounded; one statement."""
    columns = [bounded(_open(viewer, now, Filters(language=language))).label(language) for language in LANGUAGES]
    return dict(db.session.execute(select(*columns)).one()._mapping)
