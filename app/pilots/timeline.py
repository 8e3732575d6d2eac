"""The drawing beside the list of milestones: a hollow dot at the baseline, a filled one at the present date, a line for today.

Drawn in shares of the width, so that dots stay round however wide the page is; the style sheet mirrors it where the page
runs from right to left. It repeats what the words beside it say, so readers who hear the page lose nothing.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

from babel import Locale
from babel.dates import format_date
from markupsafe import Markup

from app.core.languages import babel_locale
from app.core.when import ARABIC_MONTHS
from app.pilots.deadlines import Standing

MOST_LABELS = 12
_OPEN = '<svg class="g-bar g-dots" aria-hidden="true" focusable="false">'


class Placed(Protocol):
    """What is drawn of a milestone."""

    @property
    def baseline_on(self) -> date:
        """The date first agreed."""

    @property
    def due_on(self) -> date:
        """Its present date."""

    @property
    def done_on(self) -> date | None:
        """When it was done."""


class Spanning(Protocol):
    """What is drawn of a pilot."""

    @property
    def starts_on(self) -> date:
        """Its first day."""

    @property
    def ends_on(self) -> date:
        """Its last day."""


@dataclass(frozen=True)
class Timeline:
    """The span of a pilot in whole months, and where a day lies in it."""

    first: date  # the first day of the first month
    months: int
    today: date

    def share(self, day: date) -> float:
        """Where a day lies, in per cent of the width: months are equally wide, as their labels are."""
        whole = (day.year - self.first.year) * 12 + day.month - self.first.month
        within = (day.day - 0.5) / _days(day)
        return round(min(max(100 * (whole + within) / self.months, 0), 100), 2)

    @property
    def step(self) -> int:
        """Months from one label to the next."""
        return -(-self.months // MOST_LABELS)

    def labels(self, language: str) -> list[str]:
        """The name of each month that is labelled; with the year where a span holds more than one January."""
        locale = Locale.parse(babel_locale(language))
        starts = [_plus(self.first, n) for n in range(0, self.months, self.step)]
        if language == "ar":  # the first of the two names: both would not fit above a column
            return [ARABIC_MONTHS[start.month - 1].split("/")[0] for start in starts]
        pattern = "MMM" if self.months <= MOST_LABELS else "MMM yy"
        return [str(format_date(start, pattern, locale=locale)) for start in starts]

    def row(self, milestone: Placed, standing: Standing) -> Markup:
        """One milestone: baseline, present date or day of completion, and the way from one to the other."""
        base, now = self.share(milestone.baseline_on), self.share(milestone.done_on or milestone.due_on)
        late = now > base
        parts = [self.lines]
        if base != now:
            parts.append(
                f'<rect class="{"g-slip" if late else "g-gain"}" x="{min(base, now)}%" y="50%" width="{abs(now - base):.2f}%" '
                'height="6" transform="translate(0 -3)"/>'
            )
        parts.append(f'<circle class="g-base" cx="{base}%" cy="50%" r="6"/>')
        parts.append(f'<circle class="g-mark g-{standing.value}" cx="{now}%" cy="50%" r="{5 if base == now else 7}"/>')
        return Markup("".join((*parts, "</svg>")))  # noqa: S704 - numbers and words of ours only

    @cached_property
    def lines(self) -> str:
        """What every row begins with: a line at each label, and one for today."""
        parts = [_line("g-grid", 100 * n / self.months) for n in range(0, self.months + 1, self.step)]
        if self.first <= self.today < _plus(self.first, self.months):
            parts.append(_line("g-today", self.share(self.today)))
        return _OPEN + "".join(parts)


def _line(name: str, at: float) -> str:
    return f'<line class="{name}" x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="100%"/>'


def timeline(pilot: Spanning, milestones: Iterable[Placed], today: date) -> Timeline:
    """The months from the earliest to the latest day that anything of this pilot lies on."""
    days = [pilot.starts_on, pilot.ends_on]
    for milestone in milestones:
        days += [milestone.baseline_on, milestone.due_on, *([milestone.done_on] if milestone.done_on else [])]
    first, last = min(days).replace(day=1), max(days)
    return Timeline(first, (last.year - first.year) * 12 + last.month - first.month + 1, today)


def _plus(first: date, months: int) -> date:
    whole = first.month - 1 + months
    return date(first.year + whole // 12, whole % 12 + 1, 1)


def _days(day: date) -> int:
    return monthrange(day.year, day.month)[1]
