"""The heat map: for each half hour, how many States can come, can if needed, cannot; and three suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.exchanges.fair.places import Busy, Hours, Place
from app.exchanges.fair.scale import Scale


@dataclass(frozen=True)
class Someone:
    """A person who would come: for which State, in which zone, and when never."""

    place: str
    zone: str
    hours: tuple[Hours, ...] = ()
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One half hour at which a session could begin."""

    start: datetime
    can: int
    if_needed: int
    cannot: int
    """States: the three add up to all of them. A State can come when one of its people can, or, with no people known, its office can."""
    people_can: int
    people_if_needed: int
    points: int
    """What the hour costs all States together."""
    shade: int
    """0 to 5: strongest only when all can come."""


@dataclass(frozen=True)
class Cost:
    """What a start costs one State, what it carries then, and how it can come: ``can``, ``if_needed``, ``cannot``."""

    place: str
    points: int
    after: int
    level: str
    local_start: datetime
    local_end: datetime


@dataclass(frozen=True)
class Suggestion:
    """A start and why it is suggested: ``most``, ``balanced``, ``fairest``."""

    kind: str
    cell: Cell
    costs: tuple[Cost, ...]
    worst_after: int
    """The most that any State carries when this is taken."""


@dataclass(frozen=True)
class Heat:
    """The cells in order of time, and what is suggested of them."""

    cells: tuple[Cell, ...]
    suggestions: tuple[Suggestion, ...]


def heat(
    places: Sequence[Place], people: Sequence[Someone], *, first: date, days: int, minutes: int, scale: Scale, step: int = 30
) -> Heat:
    """The map of so many days from the first, in UTC."""
    raise NotImplementedError


def meaning(places: Sequence[Place], people: Sequence[Someone], *, start: datetime, minutes: int, scale: Scale) -> tuple[Cost, ...]:
    """What a chosen time means in each place, in the order given."""
    raise NotImplementedError
