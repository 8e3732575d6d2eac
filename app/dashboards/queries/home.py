"""What the first page shows: to everyone, to those who are invited, to those who speak for a State."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Designation, Organisation, OrganisationKind, Person
from app.dashboards.queries import bounded
from app.exchanges.models import (
    Answer,
    Capacity,
    Exchange,
    Invitation,
    PeerSession,
    Seat,
    SessionStatus,
    Visibility,
)
from app.extensions import db
from app.interests.models import Call, Expression, Status


@dataclass(frozen=True)
class Upcoming:
    """A session that is still to come or running, and how many places are left."""

    session: PeerSession
    places: int

    @property
    def hosts(self) -> list[Organisation]:
        """The hosts of its exchange."""
        return self.session.exchange.hosts


def not_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The session has not ended yet; the first condition lets the index do the work."""
    ends = PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes)
    return PeerSession.starts_at > now - timedelta(days=1), ends > now


def upcoming_public(now: datetime, most: int = 5) -> list[Upcoming]:
    """The next sessions that everyone may see, soonest first. Two statements."""
    taken = (
        select(func.count())
        .where(Invitation.peer_session_id == PeerSession.id, Invitation.seat == Seat.HELD)
        .correlate(PeerSession)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(PeerSession, taken)
        .join(PeerSession.exchange)
        .options(joinedload(PeerSession.exchange).selectinload(Exchange.hosts))
        .where(
            PeerSession.status == SessionStatus.SCHEDULED,
            PeerSession.visibility == Visibility.PUBLIC,
            Exchange.visibility == Visibility.PUBLIC,
            *not_over(now),
        )
        .order_by(PeerSession.starts_at, PeerSession.id)
        .limit(most)
    )
    return [Upcoming(row[0], max(row[0].capacity - row[1], 0)) for row in rows]


def open_call(now: datetime) -> Call | None:
    """The open call that closes first."""
    return db.session.scalar(
        select(Call).where(Call.published, Call.opens_at <= now, Call.closes_at > now).order_by(Call.closes_at, Call.id).limit(1)
    )


@dataclass(frozen=True)
class Figures:
    """Four figures for everyone, each bounded."""

    governments: int
    expressions: int
    held: int
    planned: int


def figures(now: datetime, today: date) -> Figures:
    """How many governments have a focal point, what they sent, what was held and what is planned. One statement."""
    speaks = select(Designation.id).where(Designation.state_id == Organisation.id, *in_force(today)).exists()
    sessions = select(PeerSession.id).where(PeerSession.status == SessionStatus.SCHEDULED)
    row = db.session.execute(
        select(
            bounded(select(Organisation.id).where(Organisation.kind == OrganisationKind.STATE, speaks)),
            bounded(select(Expression.id).where(Expression.status != Status.DRAFT)),
            bounded(sessions.where(PeerSession.starts_at <= now)),
            bounded(sessions.where(PeerSession.starts_at > now)),
        )
    ).one()
    return Figures(*row)


def in_force(today: date) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a designation that gives rights on this day."""
    return (
        Designation.verified_at.is_not(None),
        Designation.refused_at.is_(None),
        Designation.valid_from <= today,
        Designation.valid_to.is_(None) | (Designation.valid_to >= today),
    )


def my_invitations(person_id: uuid.UUID, now: datetime, most: int = 10) -> list[Invitation]:
    """What a person is invited to and has not missed, soonest first, cancelled ones too: they should know."""
    return list(
        db.session.scalars(
            select(Invitation)
            .join(Invitation.peer_session)
            .options(joinedload(Invitation.peer_session))
            .where(
                Invitation.person_id == person_id,
                Invitation.uninvited_at.is_(None),
                PeerSession.status != SessionStatus.DRAFT,
                *not_over(now),
            )
            .order_by(PeerSession.starts_at, Invitation.id)
            .limit(most)
        )
    )


def answer_due(invitation: Invitation) -> bool:
    """Does somebody wait for this person's answer? Also when the session has moved since the answer."""
    return (
        invitation.capacity is not Capacity.INFORMATION
        and invitation.peer_session.status is SessionStatus.SCHEDULED
        and (invitation.answer is None or answered_former_time(invitation))
    )


def answered_former_time(invitation: Invitation) -> bool:
    """Was the answer given for a time at which the session no longer is? A no stays a no."""
    return (
        invitation.answer in (Answer.YES, Answer.MAYBE)
        and invitation.answered_version is not None
        and invitation.answered_version < invitation.peer_session.schedule_version
    )


@dataclass(frozen=True)
class MyState:
    """What a State's focal point sees of it."""

    expressions: list[Expression]
    invitations: list[Invitation]
    speakers: list[Designation]


def my_state(state_ids: Collection[uuid.UUID], now: datetime, today: date, most: int = 8) -> MyState:
    """The State's expressions of interest, who of it is invited to what, and who speaks for it. Three statements."""
    expressions = db.session.scalars(
        select(Expression)
        .where(Expression.state_id.in_(state_ids), Expression.status != Status.DRAFT)
        .order_by(Expression.submitted_at.desc(), Expression.id.desc())
        .limit(most)
    )
    invitations = db.session.scalars(
        select(Invitation)
        .join(Invitation.peer_session)
        .options(joinedload(Invitation.peer_session), joinedload(Invitation.person))
        .where(
            Invitation.organisation_id.in_(state_ids),
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            *not_over(now),
        )
        .order_by(PeerSession.starts_at, Invitation.id)
        .limit(most)
    )
    speakers = db.session.scalars(
        select(Designation)
        .join(Person, Designation.person_id == Person.id)
        .options(joinedload(Designation.person), joinedload(Designation.state))
        .where(Designation.state_id.in_(state_ids), *in_force(today))
        .order_by(Designation.capacity.desc(), Person.family_name, Designation.id)
        .limit(most)
    )
    return MyState(list(expressions), list(invitations), list(speakers))
