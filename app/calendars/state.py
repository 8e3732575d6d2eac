"""One State's calendar without a database: which days and hours are off for it, and why. Pure answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.calendars.sun import sunset
from app.core import days as wall_days
from app.core.zones import to_wall

DAY = timedelta(days=1)
HALF = 0.5
"""The weight of a day that is off with even chances."""
OPENS, CLOSES = time(9), time(17)
EDGE_OPENS, EDGE_CLOSES = time(7), time(20)
RAMADAN_CLOSES = time(15)
PRAYER = (time(12), time(14))
BEFORE_IFTAR, AFTER_IFTAR = timedelta(minutes=30), timedelta(minutes=60)


class DayKind(StrEnum):
    """What a day is that is not like the others of its week."""

    HOLIDAY = "holiday"
    ESTIMATED = "estimated"
    DAY_OFF = "day_off"  # said by the secretariat
    WORKING = "working"  # a day of the weekend that is worked


@dataclass(frozen=True)
class Day:
    """A day that is not like the others of its week: what it is called, how sure it is, who says so."""

    kind: DayKind
    names: Mapping[str, str] = field(default_factory=dict)  # by language; "" holds the original
    language: str = ""  # of the original
    weight: float = 1.0
    source: str = ""


class Reason(StrEnum):
    """Why an hour is not one at which people work."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    ESTIMATED = "estimated"
    NIGHT = "night"
    EARLY = "early"
    LATE = "late"
    PRAYER = "prayer"
    RAMADAN = "ramadan"
    IFTAR = "iftar"


class Grade(StrEnum):
    """How an hour is: in working hours, at their edge, or off."""

    WORKING = "working"
    EDGE = "edge"
    OFF = "off"


@dataclass(frozen=True)
class Off:
    """A date on which a State does not work, how likely, and why."""

    day: date
    reason: Reason
    weight: float
    what: Day | None = None


@dataclass(frozen=True)
class Hours:
    """What a span of time is for a State: its worst moment. ``never`` and ``busy`` stand beside it."""

    grade: Grade
    reason: Reason | None = None
    weight: float = 0.0  # how sure it is, of what is off
    off: Off | None = None
    never: bool = False
    busy: bool = False

    @property
    def is_free(self) -> bool:
        """In working hours, and neither barred nor busy?"""
        return self.grade is Grade.WORKING and not self.never and not self.busy


@dataclass(frozen=True)
class Week:
    """The days off of a week, from a day on, until a day."""

    weekend: frozenset[int]  # ISO weekdays
    first_day: date | None = None
    last_day: date | None = None

    def holds(self, day: date) -> bool:
        """Is it the week of this date?"""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True)
