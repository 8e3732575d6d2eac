"""Which reminders are due at a moment and not written yet. Nothing is planned ahead; the scan heals itself after downtime.

A rule's moment is the start minus its minutes. It is still worth saying for half of that span, at most twelve hours.
A person is reminded only if the seat (or, for the nudge, the invitation) and the present time were there before the moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import joinedload

from app.core.db import UtcDateTime
from app.exchanges import messages
from app.exchanges.messages.facts import Speaker
from app.exchanges.models import (
    Audience,
    Capacity,
    Exchange,
    Invitation,
    PeerSession,
    ReminderRule,
    Seat,
    SessionStatus,
)
from app.exchanges.queries import place_zones
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message

LONGEST_GRACE = 12 * 60
BATCH = 2000
KINDS = {Audience.SEAT_HOLDERS: "session-reminder", Audience.NOT_ANSWERED: "session-nudge"}


@dataclass(frozen=True)
class Due:
    """A rule of a session whose moment has come."""

    peer_session: PeerSession
    minutes: int
    audience: Audience

    @property
    def moment(self) -> datetime:
        """When it was to be said."""
        return self.peer_session.starts_at - timedelta(minutes=self.minutes)

    @property
    def word(self) -> str:
        """What the rule is called in a key: its span, and the version of the time it speaks of."""
        return f"{self.minutes}:{self.peer_session.schedule_version}"


def queue_due(now: datetime, most: int = BATCH) -> int:
    """Queue what is due; answers how many letters were new. Running it twice, or in two workers, says it once."""
    written = 0
    for due in _due(now):
        if written >= most:
            break
        people = _people(due, most - written)
        if people:
            speaker = Speaker(due.peer_session, place_zones(due.peer_session), {"minutes_before": due.minutes})
            kind = KINDS[due.audience]
            letters = [messages.reminder(speaker, messages.recipient(i), kind=kind, word=due.word) for i in people]
            written += outbox.queue(letters, now=now)
    return written


def moments_between(after: datetime, until: datetime) -> list[datetime]:
    """The moments at which rules of sessions fall due in a span, in order: a clock that jumps can stop at each."""
    moment = _moment()
    found = db.session.scalars(
        select(moment)
        .select_from(PeerSession)
        .join(ReminderRule, ReminderRule.peer_session_id == PeerSession.id)
        .where(PeerSession.status == SessionStatus.SCHEDULED, moment > after, moment <= until)
        .distinct()
        .order_by(moment)
    )
    return list(found)


def _span(minutes: Any) -> ColumnElement[timedelta]:
    return func.make_interval(0, 0, 0, 0, 0, minutes)


def _moment() -> ColumnElement[datetime]:
    return type_coerce(PeerSession.starts_at - _span(ReminderRule.minutes_before), UtcDateTime())


def _due(now: datetime) -> Iterator[Due]:
    """Rules whose moment has come within their grace, for sessions that are still to start."""
    grace = _span(func.least(ReminderRule.minutes_before // 2, LONGEST_GRACE))
    moment = _moment()
    rows = db.session.execute(
        select(PeerSession, ReminderRule.minutes_before, ReminderRule.audience)
        .join(ReminderRule, ReminderRule.peer_session_id == PeerSession.id)
        .where(
            PeerSession.status == SessionStatus.SCHEDULED,
            PeerSession.starts_at > now,
            PeerSession.hour_in_doubt.is_(False),  # clock rules changed: nobody knows yet which hour to say
            moment <= now,
            moment + grace > now,
            PeerSession.scheduled_at <= moment,
            _somebody_left(),
        )
        .options(joinedload(PeerSession.exchange).selectinload(Exchange.hosts))
        .order_by(PeerSession.starts_at, PeerSession.id, ReminderRule.minutes_before)
    ).all()
    for row in rows:
        yield Due(row[0], row[1], row[2])


def _key_in_sql() -> ColumnElement[str]:
    """The key of a reminder as the database puts it together; ``messages.reminder`` says the same in Python."""
    kind = case(*((ReminderRule.audience == audience, literal(kind)) for audience, kind in KINDS.items()))
    return func.concat(kind, ":", cast(Invitation.id, String), ":", ReminderRule.minutes_before, ":", PeerSession.schedule_version)


def _wanted() -> ColumnElement[bool]:
    """Whom a rule speaks to, by the rows of one session."""
    holds = and_(Invitation.seat == Seat.HELD, Invitation.seat_since <= _moment())
    silent = and_(
        Invitation.answer.is_(None),
        Invitation.capacity != Capacity.INFORMATION,
        Invitation.invited_at <= _moment(),
    )
    return and_(
        Invitation.uninvited_at.is_(None),
        or_(
            and_(ReminderRule.audience == Audience.SEAT_HOLDERS, holds),
            and_(ReminderRule.audience == Audience.NOT_ANSWERED, silent),
        ),
    )


def _unwritten() -> ColumnElement[bool]:
    said = select(Message.id).where(Message.key == _key_in_sql()).correlate(Invitation, PeerSession, ReminderRule)
    return ~said.exists()


def _somebody_left() -> ColumnElement[bool]:
    """Is there anybody the rule has not been said to yet?"""
    return (
        select(Invitation.id)
        .where(Invitation.peer_session_id == PeerSession.id, _wanted(), _unwritten())
        .correlate(PeerSession, ReminderRule)
        .exists()
    )


def _people(due: Due, most: int) -> Sequence[Invitation]:
    """Those of one session to whom this rule was not said yet."""
    return db.session.scalars(
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .join(ReminderRule, ReminderRule.peer_session_id == PeerSession.id)
        .where(
            PeerSession.id == due.peer_session.id,
            ReminderRule.minutes_before == due.minutes,
            ReminderRule.audience == due.audience,
            _wanted(),
            _unwritten(),
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
        .limit(most)
    ).all()
