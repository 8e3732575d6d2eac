"""Points of a place for each quarter of an hour: its local days laid out as a line, and the line cut where its clocks change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from app.exchanges.fair.places import Busy, Hours, Place
from app.exchanges.fair.scale import QUARTERS, Scale
from app.exchanges.fair.wall import offset


@lru_cache(maxsize=256)
def _raising(floor: int) -> bytes:
    """A table that lifts all points below this to it."""
    return bytes(max(points, floor) for points in range(256))


def _raised(line: bytearray, begin: int, end: int, floor: int) -> None:
    begin, end = max(begin, 0), min(end, len(line))
    if begin < end:
        line[begin:end] = line[begin:end].translate(_raising(floor))


def _falls_on(hours: Hours, day: date) -> bool:
    return day.weekday() in hours.weekdays and (not hours.first or day >= hours.first) and (not hours.last or day <= hours.last)


def _with_hours(line: bytearray, hours: Sequence[Hours], scale: Scale, first: date) -> None:
    days = len(line) // QUARTERS
    for one in hours:
        points = scale.of(one.kind)
        for number in range(days):
            day = first + timedelta(days=number)
            if _falls_on(one, day):
                _raised(line, number * QUARTERS + one.begin // 15, number * QUARTERS - (-one.until // 15), points)


def _wall_line(place: Place, scale: Scale, first: date, days: int) -> bytearray:
    """Points by what the clocks of the place show, from the midnight that begins the first day."""
    day_off = scale.working_day.translate(_raising(scale.day_off))
    week = [day_off if weekday in place.weekend else scale.working_day for weekday in range(7)]
    line = bytearray(b"".join(week[(first.weekday() + number) % 7] for number in range(days)))
    for one in place.off:
        number = (one.day - first).days
        _raised(line, number * QUARTERS, (number + 1) * QUARTERS, scale.of_day_off(one.weight))
    _with_hours(line, place.hours, scale, first)
    return line


def midnight(day: date) -> datetime:
    """The midnight, in UTC, that begins the day."""
    return datetime.combine(day, time(), UTC)


@lru_cache(maxsize=4096)
def _offsets(zone: str, first: date, days: int) -> tuple[tuple[int, int], ...]:
    """From which quarter of an hour on (of UTC days) the zone is how many quarters ahead of UTC."""
    begin = midnight(first)
    found = [(0, offset(begin, zone) // 15)]
    for day in range(days):
        if offset(begin + timedelta(days=day + 1), zone) // 15 == found[-1][1]:
            continue
        for quarter in range(day * QUARTERS, (day + 1) * QUARTERS + 1):
            ahead = offset(begin + timedelta(minutes=15 * quarter), zone) // 15
            if ahead != found[-1][1]:
                found.append((quarter, ahead))
    return tuple(found)


def _cut(wall: bytes | bytearray, zone: str, first: date, days: int) -> bytearray:
    """A wall line that begins a day before the first, as quarters of an hour of UTC."""
    changes = _offsets(zone, first, days)
    ends = [quarter for quarter, _ in changes[1:]] + [days * QUARTERS]
    row = bytearray()
    for (begin, ahead), end in zip(changes, ends, strict=True):
        row += wall[QUARTERS + begin + ahead : QUARTERS + end + ahead]
    return row


def with_busy(row: bytearray, busy: Sequence[Busy], scale: Scale, first: date) -> None:
    """Lift the points of stretches that are taken."""
    begin = midnight(first)
    for one in busy:
        quarters = (one.begin - begin) // timedelta(minutes=15), -((begin - one.end) // timedelta(minutes=15))
        _raised(row, *quarters, scale.of(one.kind))


def row(place: Place, scale: Scale, first: date, days: int) -> bytes:
    """Points of the place for each quarter of an hour of so many days in UTC."""
    wall = _wall_line(place, scale, first - timedelta(days=1), days + 3)
    found = _cut(wall, place.zone, first, days)
    with_busy(found, place.busy, scale, first)
    return bytes(found)


def calendar_row(place: Place, zone: str, scale: Scale, first: date, days: int) -> bytes:
    """The same for somebody of that place who lives in this zone."""
    return row(replace(place, zone=zone), scale, first, days)


@lru_cache(maxsize=4096)
def hours_mask(hours: Hours, zone: str, first: date, days: int) -> int:
    """The quarters of an hour, as bits, that these hours take of so many days in UTC."""
    begin = first - timedelta(days=1)
    once = ((1 << (-(-hours.until // 15) - hours.begin // 15)) - 1) << (hours.begin // 15)
    wall = sum(once << (number * QUARTERS) for number in range(days + 3) if _falls_on(hours, begin + timedelta(days=number)))
    changes = _offsets(zone, first, days)
    ends = [quarter for quarter, _ in changes[1:]] + [days * QUARTERS]
    return sum(
        (wall >> (QUARTERS + at + ahead) & ((1 << (end - at)) - 1)) << at for (at, ahead), end in zip(changes, ends, strict=True)
    )


def burden(place: Place, start: datetime, minutes: int, scale: Scale) -> int:
    """What a sitting costs the place: its worst half hour, which is the worst moment of it."""
    first = start.astimezone(UTC).date()
    begin = (start - midnight(first)) // timedelta(minutes=15)
    end = -((midnight(first) - start - timedelta(minutes=minutes)) // timedelta(minutes=15))
    return max(row(place, scale, first, 2)[begin:end])
