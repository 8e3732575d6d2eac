"""The demonstration's dates: written down around one Monday, moved by whole weeks to the day of the first load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

ANCHOR = date(2026, 11, 23)
"""The day of the data that falls on the day of the first load, give or take three days: weekdays stay weekdays."""


@dataclass(frozen=True)
class Calendar:
    """Dates of the data as they are in this installation."""

    moved: timedelta

    def day(self, written: str) -> date:
        """A date of the data."""
        return date.fromisoformat(written) + self.moved

    def wall(self, written: str, at: str = "00:00") -> datetime:
        """A wall time of the data, naive: "2026-12-03" with "13:00", or both in one."""
        whole = written if "T" in written else f"{written}T{at}"
        return datetime.fromisoformat(whole) + self.moved

    def moment(self, days: int, hour: int = 9) -> datetime:
        """An instant so many days from the anchor, by UTC."""
        return datetime.combine(ANCHOR + self.moved + timedelta(days=days), time(hour), UTC)

    def on(self, written: str, hour: int = 9) -> datetime:
        """An instant on a date of the data, by UTC."""
        return datetime.combine(self.day(written), time(hour), UTC)


def calendar_for(now: datetime) -> Calendar:
    """The move that brings the anchor closest to this day, in whole weeks."""
    days = (now.date() - ANCHOR).days
    return Calendar(timedelta(weeks=round(days / 7)))