class Never:
    """Hours of the week at which they never take part, on their own clocks."""

    weekdays: frozenset[int]
    from_minute: int
    to_minute: int

    def spans(self, day: date, zone: str) -> Iterator[tuple[datetime, datetime]]:
        """Where it lies on this date, if it does."""
        if day.isoweekday() in self.weekdays:
            end = day + DAY if self.to_minute <= self.from_minute or self.to_minute == 1440 else day
            yield _at(day, self.from_minute, zone), _at(end, self.to_minute % 1440, zone)


Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class StateCalendar:
    """When one State (or another organisation, or one person) can come. It knows the days it was asked for, and no others."""

    organisation_id: uuid.UUID | None
    zone: str
    weeks: tuple[Week, ...] = (Week(frozenset({6, 7})),)  # the last that holds a date is its week
    days: Mapping[date, Day] = field(default_factory=lambda: MappingProxyType({}))
    code: str = ""
    subdivision: str = ""
    never: tuple[Never, ...] = ()
    busy: tuple[Span, ...] = ()  # in order
    friday_prayer: bool = False
    ramadan: tuple[tuple[date, date], ...] = ()  # first and last day; none where Ramadan hours are not kept

    def weekend_on(self, day: date) -> frozenset[int]:
        """The weekdays off in the week of this date."""
        return next((w.weekend for w in reversed(self.weeks) if w.holds(day)), frozenset({6, 7}))

    def off(self, day: date) -> Off | None:
        """Is this date off, how likely, and why? A holiday on a weekend counts as the weekend."""
        known = self.days.get(day)
        if known is not None and known.kind is DayKind.WORKING:
            return None
        if day.isoweekday() in self.weekend_on(day):
            return Off(day, Reason.WEEKEND, 1.0, known)
        if known is None:
            return None
        reason = Reason.ESTIMATED if known.kind is DayKind.ESTIMATED else Reason.HOLIDAY
        return Off(day, reason, known.weight, known)

    def works(self, day: date) -> bool:
        """Is it a working day for sure or more likely than not? One by the moon counts as a working day."""
        off = self.off(day)
        return off is None or off.weight < 1

    def off_between(self, start: datetime, end: datetime) -> Off | None:
        """The likeliest day off among the local dates of a span."""
        found = [off for day in self._dates(start, end) if (off := self.off(day)) is not None]
        return max(found, key=lambda one: one.weight, default=None)

    def hours(self, start: datetime, end: datetime) -> Hours:
        """What this span of instants is: working, edge or off by its worst moment, never, busy."""
        worst = max(self._moments(start, end), key=_badness)
        never = any(_meet(span, (start, end)) for span in self.never_spans(start, end))
        busy = any(_meet(span, (start, end)) for span in self.busy)
        return Hours(worst.grade, worst.reason, worst.weight, worst.off, never, busy)

    def never_spans(self, start: datetime, end: datetime) -> list[Span]:
        """Where the never hours lie around a span."""
        wall = to_wall(start, self.zone).date() - DAY
        last = to_wall(end, self.zone).date()
        dates = [wall + DAY * n for n in range((last - wall).days + 1)]
        return [span for rule in self.never for day in dates for span in rule.spans(day, self.zone) if _meet(span, (start, end))]

    def in_ramadan(self, day: date) -> bool:
        """Does this State keep Ramadan hours on this date?"""
        return any(first <= day <= last for first, last in self.ramadan)

    def iftar(self, day: date) -> Span | None:
        """The time around sunset at which no session is held in Ramadan."""
        sets = sunset(day, self.zone) if self.in_ramadan(day) else None
        return (sets - BEFORE_IFTAR, sets + AFTER_IFTAR) if sets is not None else None

    def _dates(self, start: datetime, end: datetime) -> list[date]:
        first = to_wall(start, self.zone).date()
        last = to_wall(max(start, end - timedelta(microseconds=1)), self.zone).date()
        return [first + DAY * n for n in range((last - first).days + 1)]

    def _moments(self, start: datetime, end: datetime) -> Iterator[Hours]:
        for day in self._dates(start, end):
            opens, closes = wall_days.instant(day, time(), self.zone), wall_days.end_of(day, self.zone)
            yield from self._of_day(day, max(start, opens), min(end, closes))

    def _of_day(self, day: date, start: datetime, end: datetime) -> Iterator[Hours]:
        off = self.off(day)
        if off is not None:
            yield Hours(Grade.OFF, off.reason, off.weight, off)
        closes = RAMADAN_CLOSES if self.in_ramadan(day) else CLOSES
        yield from self._by_the_clock(day, start, end, closes)
        iftar = self.iftar(day)
        if iftar is not None and _meet(iftar, (start, end)):
            yield Hours(Grade.OFF, Reason.IFTAR, 1.0)
        if self.friday_prayer and day.isoweekday() == 5:
            prayer = (wall_days.instant(day, PRAYER[0], self.zone), wall_days.instant(day, PRAYER[1], self.zone))
            if _meet(prayer, (start, end)):
                yield Hours(Grade.OFF, Reason.PRAYER, 1.0)

    def _by_the_clock(self, day: date, start: datetime, end: datetime, closes: time) -> Iterator[Hours]:
        first, edge = (wall_days.instant(day, at, self.zone) for at in (EDGE_OPENS, EDGE_CLOSES))
        opens, shuts = (wall_days.instant(day, at, self.zone) for at in (OPENS, closes))
        if start < first or end > edge:
            yield Hours(Grade.OFF, Reason.NIGHT, 1.0)
        elif start < opens:
            yield Hours(Grade.EDGE, Reason.EARLY)
        elif end > shuts:
            yield Hours(Grade.EDGE, Reason.RAMADAN if closes != CLOSES else Reason.LATE)
        else:
            yield Hours(Grade.WORKING)


def _at(day: date, minute: int, zone: str) -> datetime:
    return wall_days.instant(day, time(minute // 60, minute % 60), zone)


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


_GRADES = (Grade.WORKING, Grade.EDGE, Grade.OFF)


def _badness(one: Hours) -> tuple[int, float, bool]:
    """A day off says more than a late hour of it."""
    return _GRADES.index(one.grade), one.weight, one.off is not None
