"""Reading the log: the lines of one record, and a page of all lines."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, select, tuple_

from app.audit import words
from app.audit.models import AuditEntry
from app.core.languages import LANGUAGES, NAMES
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


def line(entry: AuditEntry, names: Mapping[uuid.UUID, str] | None = None) -> Line:
    """An entry in words. ``names`` are what records are called whose ids stand in it."""
    return Line(
        id=entry.id,
        at=entry.at,
        who=entry.actor_name,
        on_behalf_of=entry.on_behalf_of,
        said=words.action(entry.action),
        note=words.note(entry.action, entry.note) if entry.note else entry.note,
        changes=tuple(_changes(entry, names or {})),
        kind=words.kind(entry.object_kind),
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        action=entry.action,
    )


def _changes(entry: AuditEntry, names: Mapping[uuid.UUID, str]) -> Iterator[Change]:
    """Field by field; of texts, each language that changed by itself."""
    for field, (before, after) in entry.changes.items():
        label = words.field(field, entry.object_kind)
        if _are_texts(before) and _are_texts(after):
            former, latter = before or {}, after or {}
            for code in (c for c in LANGUAGES if former.get(c) != latter.get(c)):
                yield Change(f"{label} ({NAMES[code]})", shown(former.get(code)), shown(latter.get(code)))
        else:
            yield Change(label, _said(entry.object_kind, field, before, names), _said(entry.object_kind, field, after, names))


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and set(value) <= set(LANGUAGES))


def _said(kind: str, field: str, value: Any, names: Mapping[uuid.UUID, str]) -> str:
    """A value of a field in words: what a record is called for its id, a label for a machine word."""
    if isinstance(value, list):
        return ", ".join(_said(kind, field, part, names) for part in value) or shown(None)
    if not isinstance(value, str):
        return shown(value)
    id_ = _id(value) if words.namer(field) is not None else None
    return names.get(id_, value) if id_ is not None else shown(words.value(kind, field, value))


def _id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def in_words(entries: Sequence[AuditEntry]) -> list[Line]:
    """These entries, with what the records are called whose ids stand in them: one statement for each sort of record."""
    asked: dict[words.Names, set[uuid.UUID]] = {}
    for entry in entries:
        for field, pair in entry.changes.items():
            known = words.namer(field)
            if known is not None:
                found = {_id(v) for value in pair for v in (value if isinstance(value, list) else [value])}
                asked.setdefault(known, set()).update(i for i in found if i is not None)
    names: dict[uuid.UUID, str] = {}
    for known, ids in asked.items():
        names.update(known(ids) if ids else {})
    return [line(entry, names) for entry in entries]


_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(\+00:00)?")


def shown(value: Any) -> str:
    """A stored value as people read it; texts per language as "en: …; fr: …", instants in UTC."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if isinstance(value, dict):
        return "; ".join(f"{k}: {shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(shown(v) for v in value)
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1]} {found[2]}{' UTC' if found[3] else ''}" if found else str(value)


def lines_about(kind: str, object_id: uuid.UUID, most: int = 50) -> list[Line]:
    """The newest lines of one record, newest first; for ``audit_lines`` of ``components/audit.html``."""
    query = _newest_first().where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id)
    return in_words(db.session.scalars(query.limit(most)).all())


def saved_since(kind: str, object_id: uuid.UUID, saves: int) -> list[Line]:
    """The newest so many changes of a record, newest first: what an editor who comes too late is told."""
    changed = _newest_first().where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id, AuditEntry.changes != {})
    return in_words(db.session.scalars(changed.limit(max(1, min(saves, 5)))).all())


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
    return (found for part in db.session.scalars(query).partitions() for found in in_words(part))


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
    found = in_words(db.session.scalars(query.limit(size + 1)).all())
    return page_of(found, size, lambda last: (last.at.isoformat(), last.id))


def _newest_first() -> Select[AuditEntry]:
    return select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
