"""What a plan is made of: places with their calendars, sessions with their candidate days, and the rules of the series."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.exchanges.fair.scale import Refused, Scale
from app.exchanges.fair.wall import known

HOURS = ("prayer", "ramadan", "busy", "never")
"""Kinds of hours a place has other uses for."""
MODES = ("fixed", "one", "two")
"""One sitting at the same hour each time; one that rotates; two of the same content that rotate."""
MOST_SESSIONS, MOST_PLACES, MOST_STARTS = 60, 250, 2000
"""What one plan may hold: more is refused before anything is reckoned."""


@dataclass(frozen=True)
class Hours:
    """Local hours that come again on these weekdays (Monday 0), between two dates if given; ``until`` may be 1440."""

    kind: str
    begin: int
    until: int
    weekdays: frozenset[int] = frozenset(range(7))
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in HOURS:
            raise Refused("hours.kind", "unknown")
        if not 0 <= self.begin < self.until <= 1440:
            raise Refused("hours", "order")
        if not self.weekdays <= frozenset(range(7)) or (self.first and self.last and self.last < self.first):
            raise Refused("hours", "days")


@dataclass(frozen=True)
class Busy:
    """A stretch of time, in UTC, that is taken (or, with another kind, excluded)."""

    begin: datetime
    end: datetime
    kind: str = "busy"

    def __post_init__(self) -> None:
        if self.kind not in HOURS:
            raise Refused("busy.kind", "unknown")
        if self.begin.utcoffset() is None or self.end.utcoffset() is None or self.end <= self.begin:
            raise Refused("busy", "order")


@dataclass(frozen=True)
class DayOff:
    """A holiday; an estimated one has the weight 50, a certain one 100."""

    day: date
    weight: int = 100

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 100:
            raise Refused("off.weight", "range")


@dataclass(frozen=True)
class Place:
    """A State as the plan sees it: a key, a zone and a calendar. ``carried`` are points from series before this one."""

    key: str
    zone: str
    weekend: frozenset[int] = frozenset((5, 6))
    off: tuple[DayOff, ...] = ()
    hours: tuple[Hours, ...] = ()
    busy: tuple[Busy, ...] = ()
    people: int = 1
    carried: int = 0

    def __post_init__(self) -> None:
        if not self.key:
            raise Refused("place.key", "missing")
        if not known(self.zone):
            raise Refused("place.zone", "unknown")
        if not self.weekend <= frozenset(range(7)):
            raise Refused("place.weekend", "days")
        if self.people < 0 or not 0 <= self.carried <= 1_000_000:
            raise Refused("place.carried", "range")


@dataclass(frozen=True)
class Session:
    """One session to be placed: its candidate days and the window of starts in the zone of the series."""

    key: str
    days: tuple[date, ...]
    minutes: int = 90
    begin: int = 0
    until: int = 1440
    """Starts from ``begin`` up to, not including, ``until``: minutes of the day."""
    speakers: frozenset[str] = frozenset()
    interpreters: int = 0
    """How many interpreters one sitting needs."""
    hosts: int = 1
    """How many people of the host sit in one sitting."""
    pinned: tuple[datetime, ...] = ()
    """Starts that were picked by hand: the plan keeps them."""

    def __post_init__(self) -> None:
        if not self.key or not self.days or len(set(self.days)) != len(self.days):
            raise Refused("session.days", "missing")
        if not 15 <= self.minutes <= 480 or self.minutes % 15:
            raise Refused("session.minutes", "range")
        if not 0 <= self.begin < self.until <= 1440:
            raise Refused("session.window", "order")
        if len(self.pinned) > 2 or any(one.utcoffset() is None for one in self.pinned):
            raise Refused("session.pinned", "range")


@dataclass(frozen=True)
class Attendance:
    """A stated, simple guess of how many come: so many percent at no points, fewer with each point, never under the least."""

    most: int = 90
    each_point: int = 8
    least: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most <= 100 or not 0 <= self.each_point <= 100:
            raise Refused("attendance", "range")

    def percent(self, points: int) -> int:
        """How many of a hundred people come to a sitting that costs them so many points."""
        return max(self.least, self.most - self.each_point * points)


@dataclass(frozen=True)
class Effort:
    """How long the solver may work, in its own time, which runs the same on any machine; about seconds on this one."""

    each_mode: float = 12.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0.1 <= self.each_mode <= 600:
            raise Refused("effort", "range")


@dataclass(frozen=True)
class Series:
    """All that a plan is made of. Sessions stand in the order in which they are held."""

    places: tuple[Place, ...]
    sessions: tuple[Session, ...]
    today: date
    zone: str = "UTC"
    """The zone in which candidate days, windows and the fixed hour are reckoned."""
    step: int = 30
    two_step: int = 60
    weeks_ahead: int = 6
    speaker_weight: int = 2
    """A speaker's place counts so many times the points in the session it speaks in."""
    modes: tuple[str, ...] = MODES
    caps: int = 4
    """How many plans between the fairest and the best fixed hour."""
    scale: Scale = field(default_factory=Scale)
    attendance: Attendance = field(default_factory=Attendance)
    effort: Effort = field(default_factory=Effort)

    def __post_init__(self) -> None:
        if not 1 <= len(self.places) <= MOST_PLACES or len({p.key for p in self.places}) != len(self.places):
            raise Refused("places", "range")
        if not 1 <= len(self.sessions) <= MOST_SESSIONS or len({s.key for s in self.sessions}) != len(self.sessions):
            raise Refused("sessions", "range")
        if not known(self.zone):
            raise Refused("zone", "unknown")
        if self.step not in (15, 30, 60) or self.two_step not in (15, 30, 60, 120):
            raise Refused("step", "range")
        if not 0 <= self.weeks_ahead <= 52 or not 1 <= self.speaker_weight <= 10 or not 0 <= self.caps <= 10:
            raise Refused("series", "range")
        if not self.modes or not set(self.modes) <= set(MODES):
            raise Refused("modes", "unknown")
        keys = {place.key for place in self.places}
        if any(not session.speakers <= keys for session in self.sessions):
            raise Refused("session.speakers", "unknown")
        if any(len(s.days) * (s.until - s.begin) > MOST_STARTS * 15 for s in self.sessions):
            raise Refused("session.days", "range")

    @property
    def not_before(self) -> date:
        """The first day on which a session may be held: people are told so many weeks ahead."""
        return self.today + timedelta(weeks=self.weeks_ahead)
