"""Write to the audit log; the caller's transaction carries the line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol

from flask import g, has_request_context, request

from app.audit.models import AuditEntry
from app.audit.queries import in_words
from app.extensions import db


class Actor(Protocol):
    """Whoever acts: a person's row, known here by id and name only."""

    @property
    def id(self) -> uuid.UUID:
        """The person's id."""

    @property
    def full_name(self) -> str:
        """The person's name as the log keeps it."""


def record(
    action: str,
    kind: str,
    object_id: uuid.UUID,
    *,
    by: Actor | None,
    now: datetime,
    changes: dict[str, tuple[Any, Any]] | None = None,
    note: str | None = None,
    on_behalf_of: str | None = None,
) -> AuditEntry:
    """Add one line: ``action`` as ``room.verb``, ``changes`` as field to (before, after). ``by`` None is the platform."""
    entry = AuditEntry(
        at=now,
        actor_id=by.id if by else None,
        actor_name=by.full_name if by else "",
        on_behalf_of=on_behalf_of,
        object_kind=kind,
        object_id=object_id,
        action=action,
        changes={k: [_plain(a), _plain(b)] for k, (a, b) in (changes or {}).items()},
        note=note,
        address=request.remote_addr if has_request_context() else None,
        request_id=g.get("request_id") if has_request_context() else None,
    )
    db.session.add(entry)
    return entry


def differences(row: object, fields: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Which of these fields would change on the row: field to (present, new)."""
    return {k: (getattr(row, k), v) for k, v in fields.items() if getattr(row, k) != v}


def two_versions(kind: str, changes: Mapping[str, tuple[Any, Any]]) -> list[tuple[Any, str, str]]:
    """What two editors of a record of this kind wrote, field by field, as the log would say it: label, theirs, yours."""
    plain = {name: [_plain(theirs), _plain(yours)] for name, (theirs, yours) in changes.items()}
    (said,) = in_words([AuditEntry(action="", actor_name="", object_kind=kind, changes=plain)])
    return [(change.label, change.before, change.after) for change in said.changes]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
