"""Fair hours: the plan of a series and the heat map, on the case that the standard of exchanges was measured with.

Twenty-four countries from Mexico to Fiji, twelve fortnightly sessions of 90 minutes from 11 January 2027, Monday to Friday.
Seconds are those of the processor: the machine may have other work.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from app.core import zones
from app.exchanges.fair.heat import Someone, heat
from app.exchanges.fair.places import Busy, DayOff, Effort, Hours, Place, Series, Session
from app.exchanges.fair.plan import Answer, Plan, Progress
from app.exchanges.fair.planner import plans
from app.exchanges.fair.scale import Scale
from app.exchanges.fair.wire import packed
from bench.figures import Figure
from bench.house import House

WHERE = {
    "MX": "America/Mexico_City", "SV": "America/El_Salvador", "CO": "America/Bogota", "PE": "America/Lima", "CA": "America/Toronto",
    "BR": "America/Sao_Paulo", "PT": "Europe/Lisbon", "MA": "Africa/Casablanca", "SN": "Africa/Dakar", "GH": "Africa/Accra",
    "NG": "Africa/Lagos", "DE": "Europe/Berlin", "EG": "Africa/Cairo", "MD": "Europe/Chisinau", "KE": "Africa/Nairobi",
    "ET": "Africa/Addis_Ababa", "IQ": "Asia/Baghdad", "AZ": "Asia/Baku", "BD": "Asia/Dhaka", "NP": "Asia/Kathmandu",
    "TH": "Asia/Bangkok", "PH": "Asia/Manila", "ID": "Asia/Jakarta", "FJ": "Pacific/Fiji",
}  # fmt: skip
BEGINS, TODAY = date(2027, 1, 11), date(2026, 11, 1)
STATES, PEOPLE, DAYS = 193, 1000, 14


def measure(house: House) -> Iterator[Figure]:
    """The plans, each mode by itself, then the map."""
    fixed = _plan(reference(12, ("fixed",)))[0]
    worst = fixed.plans[0].measures.worst
    yield Figure("exchanges: best fixed hour, worst", worst, "points")
    yield from _six()
    yield from _one(worst)
    yield from _two(worst)
    yield from _map()


def reference(count: int, modes: tuple[str, ...], effort: float = 12.0, caps: int = 0) -> Series:
    """So many sessions of the case."""
    places = tuple(_place(code, zone) for code, zone in WHERE.items())
    sessions = tuple(
        Session(f"s{number}", tuple(BEGINS + timedelta(days=14 * number + day) for day in range(5))) for number in range(count)
    )
    return Series(places, sessions, TODAY, modes=modes, caps=caps, effort=Effort(effort))


def _place(code: str, zone: str) -> Place:
    import holidays

    kept = holidays.country_holidays(code, years=2027)
    off = tuple(DayOff(day, 50 if "estimated" in name else 100) for day, name in sorted(kept.items()))
    return Place(code, zone, frozenset(kept.weekend), off)


def _plan(series: Series) -> tuple[Answer, float, list[tuple[float, Progress]]]:
    """The answer, seconds of the processor, and when which news came."""
    began, news = time.process_time(), list[tuple[float, Progress]]()
    answer = plans(series, told=lambda progress: news.append((time.process_time() - began, progress)))
    return answer, time.process_time() - began, news


def _six() -> Iterator[Figure]:
    answer, took, _ = _plan(reference(6, ("one",), effort=30.0))
    yield Figure("exchanges: 6 sessions, proven", took, "s of processor", 10)
    yield from _proven("6 sessions", answer.plans[0])


def _proven(name: str, plan: Plan) -> Iterator[Figure]:
    missing = plan.proof.of_levels - plan.proof.levels
    yield Figure(f"exchanges: {name}, levels not proven", missing, "levels", 0)
    yield Figure(f"exchanges: {name}, worst over bound", plan.measures.worst - plan.proof.bound, "points", 0)


def _one(fixed: int) -> Iterator[Figure]:
    series = reference(12, ("fixed", "one"), caps=4)
    answer, took, _ = _plan(series)
    plan = answer.of("one")
    assert plan is not None
    added = [line.added for line in plan.ledger]
    yield Figure("exchanges: 12 sessions, all stages", took, "s of processor", 60)
    yield Figure("exchanges: worst State over bound", plan.measures.worst - plan.proof.bound, "points", 1)
    yield from _shown("one", plan, fixed, 42)
    yield Figure("exchanges: one, worst of the mean", max(added) / (sum(added) / len(added)), "times", 1.25)
    for one in answer.frontier:
        yield Figure(f"exchanges: cap {one.cap}, total over bound", one.measures.total - one.proof.total_bound, "points")
        yield Figure(f"exchanges: cap {one.cap}, total", one.measures.total, f"gini {one.measures.gini:.3f}")
    same = packed(_plan(reference(12, ("one",), 2.0))[0]) == packed(_plan(reference(12, ("one",), 2.0))[0])
    yield Figure("exchanges: same input, same plan", int(same), "yes", 1, at_least=True)


def _shown(name: str, plan: Plan, fixed: int, limit: int) -> Iterator[Figure]:
    held = plan.measures
    yield Figure(f"exchanges: {name}, worst of best fixed", 100 * held.worst / fixed, "%", limit)
    yield Figure(f"exchanges: {name}, worst State", held.worst, "points")
    yield Figure(f"exchanges: {name}, total", held.total, f"gini {held.gini:.3f}")
    yield Figure(f"exchanges: {name}, night seats", held.nights, f"of {held.seats}")
    yield Figure(f"exchanges: {name}, nights in a row", held.nights_in_a_row, "times", 0)


def _two(fixed: int) -> Iterator[Figure]:
    answer, took, _ = _plan(reference(12, ("two",)))
    yield Figure("exchanges: two sittings, proven", took, "s of processor", 10)
    yield from _proven("two sittings", answer.plans[0])
    yield from _shown("two", answer.plans[0], fixed, 9)


def _map() -> Iterator[Figure]:
    places, people = _world()
    took = []
    for _ in range(5):
        began = time.process_time()
        found = heat(places, people, first=date(2027, 3, 8), days=DAYS, minutes=90, scale=Scale())
        took.append(1000 * (time.process_time() - began))
    yield Figure("exchanges: heat map, first time", took[0], "ms of processor", 150)
    yield Figure("exchanges: heat map, again", sorted(took[1:])[2], "ms of processor", 150)
    yield Figure("exchanges: half hours of it", len(found.cells), "cells", DAYS * 48, at_least=True)


def _world() -> tuple[list[Place], list[Someone]]:
    """Every State with holidays and a ledger, every person with hours of their own and three appointments."""
    draw, known = random.Random(1), zones.listed()
    begin = datetime(2027, 3, 8, tzinfo=UTC)
    weekends = (frozenset((5, 6)), frozenset((4, 5)), frozenset((6,)))
    places = [
        Place(
            f"p{n}",
            draw.choice(known),
            draw.choice(weekends),
            tuple(DayOff(date(2027, 3, draw.randrange(1, 29)), draw.choice((50, 100))) for _ in range(3)),
            carried=draw.randrange(60),
        )
        for n in range(STATES)
    ]
    people = []
    for n in range(PEOPLE):
        starts = [begin + timedelta(minutes=draw.randrange(20_000)) for _ in range(3)]
        never = Hours("never", 15 * draw.randrange(40), 15 * draw.randrange(41, 96), frozenset(draw.sample(range(7), 3)))
        place = places[n % STATES]
        busy = tuple(Busy(start, start + timedelta(minutes=draw.randrange(20, 200))) for start in starts)
        people.append(Someone(place.key, draw.choice((place.zone, draw.choice(known))), (never,), busy))
    return places, people
