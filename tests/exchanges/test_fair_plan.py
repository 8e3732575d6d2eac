"""The fair plan: equal to trying everything, the same each time, and told with all that it costs."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import zones
from app.exchanges.fair.grid import burden
from app.exchanges.fair.places import Attendance, DayOff, Effort, Hours, Place, Series, Session
from app.exchanges.fair.planner import plans
from app.exchanges.fair.scale import Refused, Scale, Step

ZONES = (
    "America/Mexico_City", "America/Toronto", "America/St_Johns", "Africa/Dakar", "Europe/Berlin", "Africa/Nairobi",
    "Asia/Kathmandu", "Asia/Manila", "Pacific/Fiji", "Pacific/Chatham",
)  # fmt: skip
TODAY = date(2026, 11, 1)
MONDAY = date(2027, 3, 8)


def small(number: int) -> Series:
    """A small random series: three sessions of one sitting, or two of two, with all that a place may have."""
    draw = random.Random(number)
    two = number % 5 == 0
    places = tuple(
        Place(
            f"p{n}",
            zone,
            draw.choice((frozenset((5, 6)), frozenset((4, 5)), frozenset((6,)))),
            tuple(DayOff(MONDAY + timedelta(days=draw.randrange(20)), draw.choice((50, 100))) for _ in range(draw.randrange(3))),
            (Hours("never", 600, 720, frozenset((draw.randrange(5),))),) if draw.random() < 0.3 else (),
            people=draw.randrange(1, 9),
            carried=draw.choice((0, 0, 3, 8, 20)),
        )
        for n, zone in enumerate(draw.sample(ZONES, draw.randrange(2, 5)))
    )
    sessions = tuple(
        Session(
            f"s{n}",
            tuple(MONDAY + timedelta(days=7 * n + day) for day in draw.sample(range(6), 1 if two else 2)),
            draw.choice((60, 90)),
            begin := draw.choice((0, 360, 720, 1080)),
            begin + draw.choice((240, 300)),
            speakers=frozenset(draw.sample([p.key for p in places], draw.randrange(2))),
        )
        for n in range(2 if two else 3)
    )
    return Series(places, sessions, TODAY, "UTC", 60, 60, modes=("two",) if two else ("one",), caps=0)


def choices(series: Series, session: Session) -> list[tuple[datetime, ...]]:
    """Everything a session may have: each start, or each pair of starts that do not overlap."""
    starts = [
        datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
        for day in session.days
        for minute in range(session.begin, session.until, 60)
    ]
    if series.modes == ("one",):
        return [(start,) for start in starts]
    return [(a, b) for a, b in itertools.combinations(sorted(starts), 2) if b - a >= timedelta(minutes=session.minutes)]


def everything(series: Series) -> tuple[int, list[int], int]:
    """The best there is by the order of what is fair, by trying all plans."""
    known = {}
    for number, session in enumerate(series.sessions):
        for starts in choices(series, session):
            seats = []
            for place in series.places:
                points, _, start = min((burden(place, s, session.minutes, series.scale), n, s) for n, s in enumerate(starts))
                wall = zones.to_wall(start, place.zone)
                weight = series.speaker_weight if place.key in session.speakers else 1
                seats.append((points * weight, points >= series.scale.night, (wall.hour, wall.minute)))
            known.setdefault(number, []).append(seats)
    best = None
    for sat in itertools.product(*known.values()):
        nights = sum(a[1] and b[1] for one, other in itertools.pairwise(sat) for a, b in zip(one, other, strict=True))
        if best and nights > best[0]:
            continue
        columns = list(zip(*sat, strict=True))
        loads = sorted((p.carried + sum(s[0] for s in c) for p, c in zip(series.places, columns, strict=True)), reverse=True)
        if best is None or (nights, loads) <= best[:2]:
            key = (nights, loads, sum(len({s[2] for s in column}) for column in columns))
            best = key if best is None else min(best, key)
    return best


def test_two_hundred_small_plans_are_as_fair_as_any_plan_can_be():
    for number in range(200):
        series = small(number)
        (plan,) = plans(series).plans
        found = (
            plan.measures.nights_in_a_row,
            sorted((line.after for line in plan.ledger), reverse=True),
            plan.measures.hours,
        )
        assert found == everything(series), number
        assert plan.proof.complete and plan.proof.bound == plan.measures.worst_carried, number
        assert plan.proof.total_bound == plan.measures.total
