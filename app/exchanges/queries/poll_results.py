"""What a poll came to: counted by State or organisation, so that two colleagues of one State are not two votes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.accounts.models import Organisation
from app.exchanges.models import Poll, PollAsked, PollSlot, Vote
from app.exchanges.queries.polls import asked_of

FEWEST = 3
"""With fewer who are asked, a figure would name them: only the secretariat sees results then."""
_BEST = {Vote.YES: 0, Vote.IF_NEEDED: 1, Vote.NO: 2}


@dataclass
class Place:
    """A State or organisation that is asked; a person who stands for none is one by themselves."""

    organisation: Organisation | None
    asked: list[PollAsked] = field(default_factory=list)

    @property
    def is_state(self) -> bool:
        """Is it a State?"""
        return self.organisation is not None and self.organisation.is_state

    def vote(self, slot_id: uuid.UUID) -> Vote | None:
        """What the place says to a time: the best of what its people say, since one of them is enough."""
        said = [one.said[slot_id] for one in self.asked if slot_id in one.said]
        return min(said, key=_BEST.__getitem__) if said else None

    @property
    def comments(self) -> list[str]:
        """What its people wrote beside."""
        return [one.comment for one in self.asked if one.comment]


@dataclass(frozen=True)
class SlotResult:
    """One time and how many can come, could if needed, cannot, and have not answered."""

    slot: PollSlot
    yes: int
    if_needed: int
    no: int
    silent: int

    @property
    def can(self) -> int:
        """How many would be there."""
        return self.yes + self.if_needed

    def step(self, places: int) -> int:
        """How strong its colour is, 0 to 5; the strongest only where all can come without being asked twice."""
        if not places or not self.yes:
            return 0
        return 5 if self.yes == places else min(4, 1 + self.yes * 4 // places)


@dataclass(frozen=True)
class Results:
    """All of a poll."""

    slots: tuple[SlotResult, ...]
    places: tuple[Place, ...]
    best: frozenset[uuid.UUID]  # the times that suit most; none while nobody answered

    @property
    def states_only(self) -> bool:
        """Is everyone who is asked a State?"""
        return all(place.is_state for place in self.places)

    @property
    def answered(self) -> int:
        """How many places have answered."""
        return sum(1 for place in self.places if any(one.answered_at is not None for one in place.asked))

    @property
    def may_be_shown(self) -> bool:
        """Are there enough places that a figure names nobody?"""
        return len(self.places) >= FEWEST

    def said(self, slot: PollSlot, vote: Vote | None) -> list[Place]:
        """Which places say this to a time; ``None`` for those that have not answered."""
        return [place for place in self.places if place.vote(slot.id) == vote]


def places_of(rows: Sequence[PollAsked]) -> list[Place]:
    """Those who are asked, by State or organisation, in the order they were asked in."""
    found: dict[uuid.UUID, Place] = {}
    for row in rows:
        place = found.setdefault(row.organisation_id or row.id, Place(row.organisation))
        place.asked.append(row)
    return list(found.values())


def results(poll: Poll, now: datetime, rows: Sequence[PollAsked] | None = None) -> Results:
    """What the poll came to so far."""
    places = places_of(asked_of(poll) if rows is None else rows)
    counted = tuple(_counted(slot, places) for slot in poll.slots)
    to_come = [one for one in counted if one.slot.starts_at > now or not poll.is_open]
    top = max(((one.can, one.yes) for one in to_come), default=(0, 0))
    best = frozenset(one.slot.id for one in to_come if (one.can, one.yes) == top) if top[0] else frozenset()
    return Results(counted, tuple(places), best)


def _counted(slot: PollSlot, places: Sequence[Place]) -> SlotResult:
    said = [place.vote(slot.id) for place in places]
    return SlotResult(
        slot, yes=said.count(Vote.YES), if_needed=said.count(Vote.IF_NEEDED), no=said.count(Vote.NO), silent=said.count(None)
    )


Line = tuple[Place, PollSlot, Vote | None]


def lines(poll: Poll, now: datetime) -> list[Line]:
    """A line for each place and time, as a table takes them away."""
    found = results(poll, now)
    return [(place, one.slot, place.vote(one.slot.id)) for one in found.slots for place in found.places]
