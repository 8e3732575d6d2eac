"""What a hand-over asks: designations that still give rights, memberships, who took over from whom before."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Designation, HandOver, JoinInvitation, Membership, Person
from app.accounts.queries.people import names_of, roles_of
from app.core.zones import to_wall
from app.extensions import db

LONGEST_CHAIN = 50


def open_designations(person: Person, today: date) -> list[Designation]:
    """Those that give rights today, will, or wait to be verified: not refused, not over."""
    query = (
        select(Designation)
        .options(joinedload(Designation.state))
        .where(
            Designation.person_id == person.id,
            Designation.refused_at.is_(None),
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
        )
    )
    return list(db.session.scalars(query.order_by(Designation.valid_from, Designation.id)))


def stands_on(former: Person, successor: Person, today: date) -> Designation | None:
    """The successor's designation in force for a State that designated the former, the newest first."""
    states = select(Designation.state_id).where(Designation.person_id == former.id, Designation.verified_at.is_not(None))
    query = (
        select(Designation)
        .options(joinedload(Designation.state))
        .where(
            Designation.person_id == successor.id,
            Designation.state_id.in_(states),
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= today,
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
        )
    )
    return db.session.scalar(query.order_by(Designation.valid_from.desc(), Designation.id.desc()).limit(1))


def open_memberships(person: Person, today: date) -> list[Membership]:
    """Where the person belongs today or will."""
    query = select(Membership).where(
        Membership.person_id == person.id, or_(Membership.valid_to.is_(None), Membership.valid_to >= today)
    )
    return list(db.session.scalars(query.order_by(Membership.valid_from, Membership.id)))


def handed_over(former_id: uuid.UUID, successor_id: uuid.UUID, designation_id: uuid.UUID | None) -> HandOver | None:
    """The same hand-over, if it was done already."""
    query = select(HandOver).where(
        HandOver.from_id == former_id,
        HandOver.to_id == successor_id,
        HandOver.designation_id == designation_id if designation_id else HandOver.designation_id.is_(None),
    )
    return db.session.scalar(query.order_by(HandOver.at.desc()).limit(1))


def last_from(former_id: uuid.UUID) -> HandOver | None:
    """The newest hand-over by this person."""
    return db.session.scalar(select(HandOver).where(HandOver.from_id == former_id).order_by(HandOver.at.desc()).limit(1))


@dataclass(frozen=True)
class Past:
    """A hand-over as the page of either person shows it."""

    at: datetime
    other_id: uuid.UUID
    other: str
    from_here: bool  # this person handed over; else they took over


def hand_overs_of(person: Person, most: int = 20) -> list[Past]:
    """To whom a person handed over and from whom they took over, newest first."""
    query = select(HandOver).where(or_(HandOver.from_id == person.id, HandOver.to_id == person.id))
    rows = db.session.scalars(query.order_by(HandOver.at.desc(), HandOver.id.desc()).limit(most)).all()
    names = names_of({i for row in rows for i in (row.from_id, row.to_id)})
    found = []
    for row in rows:
        other = row.to_id if row.from_id == person.id else row.from_id
        found.append(Past(row.at, other, names.get(other, "–"), row.from_id == person.id))
    return found


def way_back(successor_id: uuid.UUID, former_id: uuid.UUID) -> HandOver | None:
    """The hand-over by which the successor once gave up what the former holds now, by however many hands; none, no circle."""
    seen, step = {successor_id}, successor_id
    first = latest = last_from(step)
    for _ in range(LONGEST_CHAIN):
        if latest is None:
            return None
        step = latest.to_id
        if step == former_id:
            return first
        if step in seen:
            return None
        seen.add(step)
        latest = last_from(step)
    return None


def count_designations(person: Person, now: datetime) -> int:
    """How many designations the person has."""
    return len(open_designations(person, to_wall(now, person.zone).date()))


def count_memberships(person: Person, now: datetime) -> int:
    """In how many organisations the person is."""
    return len(open_memberships(person, to_wall(now, person.zone).date()))


def count_roles(person: Person, _now: datetime) -> int:
    """How many roles the person holds."""
    return len(roles_of(person.id))


def count_joining(person: Person, now: datetime) -> int:
    """How many invitations to join still work."""
    query = select(func.count()).select_from(JoinInvitation)
    query = query.where(JoinInvitation.person_id == person.id, JoinInvitation.used_at.is_(None), JoinInvitation.expires_at > now)
    return db.session.scalar(query) or 0
