"""The starts a session could have, what each costs every place, and those that can be left out because another is never worse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.exchanges.fair.grid import midnight, row
from app.exchanges.fair.places import Series, Session
from app.exchanges.fair.scale import QUARTERS, Refused
from app.exchanges.fair.wall import instants

Points = tuple[int, ...]
"""Points of each place, in the order of the series."""


@dataclass(frozen=True)
class Option:
    """What one session may cost, and all starts (one or two sittings) that cost exactly this."""

    points: Points
    starts: tuple[tuple[datetime, ...], ...]


class Costs:
    """What a start costs each place; reckoned once for the whole series."""

    def __init__(self, series: Series) -> None:
        days = [day for session in series.sessions for day in session.days]
        days += [one.astimezone(UTC).date() for session in series.sessions for one in session.pinned]
        self._first = min(days) - timedelta(days=2)
        span = (max(days) - self._first).days + 4
        self._begin = midnight(self._first)
        self._rows = [row(place, series.scale, self._first, span) for place in series.places]
        self._length = span * QUARTERS

    def holds(self, start: datetime, minutes: int) -> bool:
        """Is this within the days that were reckoned?"""
        begin = (start - self._begin) // timedelta(minutes=15)
        return begin >= 0 and begin + minutes // 15 < self._length

    def of(self, start: datetime, minutes: int) -> Points:
        """Points of each place for a sitting that begins then."""
        begin = (start - self._begin) // timedelta(minutes=15)
        end = -((self._begin - start - timedelta(minutes=minutes)) // timedelta(minutes=15))
        return tuple(max(one[begin:end]) for one in self._rows)


def candidates(series: Series, session: Session, step: int) -> tuple[datetime, ...]:
    """All starts a sitting of the session may have, in order of time; none when all its days are too soon."""
    found = set()
    for day in session.days:
        if day < series.not_before:
            continue
        for minute in range(session.begin, session.until, step):
            at = instants(datetime.combine(day, time(minute // 60, minute % 60)), series.zone)
            if at is not None:
                found.add(at)
    return tuple(sorted(found))


def starts(series: Series, session: Session, step: int) -> tuple[datetime, ...]:
    """The same, ``Refused`` when there are none."""
    found = candidates(series, session, step)
    if not found:
        raise Refused(f"session {session.key}", "no_start")
    return found


def better(one: Points, other: Points) -> Points:
    """Each place takes the sitting that costs it less."""
    return tuple(map(min, one, other))


def apart(one: datetime, other: datetime, minutes: int) -> bool:
    """Do two sittings not overlap?"""
    return abs(one - other) >= timedelta(minutes=minutes)


def single(series: Series, session: Session, costs: Costs) -> tuple[Option, ...]:
    """What one sitting of the session may cost, without what another start undercuts."""
    if session.pinned:
        at = session.pinned[:1]
        return (Option(costs.of(at[0], session.minutes), (at,)),)
    return undominated(_grouped((costs.of(at, session.minutes), (at,)) for at in starts(series, session, series.step)))


def double(series: Series, session: Session, costs: Costs) -> tuple[Option, ...]:
    """What two sittings of the session may cost."""
    if len(session.pinned) == 2:
        first, second = (costs.of(at, session.minutes) for at in session.pinned)
        return (Option(better(first, second), (tuple(sorted(session.pinned)),)),)
    find = candidates if session.pinned else starts
    groups = _grouped((costs.of(at, session.minutes), (at,)) for at in find(series, session, series.two_step))
    left = [Option(costs.of(at, session.minutes), ((at,),)) for at in session.pinned] or groups
    pairs: dict[Points, list[tuple[datetime, ...]]] = {}
    for number, one in enumerate(left):
        for other in groups if session.pinned else groups[number:]:
            both = _together(one, other, session.minutes)
            if both:
                pairs.setdefault(better(one.points, other.points), []).extend(both)
    if not pairs and session.pinned:  # no day is left for a second sitting beside the one picked by hand
        return tuple(left)
    if not pairs:
        raise Refused(f"session {session.key}", "no_pair")
    return undominated([Option(points, tuple(sorted(set(both)))) for points, both in sorted(pairs.items())])


def _together(one: Option, other: Option, minutes: int) -> list[tuple[datetime, ...]]:
    """Pairs of starts of these two that do not overlap."""
    both = ((a, b) for (a,) in one.starts for (b,) in other.starts if apart(a, b, minutes))
    return [(min(pair), max(pair)) for pair in both]


def _grouped(found: Iterable[tuple[Points, tuple[datetime, ...]]]) -> list[Option]:
    groups: dict[Points, list[tuple[datetime, ...]]] = {}
    for points, at in found:
        groups.setdefault(points, []).append(at)
    return [Option(points, tuple(sorted(at))) for points, at in sorted(groups.items())]


def undominated(options: Sequence[Option]) -> tuple[Option, ...]:
    """Without options that cost nobody less and somebody more than another: no best plan holds one of them."""
    guards = sum(0x8000 << (16 * number) for number in range(len(options[0].points))) if options else 0
    kept: list[tuple[int, Option]] = []
    for option in sorted(options, key=lambda one: (sum(one.points), one.points)):
        packed = sum(points << (16 * number) for number, points in enumerate(option.points)) | guards
        if not any((packed - other) & guards == guards for other, _ in kept):
            kept.append((packed ^ guards, option))
    return tuple(option for _, option in kept)


def same_hour(series: Series, session: Session) -> dict[tuple[int, int], datetime]:
    """The starts of a session by weekday and minute of the day in the series' zone; the first when there are several."""
    found: dict[tuple[int, int], datetime] = {}
    for day in sorted(session.days):
        if day < series.not_before:
            continue
        for minute in range(session.begin, session.until, series.step):
            at = instants(_wall(day, minute), series.zone)
            if at is not None:
                found.setdefault((day.weekday(), minute), at)
    return found


def _wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60))
