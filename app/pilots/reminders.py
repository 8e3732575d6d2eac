"""Which reminders of milestones are due at a moment and not written yet. Nothing is planned ahead; the scan heals itself.

The day is worked out on the working days of the State that runs the pilot, the hour is nine in the morning where the
recipient is. A reminder before the date that would fall on a day off is said on the working day before; one after the
date, on the next working day. Each is worth saying until the next one's moment comes, so a scan after downtime says the
one that is true now and not those it missed. The key holds the date: a changed date is told again, the same date once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from app.accounts.models import Person
from app.calendars.queries import calendars_of
from app.calendars.state import StateCalendar
from app.core import zones
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message
from app.notifications.outbox import Letter, register_revision_check
from app.pilots import deadlines, messages
from app.pilots.models import Milestone
from app.pilots.queries import SUBJECT, Candidate, candidates, present_versions

register_revision_check(SUBJECT, present_versions)  # a mail of a former date is void, even in a sender's hands

BEFORE = (14, 3)  # days before the date, to the owner
LONG = 14  # days overdue, to the co-lead
HOUR = time(9)
WORTH_SAYING = timedelta(days=14)
"""After the date a reminder is said for so long; older news came some other way."""
_REACH = timedelta(days=LONG + 14 + 14)
BATCH = 1000

Words = Callable[..., Letter]
Calendars = Mapping[uuid.UUID, StateCalendar]


@dataclass(frozen=True)
class Due:
    """One thing to say to one person: from a moment on, until a moment."""

    milestone: Milestone
    to: Person
    rule: str
    begins: datetime
    ends: datetime

    @property
    def key(self) -> str:
        """The same date is told a person once, whatever happens between."""
        return f"milestone-{self.rule}:{self.milestone.id}:{self.milestone.due_on.isoformat()}:{self.to.id}"

    def letter(self) -> Letter:
        """The letter that says it."""
        words: Words = {"overdue": messages.overdue, "long": messages.long_overdue}.get(self.rule, messages.due)
        return words(self.milestone, self.to, key=self.key, expires_at=self.ends)


def queue_due(now: datetime, most: int = BATCH) -> int:
    """Queue what is due; answers how many letters were new. Running it twice, or in two workers, says it once."""
    written = 0
    for batch in _batches(now, now, most):
        days = _calendars(batch, now, now)
        due = [d for one in batch for d in reminders_of(one, days) if d.begins <= now < d.ends]
        said = _said(d.key for d in due)
        new = [d for d in due if d.key not in said]
        messages.keep_codes({d.milestone.id: d.milestone for d in new if d.to.id == d.milestone.owner_id}.values())
        written += outbox.queue([d.letter() for d in new], now=now)
    return written


def moments_between(after: datetime, until: datetime) -> list[datetime]:
    """The moments at which reminders fall due in a span, in order: a clock that jumps can stop at each."""
    found = {
        due.begins
        for batch in _batches(after, until, BATCH)
        for days in (_calendars(batch, after, until),)
        for candidate in batch
        for due in reminders_of(candidate, days)
        if after < due.begins <= until
    }
    return sorted(found)


def _calendars(batch: list[Candidate], after: datetime, until: datetime) -> Calendars:
    """The working days and holidays of the States that run these pilots, around the dates that matter."""
    states = {c.milestone.pilot.state.id: c.milestone.pilot.state for c in batch}
    return calendars_of(states.values(), after.date() - 2 * _REACH, until.date() + 2 * _REACH)


def reminders_of(candidate: Candidate, days: Calendars | None = None) -> Iterator[Due]:
    """Everything that is ever said of a milestone's present date, with the span in which it is worth saying."""
    milestone, state = candidate.milestone, candidate.milestone.pilot.state
    weekend: deadlines.DaysOff = (days or {}).get(state.id, state.weekend)
    last = deadlines.last_day(milestone.due_on, weekend)
    late = deadlines.working_day_from(last + deadlines.DAY, weekend)
    if candidate.owner is not None:
        said_on = [deadlines.working_day_until(milestone.due_on - timedelta(days=n), weekend) for n in BEFORE]
        for n, day, end in zip(BEFORE, said_on, [*said_on[1:], last + deadlines.DAY], strict=True):
            if day < end:
                yield _due(milestone, candidate.owner, f"due-{n}", day, end)
        yield _due(milestone, candidate.owner, "overdue", late, late + WORTH_SAYING)
    if candidate.co_lead is not None:
        day = deadlines.working_day_from(last + timedelta(days=LONG), weekend)
        yield _due(milestone, candidate.co_lead, "long", day, day + WORTH_SAYING)


def _due(milestone: Milestone, to: Person, rule: str, day: date, end: date) -> Due:
    return Due(milestone, to, rule, _nine(day, to.zone), _nine(end, to.zone) if rule != "due-3" else _midnight(end, to.zone))


def _nine(day: date, zone: str) -> datetime:
    return _instant(datetime.combine(day, HOUR), zone)


def _midnight(day: date, zone: str) -> datetime:
    return _instant(datetime.combine(day, time()), zone)


def _instant(wall: datetime, zone: str) -> datetime:
    """The instant of a wall time; where a clock change skips or repeats it, the first that comes."""
    try:
        return zones.to_instant(wall, zone)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, zone)
    except zones.Fold as fold:
        return fold.first


def _batches(after: datetime, until: datetime, size: int) -> Iterator[list[Candidate]]:
    """Open milestones whose date is near enough for anything to be said in this span, a batch at a time."""
    since, to = after.date() - _REACH, until.date() + _REACH
    last: uuid.UUID | None = None
    while batch := candidates(since, to, last, size):
        yield batch
        last = batch[-1].milestone.id
        if len(batch) < size:
            return


def _said(keys: Iterator[str]) -> set[str]:
    """Those of these keys that were written before."""
    wanted = list(keys)
    return set(db.session.scalars(select(Message.key).where(Message.key.in_(wanted)))) if wanted else set()
