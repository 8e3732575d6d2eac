"""What other clock rules do to a session and to those who are invited. Pure: rules in, findings out; nothing is written here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.core import rulebook, zones
from app.core.rulebook import Book
from app.exchanges.models import Cause, Touch
from app.exchanges.queries.clocks import Told

NEAR = timedelta(hours=48)
"""Nearer than this nothing moves, and nobody is written to, before somebody has decided."""


class Begins(Protocol):
    """A session's start, as a row or as a few columns of it."""

    @property
    def zone(self) -> str:
        """The zone its wall time is in."""

    @property
    def local_start(self) -> datetime:
        """What clocks there show."""

    @property
    def fold(self) -> int:
        """Which of two."""

    @property
    def starts_at(self) -> datetime:
        """The moment as it stands."""


@dataclass(frozen=True)
class Look:
    """What became of a wall time: ``cause`` is None where it is the moment it was."""

    cause: Cause | None = None
    wall_at: datetime | None = None
    second_at: datetime | None = None


def look(row: Begins, before: Book | None) -> Look:
    """Hold a session's wall time against the present rules; ``before`` are those by which its start was worked out."""
    try:
        found = zones.to_instant(row.local_start, row.zone)
    except zones.UnknownZone:  # only the moment can be kept
        return Look(Cause.GAP)
    except zones.Gap as gap:
        return Look(Cause.GAP, zones.to_instant(gap.next_valid, row.zone, 0))
    except zones.Fold as fold:
        known = before.twice(row.local_start, row.zone) if before is not None else row.starts_at in (fold.first, fold.second)
        if not known:  # it happened once when it was chosen, so nobody said which of the two is meant
            return Look(Cause.FOLD, fold.first, fold.second)
        found = fold.second if row.fold else fold.first
    return Look(Cause.ANCHOR, found) if found != row.starts_at else Look()


def is_near(moments: Iterable[datetime | None], now: datetime) -> bool:
    """Is the start, or what it would become, so near that somebody has to decide?"""
    return any(moment is not None and moment - now <= NEAR for moment in moments)


@dataclass(frozen=True)
class Touched:
    """One person whose hour or whose calendar entry is not what it was."""

    invitation_id: uuid.UUID
    person_id: uuid.UUID
    zone: str
    touch: Touch
    was: datetime  # what their clocks were to show, without a zone
    becomes: datetime
    reachable: bool


def touched(people: Iterable[Told], base: str, was_at: datetime, becomes_at: datetime) -> list[Touched]:
    """Whom it reaches if the session, told for ``was_at``, begins at ``becomes_at``.

    ``base`` is the release by which the hour was told to those of whom no mail says by which. The hour of a zone that the
    former release did not know, or of a release nobody kept, is taken to have been what it is now.
    """
    known: dict[tuple[str, str], tuple[datetime, datetime] | None] = {}
    found = []
    for one in people:
        key = (one.rules or base, one.zone)
        if key not in known:
            known[key] = _hours(*key, base, was_at, becomes_at)
        hours = known[key]
        if hours is None:
            continue
        was, becomes = hours
        if was_at != becomes_at:
            touch = Touch.MOVED if was != becomes else Touch.SAME
        elif was != becomes:
            touch = Touch.OWN
        else:
            continue
        found.append(Touched(one.invitation_id, one.person_id, one.zone, touch, was, becomes, one.reachable))
    return found


def _hours(version: str, zone: str, base: str, was_at: datetime, becomes_at: datetime) -> tuple[datetime, datetime] | None:
    """What clocks in the zone were to show, and what they will."""
    present = rulebook.present()
    becomes = present.wall(becomes_at, zone)
    if becomes is None:
        return None
    book = rulebook.book(version) or rulebook.book(base)
    was = book.wall(was_at, zone) if book is not None else None
    return (was if was is not None else present.wall(was_at, zone) or becomes), becomes


def books_before(versions: Iterable[str]) -> list[Book]:
    """The rules of these releases that are older than the present ones, as far as they were kept."""
    own = rulebook.rank(zones.iana_version())
    found = (rulebook.book(version) for version in sorted(set(versions)) if rulebook.rank(version) < own)
    return [one for one in found if one is not None]


def other_hours(books: Iterable[Book], names: Iterable[str], moment: datetime) -> set[str]:
    """In which of these zones clocks show another hour at this moment than any of these releases said."""
    present, told = rulebook.present(), list(books)
    return {name for name in names if any(book.offset(moment, name) != present.offset(moment, name) for book in told)}


def differing(books: Iterable[Book]) -> frozenset[str]:
    """The zones whose rules are not what they are now in some of these releases."""
    present, none = rulebook.present(), frozenset[str]()
    return none.union(*(book.differs_from(present) for book in books))
