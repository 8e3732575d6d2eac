"""The heat map: equal to a plain loop over States, people and half hours."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import zones
from app.exchanges.fair.grid import burden
from app.exchanges.fair.heat import Someone, heat, meaning
from app.exchanges.fair.places import Busy, DayOff, Hours, Place
from app.exchanges.fair.scale import Refused, Scale, Step

KINDS = ("prayer", "ramadan", "busy", "never")
ODD = Scale(steps=(Step(0, 9), Step(405, 3), Step(510, 0), Step(1035, 6)), ramadan=4, prayer=2, night=8, easy=2, busy=8)


def world(number):
    draw = random.Random(number)
    first = date(2027, draw.choice((3, 10)), draw.randrange(1, 28))  # clocks change in most of these fortnights
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)

    def hours():
        start = 5 * draw.randrange(200)
        days = frozenset(draw.sample(range(7), draw.randrange(1, 6)))
        until = draw.choice((None, first + timedelta(days=5)))
        return Hours(draw.choice(KINDS), start, draw.randrange(start + 1, 1441), days, None, until)

    def busy():
        start = begin + timedelta(minutes=draw.randrange(-500, 20_000))
        return Busy(start, start + timedelta(minutes=draw.randrange(1, 900)), draw.choice(KINDS))

    places = [
        Place(
            f"p{n}",
            draw.choice(zones.listed()),
            draw.choice((frozenset((5, 6)), frozenset((4, 5)), frozenset())),
            tuple(DayOff(first + timedelta(days=draw.randrange(-1, 15)), draw.choice((30, 50, 100))) for _ in range(2)),
            tuple(hours() for _ in range(draw.randrange(3))),
            tuple(busy() for _ in range(draw.randrange(2))),
            carried=draw.choice((0, 7, 30)),
        )
        for n in range(5)
    ]
    people = [
        Someone(
            f"p{draw.randrange(4)}",  # nobody is known of the last place
            draw.choice(zones.listed()),
            tuple(hours() for _ in range(draw.randrange(3))),
            tuple(busy() for _ in range(draw.randrange(3))),
        )
        for _ in range(6)
    ]
    return places, people, first, draw.choice((Scale(), ODD)), draw.choice((30, 75, 90, 180))


def level(points, scale):
    return 0 if points <= scale.easy else 1 if points < scale.night else 2


def at(places, people, start, minutes, scale):
    """How each State can come, how each person can, what each State pays."""
    own = {place.key: place for place in places}
    persons = []
    for one in people:
        home = own[one.place]
        there = Place(one.place, one.zone, home.weekend, home.off, home.hours + one.hours, home.busy + one.busy)
        persons.append(level(burden(there, start, minutes, scale), scale))
    pays = [burden(place, start, minutes, scale) for place in places]
    states = []
    for place, points in zip(places, pays, strict=True):
        known = [had for one, had in zip(people, persons, strict=True) if one.place == place.key]
        states.append(min(known) if known else level(points, scale))
    return states, persons, pays


@pytest.mark.parametrize("number", range(8))
def test_the_map_is_what_a_plain_loop_says(number):
    places, people, first, scale, minutes = world(number)
    found = heat(places, people, first=first, days=6, minutes=minutes, scale=scale)
    assert len(found.cells) == 6 * 48
    orders = []
    for n, cell in enumerate(found.cells):
        assert cell.start == datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=30 * n)
        states, persons, pays = at(places, people, cell.start, minutes, scale)
        assert (cell.can, cell.if_needed, cell.cannot) == tuple(states.count(k) for k in range(3)), cell
        assert (cell.people_can, cell.people_if_needed) == (persons.count(0), persons.count(1)), cell
        assert cell.points == sum(pays) and (cell.shade == 5) == (cell.can == len(places)), cell
        orders.append((sorted((p.carried + paid for p, paid in zip(places, pays, strict=True)), reverse=True), cell.start))
    most, balanced, fairest = found.suggestions
    assert [one.kind for one in found.suggestions] == ["most", "balanced", "fairest"]
    assert most.cell.can == max(cell.can for cell in found.cells)
    assert balanced.cell.points == min(cell.points for cell in found.cells)
    assert (sorted((c.after for c in fairest.costs), reverse=True), fairest.cell.start) == min(orders)
    for one in found.suggestions:
        told = meaning(places, people, start=one.cell.start, minutes=minutes, scale=scale)
        assert one.costs == told and one.worst_after == max(cost.after for cost in told)
        states, _, pays = at(places, people, one.cell.start, minutes, scale)
        assert [(c.points, ("can", "if_needed", "cannot").index(c.level)) for c in told] == list(zip(pays, states, strict=True))
        ends = one.cell.start + timedelta(minutes=minutes)
        for cost, place in zip(told, places, strict=True):
            assert cost.local_start == zones.to_wall(one.cell.start, place.zone).replace(tzinfo=None)
            assert cost.local_end == zones.to_wall(ends, place.zone).replace(tzinfo=None)


def test_suggestions_are_made_among_the_starts_that_are_wanted():
    places, people, first, scale, minutes = world(1)
    found = heat(places, people, first=first, days=3, minutes=minutes, scale=scale, among=lambda start: start.hour == 4)
    assert {one.cell.start.hour for one in found.suggestions} == {4} and len(found.cells) == 144
    assert not heat(places, people, first=first, days=3, minutes=minutes, scale=scale, among=lambda start: False).suggestions


def test_a_map_without_states_or_of_strangers_is_refused():
    places, _, first, scale, minutes = world(1)
    for who, whom in (([], []), (places, [Someone("nowhere", "UTC")])):
        with pytest.raises(Refused):
            heat(who, whom, first=first, days=3, minutes=minutes, scale=scale)
