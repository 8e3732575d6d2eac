"""Whom an accepted expression of interest brings to a session, and which sessions it opens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from app.accounts.models import Capacity as DesignationCapacity
from app.accounts.models import Designation, Organisation, Person
from app.exchanges.models import Invitation, PeerSession, SessionStatus
from app.extensions import db
from app.interests.models import Expression, Status

Pair = tuple[Person, Organisation | None]


def accepted_on_grounds(
    grounds: Iterable[str], session_id: uuid.UUID | None, now: datetime, expression_id: uuid.UUID | None = None
) -> list[Pair]:
    """Contacts and focal points of accepted expressions on any of these grounds, each once, without those who
    ever had an invitation to the session: whoever was uninvited by hand stays uninvited."""
    wanted = list(grounds)
    if not wanted:
        return []
    accepted = select(Expression.id).where(Expression.status == Status.ACCEPTED, Expression.grounds.overlap(wanted))
    if expression_id is not None:
        accepted = accepted.where(Expression.id == expression_id)
    known: set[uuid.UUID] = set()
    if session_id is not None:
        known.update(db.session.scalars(select(Invitation.person_id).where(Invitation.peer_session_id == session_id)))
    found: dict[uuid.UUID, Pair] = {}
    for query in (_contacts(accepted), _focal_points(accepted, now)):
        for person, organisation in db.session.execute(query):
            if person.id not in known:
                found.setdefault(person.id, (person, organisation))
    return list(found.values())


def _contacts(accepted: Select[uuid.UUID]) -> Select[Person, Organisation]:
    of = func.coalesce(Expression.state_id, Expression.organisation_id)
    return (
        select(Person, Organisation)
        .join(Expression, Expression.contact_id == Person.id)
        .outerjoin(Organisation, Organisation.id == of)
        .where(Expression.id.in_(accepted), Person.active)
        .order_by(Expression.decided_at, Expression.id)
    )


def _focal_points(accepted: Select[uuid.UUID], now: datetime) -> Select[Person, Organisation]:
    today = now.date()
    return (
        select(Person, Organisation)
        .join(Designation, Designation.person_id == Person.id)
        .join(Organisation, Organisation.id == Designation.state_id)
        .where(
            Designation.state_id.in_(select(Expression.state_id).where(Expression.id.in_(accepted))),
            Designation.capacity == DesignationCapacity.FOCAL_POINT,
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= today,
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
            Person.active,
        )
        .order_by(Designation.valid_from, Designation.id)
    )


def open_sessions_on(grounds: Iterable[str], now: datetime) -> Sequence[PeerSession]:
    """Sessions to come whose flag invites accepted expressions on any of these grounds."""
    return db.session.scalars(
        select(PeerSession)
        .where(
            PeerSession.status == SessionStatus.SCHEDULED,
            PeerSession.invite_accepted.is_(True),
            PeerSession.starts_at > now,
            PeerSession.grounds.overlap(list(grounds)),
        )
        .order_by(PeerSession.id)
    ).all()
