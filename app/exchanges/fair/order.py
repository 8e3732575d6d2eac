"""The order of what is fair, solved level by level: the worst place, the second worst and so on, the total, the local hours.

How many places carry at least ``v`` points is made as small as can be for the highest ``v``, then for the next lower one: this
is the worst, then the second worst … Values that no place has are skipped: their count is that of the value above.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.exchanges.fair.choice import Picks, Table
from app.exchanges.fair.engine import Engine, Found

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Told = Callable[[str, Picks, int], None]
"""Called after each stage with its name, the best choice so far and the bound of the worst."""


@dataclass(frozen=True)
class Solved:
    """The best choice found, and what is proven of it."""

    picks: Picks
    bound: int
    worst_proven: bool
    places_proven: int
    total_bound: int
    in_a_row: int


class Model:
    """Which option each session takes, and what places then carry."""

    def __init__(self, table: Table, rows: int | None = None) -> None:
        from ortools.sat.python import cp_model as cp

        self.table = table
        self.model = cp.CpModel()
        self.taken = [[self.model.new_bool_var("") for _ in options] for options in table.options]
        for one in self.taken:
            self.model.add_exactly_one(one)
        self.flat = [variable for one in self.taken for variable in one]
        self.loads = [self._load(number) for number in range(len(table.carried))]
        self._keep_apart(rows)

    def _load(self, place: int) -> cp_model.IntVar:
        terms = [
            (variable, points[place])
            for one, counted in zip(self.taken, self.table.counted, strict=True)
            for variable, points in zip(one, counted, strict=True)
        ]
        most = sum(max(points[place] for points in counted) for counted in self.table.counted)
        least = sum(min(points[place] for points in counted) for counted in self.table.counted)
        carried = self.table.carried[place]
        load = self.model.new_int_var(carried + least, carried + most, "")
        self.model.add(load == carried + sum(variable * points for variable, points in terms if points))
        return load

    def _keep_apart(self, rows: int | None) -> None:
        """No place has two nights in a row; with ``rows`` given that often in all."""
        self.rows: list[cp_model.IntVar] = []
        for number in range(len(self.taken) - 1):
            for place in range(len(self.loads)):
                both = [self._at_night(number, place), self._at_night(number + 1, place)]
                if not all(both):
                    continue
                if rows is None:
                    self.model.add_at_most_one(both[0] + both[1])
                else:
                    broken = self.model.new_bool_var("")
                    self.model.add(sum(both[0]) + sum(both[1]) <= 1 + broken)
                    self.rows.append(broken)
        if rows is not None and rows >= 0:
            self.model.add(sum(self.rows) <= rows)

    def _at_night(self, number: int, place: int) -> list[cp_model.IntVar]:
        nights = self.table.nights[number]
        return [variable for variable, at in zip(self.taken[number], nights, strict=True) if place in at]

    def hint(self, picks: Picks) -> list[int]:
        """A choice as values of the variables."""
        return [int(j == pick) for one, pick in zip(self.taken, picks, strict=True) for j in range(len(one))]

    def picks(self, values: tuple[int, ...]) -> Picks:
        """The values of the variables as a choice."""
        found, at = [], 0
        for one in self.taken:
            found.append(values[at : at + len(one)].index(1))
            at += len(one)
        return tuple(found)

    def run(self, engine: Engine, picks: Picks, limit: float) -> Found:
        """Solve, beginning at this choice."""
        return engine.run(self.model, self.flat, self.hint(picks), limit)


class Fairest:
    """The search through all levels of one mode."""

    def __init__(self, table: Table, start: Picks, engine: Engine, told: Told) -> None:
        self._table = table
        self._engine = engine
        self._told = told
        self._share = engine.left
        self.best = start
        self.rows = table.in_a_row(start)
        self.bound = 0
        self.worst_proven = False
        self.places_proven = 0
        self.model: Model | None = None
        """With all that was settled, for the last level."""
        self._total_bound = 0

    def solve(self) -> Solved:
        """As far as the time goes."""
        model = self.model = self._worst()
        if model is not None:
            self._counts(model)
            self._least_total(model)
        loads = self._table.loads(self.best)
        total = sum(loads) if self.places_proven == len(loads) else self._total_bound
        return Solved(self.best, self.bound, self.worst_proven, self.places_proven, total, self.rows)

    def _take(self, model: Model, found: Found) -> None:
        if found.values is not None:
            self.best = model.picks(found.values)
            self.rows = self._table.in_a_row(self.best)

    def _worst(self) -> Model | None:
        """The least burden of the worst place, with no two nights in a row if that can be; nothing when time ended."""
        model = Model(self._table)
        found = self._minimise_worst(model, 0.5)
        if found.values is None and found.proven:
            model, found = self._fewest_rows()
        if found.values is None:
            return None
        self._take(model, found)
        self.bound, self.worst_proven = found.bound, found.proven
        self._told("worst", self.best, self.bound)
        model.model.add(self._highest <= found.objective)
        return model

    def _minimise_worst(self, model: Model, share: float) -> Found:
        top = sum(max(max(points) for points in counted) for counted in self._table.counted) + max(self._table.carried)
        self._highest = model.model.new_int_var(0, top, "")
        for load in model.loads:
            model.model.add(load <= self._highest)
        model.model.minimize(self._highest)
        return model.run(self._engine, self.best, self._share * share)

    def _fewest_rows(self) -> tuple[Model, Found]:
        """Two nights in a row cannot be kept from all: from as many as can be."""
        model = Model(self._table, rows=-1)
        model.model.minimize(sum(model.rows))
        found = model.run(self._engine, self.best, self._share * 0.2)
        self._take(model, found)
        self._told("rows", self.best, self.bound)
        model = Model(self._table, rows=self.rows)
        return model, self._minimise_worst(model, 0.4)

    def _counts(self, model: Model) -> None:
        """Level by level, until one is not proven in its time."""
        value = max(self._table.loads(self.best))
        places = len(model.loads)
        while self.worst_proven and not self._engine.stopped and self._engine.left > 0.02:
            over = [model.model.new_bool_var("") for _ in model.loads]
            for load, flag in zip(model.loads, over, strict=True):
                model.model.add(load <= value - 1).only_enforce_if(flag.negated())
            model.model.minimize(sum(over))
            found = model.run(self._engine, self.best, self._share * 0.35)
            self._take(model, found)
            count = sum(load >= value for load in self._table.loads(self.best))
            model.model.add(sum(over) <= count)
            if not found.proven:
                return
            self.places_proven = count
            self._told("levels", self.best, self.bound)
            if count == places:
                return
            value = max(load for load in self._table.loads(self.best) if load < value)
            for load, flag in zip(model.loads, over, strict=True):  # the values skipped keep their count as well
                model.model.add(load <= value).only_enforce_if(flag.negated())

    def _least_total(self, model: Model) -> None:
        """What is left of the order in one step: the least total that keeps all levels found so far."""
        if self.places_proven == len(model.loads) or self._engine.stopped or self._engine.left <= 0.02:
            return
        model.model.minimize(sum(model.loads))
        found = model.run(self._engine, self.best, self._engine.left * 0.8)
        self._take(model, found)
        self._total_bound = found.bound if found.values is not None else 0
        model.model.add(sum(model.loads) <= sum(self._table.loads(self.best)))
        self._told("total", self.best, self.bound)


def under_a_cap(table: Table, start: Picks, cap: int, rows: int, engine: Engine) -> tuple[Picks, int] | None:
    """The least total while no place carries more than the cap, and its proven bound; nothing when none was found."""
    model = Model(table, rows=rows or None)
    for load in model.loads:
        model.model.add(load <= cap)
    model.model.minimize(sum(model.loads))
    found = model.run(engine, start, engine.left)
    return None if found.values is None else (model.picks(found.values), found.bound)
