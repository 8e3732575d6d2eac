"""What comes out: plans side by side, each with its hours, what they cost whom, and what is proven of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Seat:
    """What one session costs one place: the points of the better sitting, counted with a speaker's weight, and which it is."""

    place: str
    points: int
    counted: int
    sitting: int
    local: datetime
    """What its clocks show when that sitting begins (naive)."""


@dataclass(frozen=True)
class Move:
    """What would change if one sitting began so many minutes later (earlier: negative): whom it spares, whom it costs."""

    sitting: int
    minutes: int
    allowed: bool
    """Is that start among the candidates?"""
    change: int
    """Points of all places together: negative is better."""
    spared: tuple[str, ...]
    burdened: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """One session of a plan: when it begins (one or two sittings, in UTC) and what that costs."""

    session: str
    starts: tuple[datetime, ...]
    seats: tuple[Seat, ...]
    moves: tuple[Move, ...]
    expected: float
    """How many people come, by the stated guess."""


@dataclass(frozen=True)
class Line:
    """The ledger of one place: what it carried, what this plan adds, how often at night, at how many different hours."""

    place: str
    before: int
    added: int
    nights: int
    hours: int

    @property
    def after(self) -> int:
        """What it carries into the next series."""
        return self.before + self.added


@dataclass(frozen=True)
class Measures:
    """Always shown together: none of them tells the whole."""

    worst: int
    """Points of this plan for the place it costs most."""
    worst_carried: int
    """The same with what places carried before."""
    total: int
    gini: float
    nights: int
    seats: int
    hours: int
    """Different local times, added up over places."""
    nights_in_a_row: int
    """How often a place has two sittings at night one after the other. Rotating plans have none where that can be; what
    is left could not be avoided and is told."""
    expected: float
    invited: int
    host_minutes: int
    interpreter_minutes: int


@dataclass(frozen=True)
class Proof:
    """What the solver has shown: no plan has a worst place under ``bound``; ``levels`` of the order are proven best."""

    bound: int
    worst_proven: bool
    levels: int
    of_levels: int
    total_bound: int
    """No plan that is as good on the levels above has a lower total: of this plan's points, without what was carried."""

    @property
    def complete(self) -> bool:
        """Is every level of the order proven?"""
        return self.levels == self.of_levels


@dataclass(frozen=True)
class Plan:
    """A plan of one mode; ``cap`` is the greatest burden it was allowed, nothing for the fairest."""

    mode: str
    cap: int | None
    sessions: tuple[Held, ...]
    ledger: tuple[Line, ...]
    measures: Measures
    proof: Proof


@dataclass(frozen=True)
class Answer:
    """The plans side by side: one of each mode asked for, and those of the frontier, by rising cap."""

    plans: tuple[Plan, ...]
    frontier: tuple[Plan, ...]
    stopped: bool = False

    def of(self, mode: str) -> Plan | None:
        """The plan of this mode."""
        return next((plan for plan in self.plans if plan.mode == mode), None)


@dataclass(frozen=True)
class Progress:
    """Where the work stands: ``done`` is the share of all work, ``worst``/``total`` of the best plan of this mode so far."""

    stage: str
    mode: str
    done: float
    worst: int | None = None
    total: int | None = None
    bound: int | None = None
