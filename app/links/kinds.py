"""How records of each kind are called and shown. The house above registers; rooms below ask without importing upwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.db import Texts
from app.links.models import Edge, Ref


@dataclass(frozen=True)
class Shown:
    """What a page needs to name a record and lead to it."""

    titles: Texts
    endpoint: str
    values: Mapping[str, Any] = field(default_factory=dict)
    note: Any = ""  # a word beside the title: its State, its date


Describer = Callable[[Collection[uuid.UUID], Any], dict[uuid.UUID, Shown]]
"""Ids and a viewer in, what this viewer may see of them out. It begins at ``visible_to``, in a fixed number of queries."""

Teller = Callable[[Ref], list[Edge]]
"""Edges of a record that a room keeps among its own data and that are therefore not stored twice."""

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


def told(ref: Ref) -> list[Edge]:
    """The edges of a record that rooms keep among their own data."""
    return [edge for teller in _tellers for edge in teller(ref)]


def describe(kind: str, ids: Collection[uuid.UUID], viewer: Any) -> dict[uuid.UUID, Shown]:
    """How these records are shown to this viewer. Those the viewer may not see, or that are gone, are left out."""
    wanted = frozenset(ids)
    if not wanted or kind not in _describers:
        return {}
    return {key: shown for key, shown in _describers[kind](wanted, viewer).items() if key in wanted}
