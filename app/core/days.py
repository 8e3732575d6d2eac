"""Days as people keep them: working days before a date, and the instants at which a day begins and ends somewhere."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from app.core import zones

DAY = timedelta(days=1)
NOON = time(12)
SATURDAY_AND_SUNDAY = ("6", "7")
"""ISO weekdays off where nothing else is known."""


def is_working(day: date, weekend: Collection[str]) -> bool:
    """Do people work on this day? A weekend of all seven days would leave none, so it counts as none."""
    return len(set(weekend)) >= 7 or str(day.isoweekday()) not in weekend


def working_days_before(day: date, count: int, weekend: Collection[str]) -> date:
    """The working day that lies so many working days before this one."""
    while count:
        day -= DAY
        count -= is_working(day, weekend)
    return day


def instant(day: date, at: time, zone: str) -> datetime:
    """The instant of a wall time; where a clock change skips or repeats it, the first that comes."""
    try:
        return zones.to_instant(datetime.combine(day, at), zone)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, zone)
    except zones.Fold as fold:
        return fold.first


def end_of(day: date, zone: str) -> datetime:
    """The instant at which this day is over there."""
    return instant(day + DAY, time(), zone)
