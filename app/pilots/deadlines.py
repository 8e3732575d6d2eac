"""When a milestone is due, soon due and overdue, by the working days of the State that runs the pilot.

A due date is a day, not an hour: it is over when the day is over where the State is. A due date on a day off counts as
the next working day before it is called overdue; a reminder that would fall on a day off is said on the working day
before. Nothing of this is stored: a State's weekend may be corrected, and every page is right at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Date, String, and_, any_, bindparam, case, cast, func

from app.accounts.models import Organisation
from app.calendars.state import StateCalendar
from app.core import zones
from app.pilots.models import Milestone, Pilot

SOON = timedelta(days=14)
DAY = timedelta(days=1)


class Standing(StrEnum):
    """How a milestone, or the whole of a pilot, stands today."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    ON_TRACK = "on_track"
    DONE = "done"
    DROPPED = "dropped"  # of a milestone
    ENDED = "ended"  # of a pilot, before everything was done
    EMPTY = "empty"  # of a pilot without milestones


class Dated(Protocol):
    """What is asked of a milestone here: its row, or as much of it as a list reads."""

    @property
    def due_on(self) -> Any:
        """Its present date."""

    @property
    def done_on(self) -> Any:
        """When it was done."""

    @property
    def dropped_at(self) -> Any:
        """When it was dropped."""

    @property
    def weight(self) -> Any:
        """How much of the pilot it is."""


class OfState(Protocol):
    """What is asked of the pilot's State: its days off."""

    @property
    def weekend(self) -> Any:
        """ISO weekdays as text."""


class Going(Protocol):
    """What is asked of a pilot."""

    @property
    def ended_on(self) -> Any:
        """When it ended, before or after everything was done."""

    @property
    def state(self) -> Any:
        """The State that runs it."""


DaysOff = Collection[str] | StateCalendar
"""ISO weekdays as text, as States have them; or all that is known of a State's days, holidays too."""
LONGEST = 21
"""Days: no row of days off is longer."""


def is_off(day: date, weekend: DaysOff) -> bool:
    """Is it a day off? A date that is only estimated is none."""
    return not weekend.works(day) if isinstance(weekend, StateCalendar) else str(day.isoweekday()) in weekend


def working_day_from(day: date, weekend: DaysOff) -> date:
    """This day, or the next working day. A State without any working day is taken at its word about the date."""
    return next((d for d in (day + n * DAY for n in range(LONGEST)) if not is_off(d, weekend)), day)


def working_day_until(day: date, weekend: DaysOff) -> date:
    """This day, or the working day before."""
    return next((d for d in (day - n * DAY for n in range(LONGEST)) if not is_off(d, weekend)), day)


def last_day(due_on: date, weekend: DaysOff) -> date:
    """The last day on which a milestone due on that date is in time."""
    return working_day_from(due_on, weekend)


def today_in(zone: str, now: datetime) -> date:
    """The date on the calendars of that place."""
    return zones.to_wall(now, zone).date()


def standing(milestone: Dated, state: OfState, today: date) -> Standing:
    """How one milestone stands on this day."""
    if milestone.dropped_at is not None:
        return Standing.DROPPED
    if milestone.done_on is not None:
        return Standing.DONE
    if today > milestone.due_on and today > last_day(milestone.due_on, state.weekend):  # never before its date
        return Standing.OVERDUE
    return Standing.DUE_SOON if today >= milestone.due_on - SOON else Standing.ON_TRACK


def days_overdue(milestone: Dated, state: OfState, today: date) -> int:
    """How many calendar days since it should have been done; 0 while it is in time."""
    is_open = milestone.done_on is None and milestone.dropped_at is None
    return max((today - last_day(milestone.due_on, state.weekend)).days, 0) if is_open else 0


def whole(pilot: Going, milestones: Iterable[Dated], today: date) -> Standing:
    """How a pilot stands: as the worst of its milestones."""
    found = {standing(m, pilot.state, today) for m in milestones} - {Standing.DROPPED}
    if found and found <= {Standing.DONE}:
        return Standing.DONE
    if pilot.ended_on is not None:
        return Standing.ENDED
    return next((s for s in (Standing.OVERDUE, Standing.DUE_SOON, Standing.ON_TRACK) if s in found), Standing.EMPTY)


@dataclass(frozen=True)
class Progress:
    """How much of a pilot is done, by the weights of its milestones."""

    done: int
    total: int

    @property
    def percent(self) -> int:
        """Of a hundred, rounded down: a hundred means everything."""
        return 100 * self.done // self.total if self.total else 0


def progress(milestones: Iterable[Dated]) -> Progress:
    """The weights of what is done and of everything; what was dropped counts in neither."""
    counted = [m for m in milestones if m.dropped_at is None]
    return Progress(sum(m.weight for m in counted if m.done_on is not None), sum(m.weight for m in counted))


# ------------------------------------------------------------------ the same in SQL, for lists and filters


def _off(day: ColumnElement[date]) -> ColumnElement[bool]:
    weekday: ColumnElement[str] = cast(func.extract("isodow", day), String)
    return weekday == any_(Organisation.weekend)


def last_day_in_sql() -> ColumnElement[date]:
    """``last_day`` of a milestone; the statement joins the pilot's State as ``Organisation``."""
    days = [cast(Milestone.due_on + n, Date) for n in range(7)]
    return case(*((~_off(day), day) for day in days), else_=Milestone.due_on)


UTC_DAY: BindParameter[date] = bindparam("utc_day", type_=Date)
_AHEAD: BindParameter[Sequence[str]] = bindparam("zones_ahead", type_=ARRAY(String))
_BEHIND: BindParameter[Sequence[str]] = bindparam("zones_behind", type_=ARRAY(String))
TODAY_IN_SQL: ColumnElement[date] = cast(
    UTC_DAY + case((Organisation.zone == any_(_AHEAD), 1), (Organisation.zone == any_(_BEHIND), -1), else_=0), Date
)
"""The date where the pilot's State is. The statement is given ``days_at(now)``: the database's own zones are never asked."""


def days_at(now: datetime) -> dict[str, Any]:
    """What statements with ``TODAY_IN_SQL`` are given: the date by UTC, and the zones that are a day ahead or behind."""
    now = now.astimezone(UTC)
    return _days_at(now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0))


@lru_cache(maxsize=16)
def _days_at(quarter: datetime) -> dict[str, Any]:
    """The same for a quarter of an hour: no clock on earth changes its date within one."""
    dates = {zone: today_in(zone, quarter) for zone in zones.names()}
    return {
        "utc_day": quarter.date(),
        "zones_ahead": [zone for zone, day in dates.items() if day > quarter.date()],
        "zones_behind": [zone for zone, day in dates.items() if day < quarter.date()],
    }


def is_open_in_sql() -> ColumnElement[bool]:
    """Is the milestone still to be reached, in a pilot that goes on?"""
    return and_(Milestone.done_on.is_(None), Milestone.dropped_at.is_(None), Pilot.ended_on.is_(None))


def overdue_in_sql() -> ColumnElement[bool]:
    """Is an open milestone overdue? The plain comparison lets the index do the work before the working days are counted."""
    return and_(is_open_in_sql(), Milestone.due_on < UTC_DAY + 2, last_day_in_sql() < TODAY_IN_SQL)


def due_soon_in_sql() -> ColumnElement[bool]:
    """Is an open milestone due within two weeks, and not overdue?"""
    return and_(is_open_in_sql(), Milestone.due_on <= TODAY_IN_SQL + SOON.days, last_day_in_sql() >= TODAY_IN_SQL)
