"""Reading the log: the lines of one record, and a page of all lines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, tuple_

from app.audit import words
from app.audit.models import AuditEntry
from app.core.paging import Page, page_of
from app.extensions import db


@dataclass(frozen=True)
class Change:
    """One changed field: its label, before and after as text."""

    label: Any
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One line of the log, ready to print."""

    id: uuid.UUID
    at: datetime
    who: str  # "" is the platform itself
    on_behalf_of: str | None
    said: Any
    note: str | None
    changes: tuple[Change, ...]
    kind: Any
    object_kind: str
    object_id: uuid.UUID
    action: str


def line(entry: AuditEntry) -> Line:
    """An entry in words."""
    return Line(
        id=entry.id,
        at=entry.at,
        who=entry.actor_name,
        on_behalf_of=entry.on_behalf_of,
        said=words.action(entry.action),
        note=entry.note,
        changes=tuple(Change(words.field(k), shown(a), shown(b)) for k, (a, b) in entry.changes.items()),
        kind=words.kind(entry.object_kind),
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        action=entry.action,
    )


def shown(value: Any) -> str:
    """A stored value as people read it; texts per language as "en: …, fr: …"."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, dict):
        return "; ".join(f"{k}: {shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(shown(v) for v in value)
    return str(value)


def lines_about(kind: str, object_id: uuid.UUID, most: int = 50) -> list[Line]:
    """The newest lines of one record, newest first; for ``audit_lines`` of ``components/audit.html``."""
    query = _newest_first().where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id)
    return [line(entry) for entry in db.session.scalars(query.limit(most))]


def saved_since(kind: str, object_id: uuid.UUID, saves: int) -> list[Line]:
    """The newest so many changes of a record, newest first: what an editor who comes too late is told."""
    changed = _newest_first().where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id, AuditEntry.changes != {})
    return [line(entry) for entry in db.session.scalars(changed.limit(max(1, min(saves, 5))))]


def _listed(kind: str | None, actor_id: uuid.UUID | None, since: datetime | None, until: datetime | None) -> Select[AuditEntry]:
    query = _newest_first()
    if kind:
        query = query.where(AuditEntry.object_kind == kind)
    if actor_id:
        query = query.where(AuditEntry.actor_id == actor_id)
    if since:
        query = query.where(AuditEntry.at >= since)
    if until:
        query = query.where(AuditEntry.at < until)
    return query


def all_lines(
    *,
    kind: str | None = None,
    actor_id: uuid.UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Line]:
    """The log under these filters, newest first, a few hundred lines at a time."""
    query = _listed(kind, actor_id, since, until).execution_options(yield_per=500)
    return (line(entry) for entry in db.session.scalars(query))


def page(
    *,
    kind: str | None = None,
    actor_id: uuid.UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: tuple[datetime, uuid.UUID] | None = None,
    size: int = 50,
) -> Page[Line]:
    """One page of the whole log, newest first."""
    query = _listed(kind, actor_id, since, until)
    if after:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(*after))
    found = [line(entry) for entry in db.session.scalars(query.limit(size + 1))]
    return page_of(found, size, lambda last: (last.at.isoformat(), last.id))


def _newest_first() -> Select[AuditEntry]:
    return select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
