"""The vocabulary, read once per process: grounds, the objectives they relate to, regions.

These rows change only with a load, which belongs to a start of the platform. So a process reads them once and keeps
them; ``forget`` drops what it keeps. An empty table is never kept: it means that nothing was loaded yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select

from app.core.db import Texts
from app.extensions import db
from app.topics.models import Ground, Objective, Region

Kept = TypeVar("Kept")
_kept: dict[str, Any] = {}


@dataclass(frozen=True)
class GroundFacts:
    """A ground of admission and stay."""

    code: str
    labels: Texts
    scope: Texts
    objectives: tuple[int, ...]


@dataclass(frozen=True)
class ObjectiveFacts:
    """An objective of the Global Compact for Migration: number, official English title, short labels."""

    number: int
    title: str
    labels: Texts


@dataclass(frozen=True)
class RegionFacts:
    """An M49 region and the one it lies in."""

    m49: str
    parent_m49: str | None
    names: Texts


def forget() -> None:
    """Drop what this process keeps; called after a load."""
    _kept.clear()


def _once(name: str, read: Callable[[], Mapping[Any, Kept]]) -> Mapping[Any, Kept]:
    if name not in _kept:
        found = read()
        if not found:
            return found
        _kept[name] = found
    kept: Mapping[Any, Kept] = _kept[name]
    return kept


def grounds() -> Mapping[str, GroundFacts]:
    """The grounds by code, in their order."""
    return _once("grounds", _read_grounds)


def _read_grounds() -> dict[str, GroundFacts]:
    rows = db.session.scalars(select(Ground).order_by(Ground.position))
    return {g.code: GroundFacts(g.code, g.labels, g.scope, tuple(g.objectives)) for g in rows}


def objectives() -> Mapping[int, ObjectiveFacts]:
    """The 23 objectives by number."""
    return _once("objectives", _read_objectives)


def _read_objectives() -> dict[int, ObjectiveFacts]:
    rows = db.session.scalars(select(Objective).order_by(Objective.number))
    return {o.number: ObjectiveFacts(o.number, o.title, o.labels) for o in rows}


def objectives_for(codes: Iterable[str]) -> list[ObjectiveFacts]:
    """The objectives that these grounds relate to, each once, by number. Unknown codes relate to none."""
    known = grounds()
    numbers = sorted({n for code in codes if code in known for n in known[code].objectives})
    every = objectives()
    return [every[n] for n in numbers if n in every]


def regions() -> Mapping[str, RegionFacts]:
    """The M49 regions by code."""
    return _once("regions", _read_regions)


def _read_regions() -> dict[str, RegionFacts]:
    rows = db.session.scalars(select(Region).order_by(Region.m49))
    return {r.m49: RegionFacts(r.m49, r.parent_m49, r.names) for r in rows}
