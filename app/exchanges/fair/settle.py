"""The last level: of all plans that are equally fair, one with few different local times for each place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from app.exchanges.fair.choice import Picks
from app.exchanges.fair.engine import Engine
from app.exchanges.fair.order import Model
from app.exchanges.fair.places import Series, Session
from app.exchanges.fair.slots import Costs, Option, Points
from app.exchanges.fair.wall import local

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Starts = tuple[datetime, ...]
Local = tuple[int, ...]
"""Minutes of the day at which each place begins."""
Variants = tuple[tuple[tuple[Local, Starts], ...], ...]
"""For each option of a session its different local times, each with the earliest starts that have them."""


def sitting_of(costs: Costs, starts: Starts, minutes: int) -> tuple[Points, Local]:
    """What each place pays and which sitting it takes: the one that costs less, the earlier of two equal ones."""
    each = [costs.of(start, minutes) for start in starts]
    taken = tuple(min(range(len(starts)), key=lambda n: (each[n][place], n)) for place in range(len(each[0])))
    return tuple(each[number][place] for place, number in enumerate(taken)), taken


class Clocks:
    """What local clocks show, remembered: the same starts come again in many options."""

    def __init__(self, series: Series, costs: Costs) -> None:
        self._series, self._costs = series, costs
        self._shown: dict[datetime, Local] = {}

    def at(self, start: datetime) -> Local:
        """The minute of the day in each place."""
        found = self._shown.get(start)
        if found is None:
            walls = [local(start, place.zone) for place in self._series.places]
            found = self._shown[start] = tuple(wall.hour * 60 + wall.minute for wall in walls)
        return found

    def of(self, starts: Starts, minutes: int) -> Local:
        """The minute of the day at which each place begins: that of the sitting it takes."""
        if len(starts) == 1:
            return self.at(starts[0])
        _, taken = sitting_of(self._costs, starts, minutes)
        shown = [self.at(start) for start in starts]
        return tuple(shown[number][place] for place, number in enumerate(taken))

    def variants(self, session: Session, options: Sequence[Option]) -> Variants:
        """The options of a session by their local times."""
        found = []
        for option in options:
            kinds: dict[Local, Starts] = {}
            for starts in option.starts:
                kinds.setdefault(self.of(starts, session.minutes), starts)
            found.append(tuple(kinds.items()))
        return tuple(found)


def greedy(variants: Sequence[Variants], picks: Picks) -> tuple[int, ...]:
    """For each session the variant that adds the fewest new local times."""
    seen: list[set[int]] = [set() for _ in variants[0][0][0][0]]
    found = []
    for options, pick in zip(variants, picks, strict=True):
        new = [sum(minute not in had for minute, had in zip(times, seen, strict=True)) for times, _ in options[pick]]
        best = new.index(min(new))
        found.append(best)
        for minute, had in zip(options[pick][best][0], seen, strict=True):
            had.add(minute)
    return tuple(found)


def settle(model: Model | None, variants: Sequence[Variants], picks: Picks, engine: Engine) -> tuple[Picks, list[Starts], bool]:
    """The starts of each session, and whether fewer local times are proven impossible; the model holds all levels above."""
    chosen = greedy(variants, picks)
    if model is None or engine.stopped or engine.left <= 0.02:
        return picks, _starts(variants, picks, chosen), False
    kinds = [[[model.model.new_bool_var("") for _ in one] for one in options] for options in variants]
    _tie(model, variants, kinds)
    flat = model.flat + [variable for options in kinds for one in options for variable in one]
    hint = model.hint(picks) + _hint(variants, picks, chosen)
    found = engine.run(model.model, flat, hint, engine.left)
    if found.values is None:
        return picks, _starts(variants, picks, chosen), False
    picks = model.picks(found.values[: len(model.flat)])
    return picks, _starts(variants, picks, _read(variants, picks, found.values[len(model.flat) :])), found.proven


def _tie(model: Model, variants: Sequence[Variants], kinds: list[list[list[cp_model.IntVar]]]) -> None:
    shown: dict[tuple[int, int], cp_model.IntVar] = {}
    for session, options in enumerate(variants):
        for number, one in enumerate(options):
            model.model.add(sum(kinds[session][number]) == model.taken[session][number])
            for (times, _), variable in zip(one, kinds[session][number], strict=True):
                for at in enumerate(times):
                    if at not in shown:
                        shown[at] = model.model.new_bool_var("")
                    model.model.add_implication(variable, shown[at])
    model.model.minimize(sum(shown.values()))


def _hint(variants: Sequence[Variants], picks: Picks, chosen: Sequence[int]) -> list[int]:
    return [
        int(number == pick and kind == best)
        for options, pick, best in zip(variants, picks, chosen, strict=True)
        for number, one in enumerate(options)
        for kind in range(len(one))
    ]


def _read(variants: Sequence[Variants], picks: Picks, values: Sequence[int]) -> list[int]:
    found, at = [], 0
    for options, pick in zip(variants, picks, strict=True):
        for number, one in enumerate(options):
            if number == pick:
                found.append(list(values[at : at + len(one)]).index(1))
            at += len(one)
    return found


def _starts(variants: Sequence[Variants], picks: Picks, chosen: Sequence[int]) -> list[Starts]:
    return [options[pick][best][1] for options, pick, best in zip(variants, picks, chosen, strict=True)]
