"""A plan from its starts: what it costs whom, its measures, and what would change an hour earlier or later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from app.exchanges.fair.places import Series, Session
from app.exchanges.fair.plan import Held, Line, Measures, Move, Plan, Proof, Seat
from app.exchanges.fair.settle import Clocks, Starts, sitting_of
from app.exchanges.fair.slots import Costs, candidates
from app.exchanges.fair.wall import local

MOVES = (-60, 60)
"""Minutes by which each sitting is tried earlier and later."""


class Teller:
    """Makes plans of starts, for one series."""

    def __init__(self, series: Series, costs: Costs, clocks: Clocks) -> None:
        self._series, self._costs, self._clocks = series, costs, clocks

    def plan(self, mode: str, chosen: Sequence[Starts], proof: Proof, cap: int | None = None) -> Plan:
        """The whole plan."""
        held = tuple(self._held(mode, session, at) for session, at in zip(self._series.sessions, chosen, strict=True))
        ledger = tuple(self._line(number, held) for number in range(len(self._series.places)))
        return Plan(mode, cap, held, ledger, self._measures(held, ledger), proof)

    def _weight(self, session: Session, key: str) -> int:
        return self._series.speaker_weight if key in session.speakers else 1

    def _held(self, mode: str, session: Session, at: Starts) -> Held:
        points, taken = sitting_of(self._costs, at, session.minutes)
        seats = tuple(
            Seat(place.key, cost, cost * self._weight(session, place.key), number, local(at[number], place.zone))
            for place, cost, number in zip(self._series.places, points, taken, strict=True)
        )
        coming = sum(
            place.people * self._series.attendance.percent(cost) for place, cost in zip(self._series.places, points, strict=True)
        )
        return Held(session.key, at, seats, self._moves(mode, session, at), coming / 100)

    def _moves(self, mode: str, session: Session, at: Starts) -> tuple[Move, ...]:
        step = self._series.two_step if mode == "two" else self._series.step
        allowed = set(candidates(self._series, session, step))
        now, _ = sitting_of(self._costs, at, session.minutes)
        found = []
        for number in range(len(at)):
            for minutes in MOVES:
                moved = tuple(sorted((*at[:number], at[number] + timedelta(minutes=minutes), *at[number + 1 :])))
                if not all(self._costs.holds(one, session.minutes) for one in moved):
                    continue
                then, _ = sitting_of(self._costs, moved, session.minutes)
                found.append(self._move(session, number, minutes, at[number] + timedelta(minutes=minutes) in allowed, now, then))
        return tuple(found)

    def _move(self, session: Session, sitting: int, minutes: int, allowed: bool, now: Sequence[int], then: Sequence[int]) -> Move:
        keys = [place.key for place in self._series.places]
        weights = [self._weight(session, key) for key in keys]
        change = sum(w * (b - a) for w, a, b in zip(weights, now, then, strict=True))
        spared = tuple(key for key, a, b in zip(keys, now, then, strict=True) if b < a)
        burdened = tuple(key for key, a, b in zip(keys, now, then, strict=True) if b > a)
        return Move(sitting, minutes, allowed, change, spared, burdened)

    def _line(self, number: int, held: Sequence[Held]) -> Line:
        seats = [one.seats[number] for one in held]
        nights = sum(seat.points >= self._series.scale.night for seat in seats)
        hours = len({(seat.local.hour, seat.local.minute) for seat in seats})
        place = self._series.places[number]
        return Line(place.key, place.carried, sum(seat.counted for seat in seats), nights, hours)

    def _measures(self, held: Sequence[Held], ledger: Sequence[Line]) -> Measures:
        series, night = self._series, self._series.scale.night
        late = [{seat.place for seat in one.seats if seat.points >= night} for one in held]
        sat = [(session, len(one.starts)) for session, one in zip(series.sessions, held, strict=True)]
        return Measures(
            worst=max(line.added for line in ledger),
            worst_carried=max(line.after for line in ledger),
            total=sum(line.added for line in ledger),
            gini=gini([line.added for line in ledger]),
            nights=sum(line.nights for line in ledger),
            seats=len(ledger) * len(held),
            hours=sum(line.hours for line in ledger),
            nights_in_a_row=sum(len(one & other) for one, other in pairwise(late)),
            expected=round(sum(one.expected for one in held), 2),
            invited=len(held) * sum(place.people for place in series.places),
            host_minutes=sum(session.hosts * session.minutes * count for session, count in sat),
            interpreter_minutes=sum(session.interpreters * session.minutes * count for session, count in sat),
        )


def gini(values: Sequence[int]) -> float:
    """0 when all carry the same, towards 1 when one carries all."""
    total, count = sum(values), len(values)
    if not total:
        return 0.0
    ranked = sum((2 * number - count - 1) * value for number, value in enumerate(sorted(values), 1))
    return round(ranked / (count * total), 4)
