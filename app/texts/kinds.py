"""Whose texts are watched: each room describes its kinds of records once, and the table in ``app/kinds.py`` names them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.core.db import Texts
from app.extensions import db

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Nobody can say until when it will be read."""


def _always(_row: Any) -> bool:
    return True


def _for_ever(_row: Any) -> datetime:
    return FOR_EVER


@dataclass(frozen=True)
class TextKind:
    """One kind of record with texts in several languages: where they stand, until when they are read, who edits them where."""

    name: str  # as the audit log and the links know it
    label: Any  # "Sessions"
    model: type[Any]
    fields: Mapping[str, Any]  # column to its label; the first one is what the record is called by
    endpoint: str  # the page of the form
    id_name: str  # how its address names the record
    permission: str  # who may change and review it
    more: Mapping[str, str] = field(default_factory=dict)  # what else the address names
    until: Callable[[Any], datetime] = _for_ever  # when nobody reads it any more
    counts: Callable[[Any], bool] = _always  # does it ask for translations at all?
    may_change: Callable[[Any], bool] = _always  # or do its texts stay as they are, and their reviews with them?
    watched: tuple[str, ...] = ()  # other columns that both depend on

    @property
    def title(self) -> str:
        """The column a record is called by."""
        return next(iter(self.fields))

    def texts(self, row: Any) -> dict[str, Texts]:
        """The texts of a record by field."""
        return {name: dict(getattr(row, name) or {}) for name in self.fields}

    def address(self, id_: uuid.UUID) -> dict[str, Any]:
        """What the address of its form is made of."""
        return {self.id_name: id_, **self.more}


_kinds: dict[str, TextKind] = {}


def register(kind: TextKind) -> None:
    """Watch the texts of these records from now on. Registering again changes nothing."""
    if kind.name not in _kinds:
        _kinds[kind.name] = kind
        from app.texts.indexing import listen

        listen(kind)


def known() -> dict[str, TextKind]:
    """Every kind, by its name."""
    return dict(_kinds)


def kind_of(row: Any) -> TextKind:
    """The kind of a record."""
    return next(kind for kind in _kinds.values() if type(row) is kind.model)


def load(name: str, id_: uuid.UUID) -> Any | None:
    """A record by kind and id, if there is one."""
    kind = _kinds.get(name)
    return db.session.get(kind.model, id_) if kind is not None else None
