"""The waiting list as arithmetic: who is next, by the rules of a session. No database, no clock.

A group is a State or organisation; those of none are one group without a quota. The n-th of a group who waits would have
the group's (taken + n)-th seat: by that number those of a State with fewer seats go first, and a quota closes.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

Group = uuid.UUID | None


class Waits(NamedTuple):
    """Somebody in line: when they came, and for which State or organisation."""

    since: datetime
    key: uuid.UUID
    group: Group


@dataclass(frozen=True)
class Terms:
    """By what a line is ordered: fairly or by time, delegations whole or not, what each group has and may have."""

    fair: bool = False
    whole: bool = False
    taken: Mapping[Group, int] = field(default_factory=dict)
    quota: int | None = None
    own: Mapping[Group, int] = field(default_factory=dict)  # quotas of groups for which the general one does not hold

    def left(self, group: Group) -> int | None:
        """How many more seats a group may have; ``None`` where nobody counts them."""
        if group is None or self.quota is None:
            return None
        return max(0, self.own.get(group, self.quota) - self.taken.get(group, 0))


class Place(NamedTuple):
    """A place in line. ``closed``: the State has all the seats it may have, so a free one is not for this person."""

    who: Waits
    closed: bool


def in_order(waiting: Iterable[Waits], terms: Terms) -> list[Place]:
    """Everybody in line, the next one first; those whose State has all its seats come last."""
    ranked: list[tuple[bool, int, datetime, uuid.UUID, Waits]] = []
    for group, members in _groups(waiting).items():
        left, taken, first = terms.left(group), terms.taken.get(group, 0), members[0]
        for number, one in enumerate(members):
            closed = left is not None and number >= left
            together = terms.whole and group is not None
            rank = (taken if together else taken + number) if terms.fair else 0
            since, key = (first.since, first.key) if together else (one.since, one.key)
            ranked.append((closed, rank, since, key, one))
    return [Place(row[4], row[0]) for row in sorted(ranked)]


def next_up(waiting: Iterable[Waits], terms: Terms, free: int) -> list[Waits]:
    """Those who get the free seats. A delegation that is kept together gets all it needs or none; who fits passes it."""
    lucky: list[Waits] = []
    for unit in _units([place.who for place in in_order(waiting, terms) if not place.closed], terms):
        if free <= 0:
            break
        if len(unit) <= free:
            lucky += unit
            free -= len(unit)
    return lucky


def _units(line: list[Waits], terms: Terms) -> list[list[Waits]]:
    """The line in pieces that get their seats together."""
    units: list[list[Waits]] = []
    for one in line:
        if terms.whole and one.group is not None and units and units[-1][0].group == one.group:
            units[-1].append(one)
        else:
            units.append([one])
    return units


def _groups(waiting: Iterable[Waits]) -> dict[Group, list[Waits]]:
    groups: dict[Group, list[Waits]] = defaultdict(list)
    for one in sorted(waiting, key=lambda w: (w.since, w.key)):
        groups[one.group].append(one)
    return groups
