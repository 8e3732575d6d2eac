"""One choice for each session: what it adds up to, which choices put somebody into two nights in a row, and a first good one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from app.exchanges.fair.places import Series
from app.exchanges.fair.slots import Option, Points

Picks = tuple[int, ...]
"""The number of the option taken, session by session."""


@dataclass(frozen=True)
class Table:
    """The options of each session, weighed for speakers; ``carried`` is what each place brings along."""

    options: tuple[tuple[Option, ...], ...]
    counted: tuple[tuple[Points, ...], ...]
    carried: Points
    night: int

    @cached_property
    def nights(self) -> tuple[tuple[frozenset[int], ...], ...]:
        """For each option the places for which it is at night or on a day off."""
        night = self.night
        return tuple(
            tuple(frozenset(p for p, points in enumerate(option.points) if points >= night) for option in options)
            for options in self.options
        )

    def loads(self, picks: Sequence[int]) -> list[int]:
        """What each place carries after this."""
        return [sum(column) for column in zip(self.carried, *(c[j] for c, j in zip(self.counted, picks, strict=True)), strict=True)]

    def in_a_row(self, picks: Sequence[int]) -> int:
        """How often a place has two nights one after the other."""
        taken = [nights[j] for nights, j in zip(self.nights, picks, strict=True)]
        return sum(len(one & other) for one, other in pairwise(taken))

    def key(self, picks: Sequence[int]) -> tuple[int, list[int]]:
        """Smaller is better: two nights in a row first, then the worst place, the second worst and so on."""
        return self.in_a_row(picks), sorted(self.loads(picks), reverse=True)


def table(series: Series, options: Sequence[tuple[Option, ...]]) -> Table:
    """The options with the points of speakers counted by their weight."""
    counted = []
    for session, found in zip(series.sessions, options, strict=True):
        weights = [series.speaker_weight if place.key in session.speakers else 1 for place in series.places]
        counted.append(tuple(tuple(w * p for w, p in zip(weights, one.points, strict=True)) for one in found))
    carried = tuple(place.carried for place in series.places)
    return Table(tuple(options), tuple(counted), carried, series.scale.night)


def first(held: Table, stop: Callable[[], bool] = lambda: False) -> Picks:
    """A good choice without the solver: session after session the best one, then each again until nothing gets better."""
    picks = [0] * len(held.options)
    for number in range(len(picks)):
        picks[number] = _best(held, picks, number, number + 1)
    better = True
    while better and not stop():
        better = False
        for number in range(len(picks)):
            found = _best(held, picks, number, len(picks))
            better |= found != picks[number]
            picks[number] = found
    return tuple(picks)


def _best(held: Table, picks: list[int], number: int, count: int) -> int:
    """The best option of one session while the others of the first so many stay; the present one when none is better."""
    part = Table(held.options[:count], held.counted[:count], held.carried, held.night)
    part.__dict__["nights"] = held.nights[:count]  # reckoned once for all
    now = picks[:count]
    tried = [(part.key([*now[:number], j, *now[number + 1 :]]), j != picks[number], j) for j in range(len(held.options[number]))]
    return min(tried)[2]
