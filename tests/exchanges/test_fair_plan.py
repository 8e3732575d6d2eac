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


def three() -> Series:
    """Three places far apart, four weekly sessions."""
    places = (
        Place("west", "America/Mexico_City", people=3),
        Place("middle", "Africa/Nairobi", people=2, carried=4),
        Place("east", "Pacific/Fiji", people=5),
    )
    sessions = tuple(
        Session(f"s{n}", tuple(MONDAY + timedelta(days=7 * n + day) for day in range(3)), 90, interpreters=4, hosts=2)
        for n in range(4)
    )
    return Series(places, sessions, TODAY, effort=Effort(1.0))


def test_plans_stand_side_by_side_with_what_they_cost():
    answer = plans(three())
    fixed, one, two = answer.plans
    assert [plan.mode for plan in answer.plans] == ["fixed", "one", "two"] and not answer.stopped
    assert two.measures.worst < one.measures.worst < fixed.measures.worst
    assert len({start.time() for held in fixed.sessions for start in held.starts}) == 1
    assert one.measures.nights_in_a_row == two.measures.nights_in_a_row == 0
    assert (one.measures.host_minutes, one.measures.interpreter_minutes) == (4 * 2 * 90, 4 * 4 * 90)
    assert (two.measures.host_minutes, two.measures.interpreter_minutes) == (2 * 4 * 2 * 90, 2 * 4 * 4 * 90)
    assert all(plan.measures.invited == 40 and 4 <= plan.measures.expected <= 36 for plan in answer.plans)
    assert [(line.place, line.before) for line in one.ledger] == [("west", 0), ("middle", 4), ("east", 0)]
    assert all(line.after == line.before + sum(held.seats[n].counted for held in one.sessions) for n, line in enumerate(one.ledger))
    caps = [plan.cap for plan in answer.frontier]
    totals = [plan.measures.total for plan in answer.frontier]
    assert caps == sorted(caps) and totals == sorted(totals, reverse=True)
    assert all(plan.measures.worst_carried <= plan.cap for plan in answer.frontier)


def test_each_session_says_whom_an_hour_more_would_spare_and_whom_it_would_cost():
    series = three()
    (one,) = plans(replace(series, modes=("one",), caps=0)).plans
    for session, held in zip(series.sessions, one.sessions, strict=True):
        (start,) = held.starts
        assert [move.minutes for move in held.moves] == [-60, 60]
        for move in held.moves:
            then = {p.key: burden(p, start + timedelta(minutes=move.minutes), 90, series.scale) for p in series.places}
            now = {seat.place: seat.points for seat in held.seats}
            assert set(move.spared) == {key for key in now if then[key] < now[key]}
            assert set(move.burdened) == {key for key in now if then[key] > now[key]}
            assert move.change == sum(then.values()) - sum(now.values())
            assert move.allowed == ((start + timedelta(minutes=move.minutes)).date() in session.days)


def test_a_pinned_start_stays_and_days_too_soon_are_left_out():
    series = three()
    pinned = datetime(2027, 3, 9, 3, 15, tzinfo=UTC)
    sessions = (replace(series.sessions[0], pinned=(pinned,)), *series.sessions[1:])
    answer = plans(replace(series, sessions=sessions, caps=0, today=date(2027, 2, 2)))  # six weeks later is Tuesday 16 March
    assert [held.sessions[0].starts[0] for held in answer.plans[:2]] == [pinned, pinned]
    assert answer.of("two").sessions[0].starts == (pinned,)  # no day is left for another sitting
    (roomy,) = plans(replace(series, sessions=sessions, modes=("two",), caps=0)).plans
    assert pinned in roomy.sessions[0].starts and len(roomy.sessions[0].starts) == 2
    assert all(start.date() >= date(2027, 3, 16) for plan in answer.plans for held in plan.sessions[1:] for start in held.starts)
    with pytest.raises(Refused) as refused:
        plans(replace(series, today=date(2027, 3, 1)))
    assert (refused.value.where, refused.value.why) == ("session s0", "no_start")


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: Scale(steps=(Step(0, 10), Step(0, 5))), "scale.steps"),
        (lambda: Scale(steps=(Step(0, 10), Step(7, 5))), "scale.steps"),
        (lambda: Scale(steps=(Step(0, 101),)), "scale.points"),
        (lambda: Scale(busy=3), "scale.night"),
        (lambda: Place("p", "Mars/Olympus"), "place.zone"),
        (lambda: DayOff(MONDAY, 0), "off.weight"),
        (lambda: Hours("nap", 0, 60), "hours.kind"),
        (lambda: Hours("never", 60, 60), "hours"),
        (lambda: Session("s", ()), "session.days"),
        (lambda: Session("s", (MONDAY,), 50), "session.minutes"),
        (lambda: Attendance(most=5), "attendance"),
        (lambda: Effort(0), "effort"),
        (lambda: replace(three(), places=()), "places"),
        (lambda: replace(three(), modes=("three",)), "modes"),
        (lambda: replace(three(), zone="UTC+3"), "zone"),
        (lambda: replace(three(), sessions=(Session("s", (MONDAY,), speakers=frozenset("x")),)), "session.speakers"),
    ],
)
def test_what_cannot_be_planned_with_is_refused_by_the_name_of_its_field(make, where):
    with pytest.raises(Refused) as refused:
        make()
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("zone", "wall", "points"),
    [
        ("Africa/Nairobi", "2027-03-10 09:00", 0),  # a Wednesday
        ("Africa/Nairobi", "2027-03-10 15:45", 1),  # ends at 17:15
        ("Africa/Nairobi", "2027-03-10 19:00", 4),
        ("Africa/Nairobi", "2027-03-10 21:30", 7),
        ("Africa/Nairobi", "2027-03-10 23:00", 10),
        ("Africa/Nairobi", "2027-03-12 22:45", 10),  # over midnight into Saturday
        ("Asia/Kathmandu", "2027-03-10 07:30", 2),
        ("Asia/Kathmandu", "2027-03-08 10:00", 10),  # a holiday
        ("Asia/Kathmandu", "2027-03-09 10:00", 5),  # one that waits for the moon
        ("Asia/Kathmandu", "2027-03-11 12:30", 10),  # Thursday prayer
        ("Europe/Berlin", "2027-03-28 03:30", 10),  # the night the clocks change
    ],
)
def test_a_sitting_costs_what_its_worst_moment_costs(zone, wall, points):
    off = (DayOff(MONDAY), DayOff(MONDAY + timedelta(days=1), 50))
    place = Place("p", zone, off=off, hours=(Hours("prayer", 780, 840, frozenset((3,))),))
    start = zones.to_instant(datetime.fromisoformat(wall), zone)
    assert burden(place, start, 90, Scale()) == points
