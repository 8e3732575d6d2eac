"""The heat map: for each half hour, how many States can come, can if needed, cannot; and three suggestions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.exchanges.fair.bits import bits_of, counted, spans, throughout
from app.exchanges.fair.grid import burden, calendar_row, hours_mask, midnight, row
from app.exchanges.fair.places import Busy, Hours, Place
from app.exchanges.fair.scale import QUARTERS, Refused, Scale
from app.exchanges.fair.wall import local

LEVELS = ("can", "if_needed", "cannot")
SHADES = 5


@dataclass(frozen=True)
class Someone:
    """A person who would come: for which State, in which zone, and when never. The State's calendar holds too."""

    place: str
    zone: str
    hours: tuple[Hours, ...] = ()
    busy: tuple[Busy, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One half hour at which a session could begin. The first three add up to all States.

    A State can come when one of its people can; when none is known, when its own calendar allows it.
    """

    start: datetime
    can: int
    if_needed: int
    cannot: int
    people_can: int
    people_if_needed: int
    points: int
    """What the hour costs all States together, by their calendars."""
    shade: int
    """0 to 5: strongest only when all can come."""


@dataclass(frozen=True)
class Cost:
    """What a start costs one State, what it carries then, and how it can come (``LEVELS``)."""

    place: str
    points: int
    after: int
    level: str
    local_start: datetime
    local_end: datetime


@dataclass(frozen=True)
class Suggestion:
    """A start and why it is suggested: ``most``, ``balanced``, ``fairest``."""

    kind: str
    cell: Cell
    costs: tuple[Cost, ...]
    worst_after: int
    """The most that any State carries when this is taken."""


@dataclass(frozen=True)
class Heat:
    """The cells in order of time, and what is suggested of them."""

    cells: tuple[Cell, ...]
    suggestions: tuple[Suggestion, ...]


class _Masks:
    """When people and States can come gladly, and when at all: a bit for each quarter of an hour at which one could begin."""

    def __init__(self, places: Sequence[Place], people: Sequence[Someone], first: date, days: int, minutes: int, scale: Scale):
        self._scale, self._first, self._days = scale, first, days + 1
        self._quarters = -(-minutes // 15)
        self._bases: dict[tuple[str, str], tuple[int, int]] = {}
        by_key = {place.key: place for place in places}
        if any(one.place not in by_key for one in people):
            raise Refused("people.place", "unknown")
        self.rows = [row(place, scale, first, self._days) for place in places]
        self.people = [self._person(by_key[one.place], one) for one in people]
        self.states = self._states(places, people)

    def _levels(self, line: bytes) -> tuple[int, int]:
        return bits_of(line, self._scale.easy + 1), bits_of(line, self._scale.night)

    def _whole(self, levels: tuple[int, int]) -> tuple[int, int]:
        return throughout(levels[0], self._quarters), throughout(levels[1], self._quarters)

    def _person(self, place: Place, one: Someone) -> tuple[int, int]:
        base = self._bases.get((place.key, one.zone))
        if base is None:
            line = calendar_row(place, one.zone, self._scale, self._first, self._days)
            base = self._bases[place.key, one.zone] = self._levels(line)
        gladly, at_all = base
        for hard, mask in self._taken(one):
            gladly &= ~mask
            at_all &= ~mask if hard else -1
        return self._whole((gladly, at_all))

    def _taken(self, one: Someone) -> list[tuple[bool, int]]:
        """What this person's own hours take away: from coming at all, or only from coming gladly."""
        found = []
        for hours in one.hours:
            points = self._scale.of(hours.kind)
            if points > self._scale.easy:
                found.append((points >= self._scale.night, hours_mask(hours, one.zone, self._first, self._days)))
        begin = midnight(self._first)
        for stretch in one.busy:
            points = self._scale.of(stretch.kind)
            if points > self._scale.easy:
                piece = (stretch.begin - begin) // _QUARTER, -((begin - stretch.end) // _QUARTER)
                found.append((points >= self._scale.night, spans([piece])))
        return found

    def _states(self, places: Sequence[Place], people: Sequence[Someone]) -> list[tuple[int, int]]:
        best: dict[str, tuple[int, int]] = {}
        for one, (gladly, at_all) in zip(people, self.people, strict=True):
            had = best.get(one.place, (0, 0))
            best[one.place] = had[0] | gladly, had[1] | at_all
        return [
            best[place.key] if place.key in best else self._whole(self._levels(line))
            for place, line in zip(places, self.rows, strict=True)
        ]

    def under(self, points: int) -> list[int]:
        """For each State the starts that cost it less than this."""
        return [throughout(bits_of(line, points), self._quarters) for line in self.rows]

    def values(self) -> list[int]:
        """All points that occur."""
        return sorted(set().union(*(set(line) for line in self.rows)))

    def points(self, quarter: int) -> list[int]:
        """What a start costs each State."""
        return [max(line[quarter : quarter + self._quarters]) for line in self.rows]


_QUARTER = timedelta(minutes=15)


def heat(
    places: Sequence[Place],
    people: Sequence[Someone],
    *,
    first: date,
    days: int,
    minutes: int,
    scale: Scale,
    step: int = 30,
    among: Callable[[datetime], bool] | None = None,
) -> Heat:
    """The map of so many days from the first, in UTC; suggestions are made among the starts that are wanted."""
    if not places or not 1 <= days <= 62 or not 15 <= minutes <= 480 or step not in (15, 30, 60):
        raise Refused("heat", "range")
    masks = _Masks(places, people, first, days, minutes, scale)
    cells = _cells(masks, len(places), first, days, step)
    wanted = [number for number, cell in enumerate(cells) if among is None or among(cell.start)]
    return Heat(tuple(cells), tuple(_suggestions(masks, places, cells, wanted, minutes, step // 15)) if wanted else ())


def _cells(masks: _Masks, states: int, first: date, days: int, step: int) -> list[Cell]:
    length, every = days * QUARTERS, step // 15
    can = counted((gladly for gladly, _ in masks.states), length, every)
    at_all = counted((come for _, come in masks.states), length, every)
    people_can = counted((gladly for gladly, _ in masks.people), length, every)
    people_at_all = counted((come for _, come in masks.people), length, every)
    points, former = [0] * len(can), 0
    for value in masks.values():
        less = counted(masks.under(value), length, every) if value else [states] * len(can)
        if value:  # each State that does not stay under a value pays the step up to it
            points = [had + (value - former) * (states - one) for had, one in zip(points, less, strict=True)]
            former = value
    begin = midnight(first)
    columns = zip(can, at_all, people_can, people_at_all, points, strict=True)
    return [
        Cell(begin + number * every * _QUARTER, c, a - c, states - a, pc, pa - pc, p, SHADES * c // states)
        for number, (c, a, pc, pa, p) in enumerate(columns)
    ]


def _suggestions(
    masks: _Masks, places: Sequence[Place], cells: Sequence[Cell], wanted: Sequence[int], minutes: int, every: int
) -> list[Suggestion]:
    def most(number: int) -> tuple[int, ...]:
        cell = cells[number]
        return -cell.can, -cell.people_can, -cell.if_needed, cell.points, number

    def balanced(number: int) -> tuple[int, ...]:
        cell = cells[number]
        return cell.points, -cell.can, -cell.people_can, number

    chosen = (("most", min(wanted, key=most)), ("balanced", min(wanted, key=balanced)))
    fairest = _fairest(masks, places, wanted, every)
    return [_suggestion(masks, places, kind, cells[n], n * every, minutes) for kind, n in (*chosen, ("fairest", fairest))]


def _fairest(masks: _Masks, places: Sequence[Place], wanted: Sequence[int], every: int) -> int:
    """The start after which the worst State carries least, then the second worst and so on."""
    carried = [place.carried for place in places]
    values = masks.values()
    under = {value: masks.under(value + 1) for value in values}
    all_wanted = sum(1 << (number * every) for number in wanted)
    tops = sorted({had + value for had in set(carried) for value in values if had + value >= max(carried)})
    low, high = 0, len(tops) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _within(tops[middle], carried, values, under, all_wanted) else (middle + 1, high)
    left = _within(tops[low], carried, values, under, all_wanted)

    def order(number: int) -> tuple[list[int], int]:
        loads = [had + points for had, points in zip(carried, masks.points(number * every), strict=True)]
        return sorted(loads, reverse=True), number

    return min((number for number in wanted if left >> (number * every) & 1), key=order)


def _within(top: int, carried: Sequence[int], values: Sequence[int], under: dict[int, list[int]], mask: int) -> int:
    """The starts after which no State carries more than this."""
    for number, had in enumerate(carried):
        allowed = [value for value in values if had + value <= top]
        if not allowed:
            return 0
        mask &= under[allowed[-1]][number]
        if not mask:
            return 0
    return mask


def _suggestion(masks: _Masks, places: Sequence[Place], kind: str, cell: Cell, quarter: int, minutes: int) -> Suggestion:
    costs = tuple(
        _cost(
            place,
            points,
            "can" if gladly >> quarter & 1 else "if_needed" if at_all >> quarter & 1 else "cannot",
            cell.start,
            minutes,
        )
        for place, points, (gladly, at_all) in zip(places, masks.points(quarter), masks.states, strict=True)
    )
    return Suggestion(kind, cell, costs, max(cost.after for cost in costs))


def _cost(place: Place, points: int, level: str, start: datetime, minutes: int) -> Cost:
    begins, ends = local(start, place.zone), local(start + timedelta(minutes=minutes), place.zone)
    return Cost(place.key, points, place.carried + points, level, begins, ends)


def meaning(places: Sequence[Place], people: Sequence[Someone], *, start: datetime, minutes: int, scale: Scale) -> tuple[Cost, ...]:
    """What a chosen time means in each place, in the order given."""
    first = start.astimezone(UTC).date()
    masks = _Masks(places, people, first, 1 + minutes // 1440, minutes, scale)
    quarter = (start - midnight(first)) // _QUARTER
    levels = [(gladly >> quarter & 1, at_all >> quarter & 1) for gladly, at_all in masks.states]
    return tuple(
        _cost(place, burden(place, start, minutes, scale), LEVELS[2 - gladly - at_all], start, minutes)
        for place, (gladly, at_all) in zip(places, levels, strict=True)
    )
