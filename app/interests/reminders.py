"""Which co-leads are to be reminded of an opinion at a moment. Nothing is planned ahead; the scan heals itself.

Two working days before the deadline, and once on its day; both at nine in the morning where the co-lead is, on working
days of their organisation. The first is worth saying until the second is due, the second until the deadline.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from app.core import days
from app.extensions import db
from app.interests import messages
from app.interests.opinion_models import Opinion
from app.interests.queries.opinions import REACH, silent_co_leads, weekends_of
from app.notifications import outbox
from app.notifications.models import Message

BEFORE = 2  # working days
HOUR = time(9)
BATCH = 1000


@dataclass(frozen=True)
class Due:
    """One reminder to one co-lead: from a moment on, until a moment."""

    opinion: Opinion
    last: bool
    begins: datetime
    ends: datetime

    @property
    def key(self) -> str:
        """The same deadline is told a person once each way."""
        word = "last" if self.last else "soon"
        return f"opinion-reminder:{self.opinion.id}:{self.opinion.person_id}:{word}"


def queue_due(now: datetime, most: int = BATCH) -> int:
    """Queue what is due; answers how many letters were new. Running it twice, or in two workers, says it once."""
    written = 0
    for batch in _batches(now, now, most):
        due = [d for d in _reminders(batch, now) if d.begins <= now < d.ends]
        said = set(db.session.scalars(select(Message.key).where(Message.key.in_([d.key for d in due])))) if due else set()
        letters = [
            messages.opinion_reminder(d.opinion, key=d.key, last=d.last, expires_at=d.ends) for d in due if d.key not in said
        ]
        written += outbox.queue(letters, now=now)
    return written


def moments_between(after: datetime, until: datetime) -> list[datetime]:
    """The moments at which reminders fall due in a span, in order: a clock that jumps can stop at each."""
    found = {d.begins for batch in _batches(after, until, BATCH) for d in _reminders(batch, after)}
    return sorted(moment for moment in found if after < moment <= until)


def _reminders(batch: list[Opinion], now: datetime) -> Iterator[Due]:
    weekends = weekends_of({o.person_id for o in batch}, now.date())
    for opinion in batch:
        zone, weekend, due_on = opinion.person.zone, weekends[opinion.person_id], opinion.request.due_on
        end = days.end_of(due_on, zone)
        last = due_on if days.is_working(due_on, weekend) else days.working_days_before(due_on, 1, weekend)
        soon = days.working_days_before(due_on, BEFORE, weekend)
        at_last = days.instant(last, HOUR, zone)
        asked = opinion.request.asked_at
        if soon < last and asked <= days.instant(soon, HOUR, zone):  # asked later than that, it was just said
            yield Due(opinion, False, days.instant(soon, HOUR, zone), at_last)
        if asked <= at_last:
            yield Due(opinion, True, at_last, end)


def _batches(after: datetime, until: datetime, size: int) -> Iterator[list[Opinion]]:
    """Silent co-leads whose deadline is near enough for anything to be said in this span, a batch at a time."""
    last: uuid.UUID | None = None
    while batch := silent_co_leads((after - REACH).date(), (until + REACH).date(), last, size):
        yield batch
        last = batch[-1].id
        if len(batch) < size:
            return
