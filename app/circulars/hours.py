"""Who is in the office now, and who is next: nine to five where somebody is, on the working days of their State."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.core import zones

OPENS, CLOSES = time(9), time(17)
USUAL_WEEKEND = ("6", "7")
"""ISO weekdays off, where nobody told the State's own."""


@dataclass(frozen=True)
class Office:
    """The office hours nearest to a moment."""

    is_open: bool
    opens_at: datetime  # the present ones' beginning, or the next
    closes_at: datetime


def office(now: datetime, zone: str, weekend: Collection[str]) -> Office:
    """The present office hours there, or the next. A State without a working day is called on any day."""
    off = set(weekend or USUAL_WEEKEND)
    if len(off) >= 7:
        off = set()
    today = zones.to_wall(now, zone).date()
    for day in (today + timedelta(days=n) for n in range(9)):
        if str(day.isoweekday()) in off:
            continue
        opens, closes = _at(day, OPENS, zone), _at(day, CLOSES, zone)
        if now < closes:
            return Office(opens <= now, opens, closes)
    raise AssertionError("nine days hold a working day")


def _at(day: date, hour: time, zone: str) -> datetime:
    """The instant of an hour on a day; where clocks skip it, the next there is; where it comes twice, the first."""
    wall = datetime.combine(day, hour)
    try:
        return zones.to_instant(wall, zone, fold=0)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, zone, fold=0)
