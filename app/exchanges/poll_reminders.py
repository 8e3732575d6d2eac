"""Which reminders of polls are due at a moment and not written yet. The scan heals itself after downtime, as that of sessions.

A reminder's moment is the deadline minus its minutes. It is worth saying for half of that span, at most twelve hours, to who
was asked before it and has not answered every time; never after the deadline, a close or an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Person
from app.exchanges.messages import polls as messages
from app.exchanges.models import Exchange, Poll, PollAsked
from app.exchanges.queries.polls import POLL
from app.exchanges.rules.poll_handing import hold_clocks
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message

LONGEST_GRACE = timedelta(hours=12)
BATCH = 2000
FARTHEST = timedelta(days=90)
"""No reminder comes earlier before its deadline."""


def queue_due(now: datetime, most: int = BATCH) -> int:
    """Queue what is due; answers how many letters were new. Running it twice, or in two workers, says it once."""
    hold_clocks(now)
    written = 0
    for poll, minutes in _due(now):
        if written >= most:
            break
        people = _people(poll, minutes, most - written)
        if people:
            speaker = messages.PollSpeaker(poll, poll.to_answer(now))
            letters = [messages.reminder(speaker, one, minutes=minutes) for one in people]
            db.session.flush()
            written += outbox.queue(letters, now=now)
    return written


def _due(now: datetime) -> list[tuple[Poll, int]]:
    """Polls with a reminder whose moment has come within its grace. Few are open at a time."""
    open_ = (
        select(Poll)
        .where(Poll.closed_at.is_(None), Poll.deadline_at > now, Poll.deadline_at <= now + FARTHEST)
        .options(selectinload(Poll.all_slots), joinedload(Poll.exchange).selectinload(Exchange.hosts))
        .order_by(Poll.deadline_at, Poll.id)
    )
    return [
        (poll, minutes)
        for poll in db.session.scalars(open_)
        for minutes in sorted(poll.remind)
        if _is_due(poll, minutes, now) and poll.to_answer(now)
    ]


def moment_of(poll: Poll, minutes: int) -> datetime:
    """When a reminder is to be said."""
    return poll.deadline_at - timedelta(minutes=minutes)


def _is_due(poll: Poll, minutes: int, now: datetime) -> bool:
    moment = moment_of(poll, minutes)
    grace = min(timedelta(minutes=minutes) / 2, LONGEST_GRACE)
    return moment <= now < moment + grace and poll.deadline_set_at <= moment


def moments_between(after: datetime, until: datetime) -> list[datetime]:
    """The moments at which reminders fall due in a span, in order: a clock that jumps can stop at each."""
    polls = db.session.scalars(select(Poll).where(Poll.closed_at.is_(None), Poll.deadline_at > after)).all()
    found = {moment_of(poll, minutes) for poll in polls for minutes in poll.remind}
    return sorted(moment for moment in found if after < moment <= until)


def _people(poll: Poll, minutes: int, most: int) -> Sequence[PollAsked]:
    """Those who have not answered and to whom this was not said yet."""
    word = messages.reminder_word(poll, minutes)
    key = func.concat(messages.REMINDER, ":", cast(PollAsked.id, String), ":", literal(word))
    said = select(Message.id).where(Message.key == key, Message.subject_kind == POLL).correlate(PollAsked)
    return db.session.scalars(
        select(PollAsked)
        .join(Person, Person.id == PollAsked.person_id)
        .where(
            PollAsked.poll_id == poll.id,
            PollAsked.withdrawn_at.is_(None),
            PollAsked.answered_at.is_(None),
            PollAsked.asked_at <= moment_of(poll, minutes),
            Person.active,
            ~said.exists(),
        )
        .options(joinedload(PollAsked.person), joinedload(PollAsked.organisation))
        .order_by(PollAsked.id)
        .limit(most)
    ).all()
