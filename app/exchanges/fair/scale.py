"""What an hour of the day costs a place, in points: a table that each exchange may set, and that people are shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

QUARTERS = 96
"""Quarters of an hour in a day: every zone of today stands at a whole number of them from UTC."""
MOST = 100
"""No hour costs more: what a series adds up stays small enough to be read, and to be solved."""


@dataclass(eq=False)
class Refused(ValueError):
    """An input that cannot be planned with; ``where`` names the field, ``why`` is a word for the page to put in a sentence."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


@dataclass(frozen=True)
class Step:
    """From this minute of the local day on, so many points."""

    minute: int
    points: int


STEPS = tuple(
    Step(hour * 60, points)
    for hour, points in ((0, 10), (5, 7), (6, 4), (7, 2), (8, 1), (9, 0), (17, 1), (18, 2), (20, 4), (22, 7))
)
"""Nothing in office hours, most after midnight."""


@dataclass(frozen=True)
class Scale:
    """Points for each hour of a working day, for days off, and for hours that a place has other uses for."""

    steps: tuple[Step, ...] = STEPS
    day_off: int = 10
    prayer: int = 10
    ramadan: int = 10
    busy: int = 10
    never: int = 20
    night: int = 7
    """From so many points on, a sitting counts as one at night or on a day off."""
    easy: int = 2
    """Up to so many points an hour is one at which people come gladly; between this and ``night`` they come if needed."""

    def __post_init__(self) -> None:
        minutes = [step.minute for step in self.steps]
        if not minutes or minutes[0] != 0 or minutes != sorted(set(minutes)):
            raise Refused("scale.steps", "order")
        if any(minute % 15 or not 0 <= minute < 1440 for minute in minutes):
            raise Refused("scale.steps", "quarter")
        kinds = (self.day_off, self.prayer, self.ramadan, self.busy, self.never)
        if any(not 0 <= points <= MOST for points in (*kinds, *(step.points for step in self.steps))):
            raise Refused("scale.points", "range")
        if not 0 <= self.easy < self.night <= min(self.busy, self.never):  # who is busy cannot come, however the table is set
            raise Refused("scale.night", "range")

    @cached_property
    def working_day(self) -> bytes:
        """Points of each quarter of an hour of a working day."""
        ends = [step.minute for step in self.steps[1:]] + [1440]
        return b"".join(bytes([step.points]) * ((end - step.minute) // 15) for step, end in zip(self.steps, ends, strict=True))

    def of_day_off(self, weight: int) -> int:
        """Points of a day off that is certain to so many percent: half of them for one that waits for the moon."""
        return (self.day_off * weight + 50) // 100

    def of(self, kind: str) -> int:
        """Points of hours of this kind (``HOURS``)."""
        return {"prayer": self.prayer, "ramadan": self.ramadan, "busy": self.busy, "never": self.never}[kind]
