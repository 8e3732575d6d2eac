"""How records of each kind are called and shown. The house above registers; rooms below ask without importing upwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Text, literal

from app.core.db import Texts
from app.links.models import LinkType, Ref


@dataclass(frozen=True)
class Shown:
    """What a page needs to name a record and lead to it."""

    titles: Texts
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)
    note: Any = ""  # a word beside the title: its State, its date


Describer = Callable[[Collection[uuid.UUID], Any], dict[uuid.UUID, Shown]]
"""Ids and a viewer in, what this viewer may see of them out. It begins at ``visible_to``, in a fixed number of queries."""

Teller = Callable[[Ref], list[Select[Any]]]
"""Edges of a record that a room keeps among its own data and that are therefore not stored twice: statements with the
columns of ``edge_columns``, which the page reads together with the stored ones."""

_describers: dict[str, Describer] = {}
_tellers: list[Teller] = []


def register(kind: str, describer: Describer) -> None:
    """Say how records of this kind are shown."""
    _describers[kind] = describer


def register_teller(teller: Teller) -> None:
    """Let a room tell edges of its own. Telling it twice changes nothing."""
    if teller not in _tellers:
        _tellers.append(teller)


def known() -> frozenset[str]:
    """The kinds that can be shown."""
    return frozenset(_describers)


def tellers() -> tuple[Teller, ...]:
    """The rooms that tell edges; what is kept of their statements is kept for these."""
    return tuple(_tellers)


def told(ref: Ref) -> list[Select[Any]]:
    """The edges of a record that rooms keep among their own data."""
    return [edges for teller in _tellers for edges in teller(ref)]


def edge_columns(start: tuple[str, Any], type_: LinkType, end: tuple[str, Any], at: Any) -> tuple[Any, ...]:
    """The columns of an edge: kind and id at its start, what it says, kind and id at its end, and when it was made."""
    return (
        literal(start[0], Text).label("start_kind"), start[1].label("start_id"), literal(type_.value, Text).label("type"),
        literal(end[0], Text).label("end_kind"), end[1].label("end_id"), at.label("at"),
    )  # fmt: skip


def together(kinds: Iterable[str]) -> list[list[str]]:
    """These kinds, those that one function describes side by side: it is asked once for all of them."""
    found: dict[Describer | None, list[str]] = {}
    for kind in kinds:
        found.setdefault(_describers.get(kind), []).append(kind)
    return list(found.values())


def describe(kind: str, ids: Collection[uuid.UUID], viewer: Any) -> dict[uuid.UUID, Shown]:
    """How these records are shown to this viewer. Those the viewer may not see, or that are gone, are left out."""
    wanted = frozenset(ids)
    if not wanted or kind not in _describers:
        return {}
    return {key: shown for key, shown in _describers[kind](wanted, viewer).items() if key in wanted}
