"""One figure, one line: name, value, unit, limit, ``ok`` or ``short``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value, and the limit it must not pass. Without a limit it is printed for comparison only."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False  # the limit is a floor

    @property
    def is_short(self) -> bool:
        """Does it fall short of what was promised?"""
        if self.limit is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit

    def line(self) -> str:
        """The line a person and a script read."""
        sign = ">=" if self.at_least else "<="
        limit = "-" if self.limit is None else f"{sign} {_number(self.limit)}"
        return f"{self.name:<34} {_number(self.value):>10} {self.unit:<18} {limit:>10}  {'short' if self.is_short else 'ok'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:.2f}"
