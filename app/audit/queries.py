"""Reading the log: the lines of one record, and a page of all lines."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, select, tuple_

from app.audit import words
from app.audit.models import AuditEntry
from app.core.db import as_list
from app.core.languages import LANGUAGES, NAMES
from app.core.paging import Page, page_of
from app.extensions import db


class Change(NamedTuple):
    """One changed field: its label, before and after as text."""

    label: Any
    before: str
    after: str


class Line(NamedTuple):
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


def _line(entry: AuditEntry | Entry, names: Mapping[uuid.UUID, str], fields: _Fields) -> Line:
    """An entry in words. ``names`` are what records are called whose ids stand in it."""
    return Line(
        id=entry.id,
        at=entry.at,
        who=entry.actor_name,
        on_behalf_of=entry.on_behalf_of,
        said=words.action(entry.action),
        note=words.note(entry.action, entry.note) if entry.note else entry.note,
        changes=tuple(_changes(entry, names, fields)),
        kind=words.kind(entry.object_kind),
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        action=entry.action,
    )


def _in_the_page(sentence: Any) -> Any:
    """A lazy sentence of ours as the safe text it is, looked up once; other words as they are."""
    return sentence if isinstance(sentence, str) else Markup(sentence)  # noqa: S704 - our own sentences


class _Field:
    """A field of a kind of record: its label, what its machine words mean, and whether ids stand in it. Found once for a list."""

    def __init__(self, name: str, kind: str) -> None:
        self.label = _in_the_page(words.field(name, kind))
        self.means = words.meanings(kind, name)
        self.named = words.namer(name) is not None

    def said(self, value: Any, names: Mapping[uuid.UUID, str]) -> str:
        """A value in words: what a record is called for its id, a label for a machine word."""
        if isinstance(value, list):
            return ", ".join(self.said(part, names) for part in value) or shown(None)
        if not isinstance(value, str):
            return shown(value)
        id_ = _id(value) if self.named else None
        return names.get(id_, value) if id_ is not None else shown(self.means.get(value, value))


_Fields = dict[tuple[str, str], _Field]


def _changes(entry: AuditEntry | Entry, names: Mapping[uuid.UUID, str], fields: _Fields) -> Iterator[Change]:
    """Field by field; of texts, each language that changed by itself."""
    for name, (before, after) in entry.changes.items():
        key = (entry.object_kind, name)
        field = fields.get(key)
        if field is None:
            field = fields[key] = _Field(name, entry.object_kind)
        if _are_texts(before) and _are_texts(after):
            former, latter = before or {}, after or {}
            for code in (c for c in LANGUAGES if former.get(c) != latter.get(c)):
                yield Change(f"{field.label} ({NAMES[code]})", shown(former.get(code)), shown(latter.get(code)))
        else:
            yield Change(field.label, field.said(before, names), field.said(after, names))


_LANGUAGES = frozenset(LANGUAGES)


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and value.keys() <= _LANGUAGES)


def _id(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def in_words(entries: Sequence[AuditEntry | Entry]) -> list[Line]:
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
    fields: _Fields = {}
    return [_line(entry, names, fields) for entry in entries]


_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(\+00:00)?")


def shown(value: Any) -> str:
    """A stored value as people read it; texts per language as "en: …; fr: …", instants in UTC."""
    if type(value) is str and value and not value[0].isdigit():  # most of them; no instant begins so
        return value
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


_MOST = 50
_TOLD = (
    AuditEntry.id, AuditEntry.at, AuditEntry.actor_name, AuditEntry.on_behalf_of, AuditEntry.action, AuditEntry.changes,
    AuditEntry.note,
)  # fmt: skip


class Entry(NamedTuple):
    """Of an entry what its line says."""

    id: uuid.UUID
    at: datetime
    actor_name: str
    on_behalf_of: str | None
    action: str
    changes: Mapping[str, Any]
    note: str | None
    object_kind: str
    object_id: uuid.UUID


def lines_about(kind: str, object_id: uuid.UUID) -> list[Line]:
    """The newest lines of one record, newest first; for ``audit_lines`` of ``components/audit.html``."""
    query = _about(kind, object_id).with_only_columns(*_TOLD)
    return in_words([Entry(*row, kind, object_id) for row in db.session.execute(query)])


def log_of(kind: str, object_id: Any) -> ColumnElement[Any]:
    """The same entries as one value of a statement that reads more of the record's page; ``lines_of`` makes lines of it."""
    return as_list(_about(kind, object_id), *_TOLD)


def lines_of(kind: str, object_id: uuid.UUID, log: Sequence[Sequence[Any]]) -> list[Line]:
    """The lines of ``log_of``."""
    return in_words(
        [
            Entry(uuid.UUID(id_), datetime.fromisoformat(at), *rest, kind, object_id)  # type: ignore[call-arg]
            for id_, at, *rest in log
        ]
    )  # fmt: skip


def _about(kind: str, object_id: Any) -> Select[Any]:
    return _newest_first().where(AuditEntry.object_kind == kind, AuditEntry.object_id == object_id).limit(_MOST)


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
