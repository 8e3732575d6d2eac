"""All plans of a series, side by side: the same hour each time, one sitting that rotates, two that rotate, and the frontier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.exchanges.fair.choice import Picks, Table, first, table
from app.exchanges.fair.engine import Engine
from app.exchanges.fair.order import Fairest, Solved, under_a_cap
from app.exchanges.fair.outcome import Teller
from app.exchanges.fair.places import Series
from app.exchanges.fair.plan import Answer, Plan, Progress, Proof
from app.exchanges.fair.settle import Clocks, Starts, greedy, settle
from app.exchanges.fair.slots import Costs, Option, double, same_hour, single

_NO_CAP = 10_000_000
_LAST = 0.12
"""Share of a mode's time that is kept for the last level."""


class Planner:
    """One run: what is found so far, and what of the work is done."""

    def __init__(
        self,
        series: Series,
        told: Callable[[Progress], None] = lambda progress: None,
        kept: Callable[[Answer], None] = lambda answer: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._series, self._told, self._kept, self._stop = series, told, kept, stop
        self._costs = Costs(series)
        self._clocks = Clocks(series, self._costs)
        self._teller = Teller(series, self._costs, self._clocks)
        self._plans: list[Plan] = []
        self._frontier: list[Plan] = []
        rotating = [mode for mode in series.modes if mode != "fixed"]
        self._steps = len(rotating) * 3 + (series.caps + 1 if rotating and series.caps else 0) + ("fixed" in series.modes)
        self._done = 0

    def run(self) -> Answer:
        """All modes asked for, in the order fixed, one, two, then the frontier; what there is when asked to stop."""
        if "fixed" in self._series.modes:
            self._fixed()
        for mode in ("one", "two"):
            if mode in self._series.modes:
                self._rotated(mode)
        return self._answer()

    def _answer(self) -> Answer:
        return Answer(tuple(self._plans), tuple(self._frontier), self._stop())

    def _say(self, stage: str, mode: str, plan: Plan | None = None, steps: int = 0) -> None:
        self._done = min(self._done + steps, self._steps)
        share = self._done / self._steps
        if plan is None:
            self._told(Progress(stage, mode, share))
        else:
            self._told(Progress(stage, mode, share, plan.measures.worst_carried, plan.measures.total, plan.proof.bound))

    def _keep(self, plan: Plan) -> None:
        self._plans = [one for one in self._plans if one.mode != plan.mode] + [plan]
        self._kept(self._answer())

    def _fixed(self) -> None:
        """Every hour that all sessions share is tried."""
        series = self._series
        held = [{(0, 0): session.pinned[0]} if session.pinned else same_hour(series, session) for session in series.sessions]
        free = [found for found, session in zip(held, series.sessions, strict=True) if not session.pinned]
        shared = sorted(set.intersection(*(set(found) for found in free))) if free else [(0, 0)]
        best: tuple[tuple[list[int], int], list[Starts]] | None = None
        for hour in shared:
            chosen: list[Starts] = [
                (found[hour if not s.pinned else (0, 0)],) for found, s in zip(held, series.sessions, strict=True)
            ]
            key = self._key(chosen)
            if best is None or key < best[0]:
                best = key, chosen
        if best is not None:
            worst, levels = best[0][0][0], len(series.places) + 2
            carried = sum(place.carried for place in series.places)
            plan = self._teller.plan("fixed", best[1], Proof(worst, True, levels, levels, sum(best[0][0]) - carried))
            self._keep(plan)
            self._say("fixed", "fixed", plan, 1)

    def _key(self, chosen: Sequence[Starts]) -> tuple[list[int], int]:
        """The order of fixed hours: the worst, the second worst and so on, the number of local times."""
        loads = [place.carried for place in self._series.places]
        shown: set[tuple[int, int]] = set()
        for session, (at,) in zip(self._series.sessions, chosen, strict=True):
            points = self._costs.of(at, session.minutes)
            for number, place in enumerate(self._series.places):
                loads[number] += points[number] * (self._series.speaker_weight if place.key in session.speakers else 1)
            shown.update(enumerate(self._clocks.at(at)))
        return sorted(loads, reverse=True), len(shown)

    def _options(self, mode: str) -> list[tuple[Option, ...]]:
        choose = single if mode == "one" else double
        return [choose(self._series, session, self._costs) for session in self._series.sessions]

    def _rotated(self, mode: str) -> None:
        self._say("slots", mode)
        held = table(self._series, self._options(mode))
        start = first(held, self._stop)
        quick = self._quick(mode, held, start, Proof(0, False, 0, len(self._series.places) + 2, 0))
        self._keep(quick)
        self._say("first", mode, quick, 1)
        if self._stop():
            return
        effort = self._series.effort
        engine = Engine(effort.each_mode * (1 - _LAST), effort.seed, self._stop)
        search = Fairest(held, start, engine, lambda stage, picks, bound: self._on_the_way(mode, held, stage, picks, bound))
        solved = search.solve()
        self._say("levels", mode, steps=1)
        plan = self._finish(mode, held, search, solved)
        self._keep(plan)
        self._say("done", mode, plan, 1)
        if mode == "one" or "one" not in self._series.modes:
            self._caps(mode, held, plan, solved)

    def _quick(self, mode: str, held: Table, picks: Picks, proof: Proof, cap: int | None = None) -> Plan:
        variants = [
            self._clocks.variants(session, [options[pick]])
            for session, options, pick in zip(self._series.sessions, held.options, picks, strict=True)
        ]
        zeros = (0,) * len(picks)
        chosen = [v[0][kind][1] for v, kind in zip(variants, greedy(variants, zeros), strict=True)]
        return self._teller.plan(mode, chosen, proof, cap)

    def _on_the_way(self, mode: str, held: Table, stage: str, picks: Picks, bound: int) -> None:
        proof = Proof(bound, max(held.loads(picks)) == bound, 0, len(self._series.places) + 2, 0)
        plan = self._quick(mode, held, picks, proof)
        self._keep(plan)
        self._say(stage, mode, plan)

    def _finish(self, mode: str, held: Table, search: Fairest, solved: Solved) -> Plan:
        effort, places = self._series.effort, len(self._series.places)
        variants = [self._clocks.variants(s, options) for s, options in zip(self._series.sessions, held.options, strict=True)]
        engine = Engine(effort.each_mode * _LAST, effort.seed, self._stop)
        _, chosen, fewest = settle(search.model, variants, solved.picks, engine)
        levels = max(solved.places_proven, int(solved.worst_proven))
        if levels == places:
            levels += 1 + fewest
        carried = sum(held.carried)
        proof = Proof(solved.bound, solved.worst_proven, levels, places + 2, max(0, solved.total_bound - carried))
        return self._teller.plan(mode, chosen, proof)

    def _caps(self, mode: str, held: Table, fairest: Plan, solved: Solved) -> None:
        """The least total under each cap, from the fairest plan's worst place to that of the least total there is."""
        count, low = self._series.caps, fairest.measures.worst_carried
        fixed = next((plan.measures.worst_carried for plan in self._plans if plan.mode == "fixed"), 0)
        if not count:
            return
        last = self._under(mode, held, solved, solved.picks, max(low, fixed or _NO_CAP))
        if last is None:
            return
        high, picks = last[1].measures.worst_carried, solved.picks
        for cap in sorted({low + (high - low) * number // count for number in range(count)} - {high}):
            found = None if self._stop() else self._under(mode, held, solved, picks, cap)
            if found is not None:
                picks = found[0]
                self._show(found[1])
        self._show(replace(last[1], cap=high))

    def _show(self, plan: Plan) -> None:
        self._frontier.append(plan)
        self._kept(self._answer())
        self._say("frontier", plan.mode, plan, 1)

    def _under(self, mode: str, held: Table, solved: Solved, start: Picks, cap: int) -> tuple[Picks, Plan] | None:
        effort = self._series.effort
        found = under_a_cap(held, start, cap, solved.in_a_row, Engine(effort.each_mode / 4, effort.seed, self._stop))
        if found is None:
            return None
        total = found[1] - sum(held.carried)
        proof = Proof(min(solved.bound, cap), False, 0, len(self._series.places) + 2, total)
        return found[0], self._quick(mode, held, found[0], proof, cap)


def plans(
    series: Series,
    told: Callable[[Progress], None] = lambda progress: None,
    kept: Callable[[Answer], None] = lambda answer: None,
    stop: Callable[[], bool] = lambda: False,
) -> Answer:
    """The plans of a series, in this process."""
    return Planner(series, told, kept, stop).run()
