"""Which reminders are due to whom at which hour, worked out apart from the platform: from what was done, and what is promised.

What is promised: a rule speaks so many minutes before the start, to those who then held a seat, or had not answered; it is
worth saying for half of that span, twelve hours at most; never after the start, never of a time or a session that is gone;
each once for each time the session was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60
SEATED, SILENT = "session-reminder", "session-nudge"
RULES = ((7 * DAY, SEATED), (DAY, SEATED), (60, SEATED), (5 * DAY, SILENT))

Word = tuple[str, str, str, int, int]
"""What is said: session, address, kind, minutes before, and which of the session's times it speaks of."""


@dataclass
class Guest:
    """Somebody invited to a session."""

    address: str
    zone: str
    invited_at: datetime
    answered: bool = False
    seat_since: datetime | None = None


@dataclass
class Meeting:
    """A session: the times it was given, each with the moment that was done."""

    session: str
    zone: str
    times: list[tuple[datetime, datetime]]  # start, and when it was set
    cancelled_at: datetime | None = None
    guests: list[Guest] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        """Its present time."""
        return self.times[-1][0]

    def start_at(self, moment: datetime) -> datetime | None:
        """Its time as it stood at a moment; nothing once it was cancelled."""
        if self.cancelled_at is not None and self.cancelled_at <= moment:
            return None
        known = [start for start, since in self.times if since <= moment]
        return known[-1] if known else None


def instant(wall: datetime, zone: str) -> datetime:
    """A wall time in a zone, in UTC."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on_the_clock(moment: datetime, zone: str) -> str:
    """What clocks show there."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%H:%M")


@dataclass
class Ledger:
    """What was done so far, and what was to be said."""

    meetings: list[Meeting] = field(default_factory=list)
    said: dict[Word, datetime] = field(default_factory=dict)  # and at which look at the clock it had to be

    def look(self, now: datetime) -> set[Word]:
        """What is due at this moment and was not before."""
        fresh = {word for meeting in self.meetings for word in _due(meeting, now)} - self.said.keys()
        self.said |= dict.fromkeys(fresh, now)
        return fresh

    def next_moment(self, after: datetime) -> datetime | None:
        """The next moment at which some rule begins to speak."""
        moments = (
            meeting.start - timedelta(minutes=minutes)
            for meeting in self.meetings if meeting.cancelled_at is None for minutes, _kind in RULES
        )  # fmt: skip
        return min((moment for moment in moments if moment > after), default=None)


def _due(meeting: Meeting, now: datetime) -> Iterator[Word]:
    start, since = meeting.times[-1]
    if meeting.cancelled_at is not None or now >= start:
        return
    for minutes, kind in RULES:
        moment = start - timedelta(minutes=minutes)
        if not moment <= now < moment + timedelta(minutes=min(minutes // 2, 12 * 60)) or since > moment:
            continue
        for guest in meeting.guests:
            seated = guest.seat_since is not None and guest.seat_since <= moment
            silent = not guest.answered and guest.invited_at <= moment
            if seated if kind == SEATED else silent:
                yield meeting.session, guest.address, kind, minutes, len(meeting.times)
