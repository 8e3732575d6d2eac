"""Run the solver: one thread, a seed, a limit in its own time, so that the same input gives the same plan on any machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

_LOOK = 0.1
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True)
class Found:
    """What one run of the solver found: ``values`` of the variables asked for, nothing when there is no solution (yet)."""

    values: tuple[int, ...] | None
    objective: int
    bound: int
    proven: bool
    """Is this the best there is, or proven that there is none?"""
    spent: float


class Engine:
    """A budget of solver time, and a way to end early."""

    def __init__(self, budget: float, seed: int, stop: Callable[[], bool]) -> None:
        self.left = budget
        self._seed = seed
        self._stop = stop

    @property
    def stopped(self) -> bool:
        """Was it asked to end?"""
        return self._stop()

    def run(
        self,
        model: cp_model.CpModel,
        asked: Sequence[cp_model.IntVar],
        hint: Sequence[int] | None,
        limit: float,
    ) -> Found:
        """Solve within the limit and what is left of the budget."""
        from ortools.sat.python import cp_model as cp

        model.clear_hints()  # type: ignore[no-untyped-call]
        for variable, value in zip(asked, hint or (), strict=False):
            model.add_hint(variable, value)
        solver = cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self._seed
        solver.parameters.linearization_level = 2
        solver.parameters.cp_model_probing_level = 0  # it takes longer than it saves on models of this shape
        solver.parameters.catch_sigint_signal = False
        solver.parameters.max_deterministic_time = max(0.01, min(limit, self.left))
        # in a thread of its own: a signal reaches the program only while Python runs in the first one
        worker = threading.Thread(target=solver.solve, args=(model,), daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(_LOOK)
            if worker.is_alive() and self._stop():
                solver.stop_search()
        spent = float(solver.response_proto.deterministic_time)
        self.left -= spent
        status = solver.response_proto.status
        if status not in (cp.OPTIMAL, cp.FEASIBLE):
            return Found(None, 0, 0, status == cp.INFEASIBLE, spent)
        values = tuple(int(solver.value(variable)) for variable in asked)
        objective, bound = round(solver.objective_value), -int(-solver.best_objective_bound // 1)
        return Found(values, objective, min(bound, objective), status == cp.OPTIMAL, spent)
