"""Plan in a process of its own, from a task: the solver's memory ends with it, and it can be stopped."""

from __future__ import annotations

from collections.abc import Callable

from app.exchanges.fair.places import Series
from app.exchanges.fair.plan import Answer, Progress


class NotPlanned(RuntimeError):
    """The process failed; its words are in the message."""


def plan(
    series: Series,
    *,
    told: Callable[[Progress], None] = lambda progress: None,
    kept: Callable[[Answer], None] = lambda answer: None,
    stop: Callable[[], bool] = lambda: False,
) -> Answer:
    """The plans of a series; ``kept`` gets each best answer so far, ``stop`` is asked twice a second."""
    raise NotImplementedError
