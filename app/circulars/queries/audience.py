"""Who a circular is for: everyone of an exchange, a call, a ground or the working group, each once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Capacity, Designation, Membership, Organisation, Person, Role, RoleGrant, fold_address
from app.circulars.models import Audience, Circular, Part, Trouble
from app.exchanges.models import Capacity as InvitedAs
from app.exchanges.models import Invitation, PeerSession, Seat, SessionStatus
from app.exchanges.queries import accepted_on_grounds
from app.exchanges.queries.sessions import lasting
from app.extensions import db
from app.interests.models import Expression, Source, Status

STATUSES = tuple(s for s in Status if s is not Status.DRAFT)
"""Where an expression can stand for its contact to be written to: a draft is nobody's business but its writer's."""
_MEMBERS = (Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER)


@dataclass(frozen=True)
class Member:
    """Somebody a circular is for. ``expression`` where nobody made a person's record of its contact yet."""

    name: str
    language: str
    zone: str
    because: str
    person: Person | None
    organisation: Organisation | None = None
    expression: Expression | None = None
    trouble: Trouble | None = None


def members_of(circular: Circular, now: datetime) -> list[Member]:
    """Everyone it is for, each once, by name; the first reason to write to somebody is the one they are told."""
    found: dict[object, Member] = {}
    for member in _AUDIENCES[circular.audience](circular, now):
        found.setdefault(identity(member), member)
    return sorted(found.values(), key=lambda m: (m.person.sort_name if m.person else m.name.casefold(), m.name))


def identity(member: Member) -> object:
    """What tells two members apart: the person, else the address, else the expression itself."""
    if member.person is not None:
        return member.person.id
    assert member.expression is not None
    return member.expression.contact_folded or member.expression.id


def _member(person: Person, because: str, organisation: Organisation | None) -> Member:
    return Member(person.full_name, person.language, person.zone, because, person, organisation, trouble=trouble_of(person))


def trouble_of(person: Person) -> Trouble | None:
    """Why no mail reaches this person, if none does."""
    if not person.email:
        return Trouble.NO_ADDRESS
    return Trouble.UNDELIVERABLE if person.email_undeliverable_at is not None else None


def _of_exchange(circular: Circular, now: datetime) -> Iterator[Member]:
    part = Part(circular.chosen[0])
    query = (
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(PeerSession.exchange_id == circular.exchange_id, Invitation.uninvited_at.is_(None), Person.active)
        .where(_of_part(part, now))
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.invited_at, Invitation.id)
    )
    for row in db.session.scalars(query):
        yield _member(row.person, part.value, row.organisation)


def _of_part(part: Part, now: datetime) -> ColumnElement[bool]:
    if part is Part.SEAT:
        return and_(PeerSession.status == SessionStatus.SCHEDULED, Invitation.seat == Seat.HELD)
    if part is Part.NOT_ANSWERED:
        asked = Invitation.capacity != InvitedAs.INFORMATION
        return and_(PeerSession.status == SessionStatus.SCHEDULED, lasting(now), asked, Invitation.answer.is_(None))
    return PeerSession.status != SessionStatus.DRAFT


def _of_call(circular: Circular, now: datetime) -> Iterator[Member]:
    chosen = [Status(word) for word in circular.chosen]
    query = (
        select(Expression)
        .where(Expression.call_id == circular.call_id, Expression.status.in_(chosen), Expression.erased_at.is_(None))
        .options(joinedload(Expression.contact), joinedload(Expression.state), joinedload(Expression.organisation))
        .order_by(Expression.submitted_at, Expression.id)
    )
    rows = db.session.scalars(query).all()
    known = _people_at(row.contact_folded for row in rows if row.contact is None)
    for row in rows:
        person = row.contact or known.get(row.contact_folded or "")
        if person is None:
            yield _contact(row)
        elif person.active:
            yield _member(person, "call", row.state or row.organisation)


def _people_at(addresses: Iterable[str | None]) -> dict[str, Person]:
    """The people these addresses belong to, in one statement."""
    wanted = {a for a in addresses if a}
    if not wanted:
        return {}
    return {p.email_folded or "": p for p in db.session.scalars(select(Person).where(Person.email_folded.in_(wanted)))}


def _contact(row: Expression) -> Member:
    """A contact of whom there is no record yet: what the form says of them."""
    trouble = None
    if not fold_address(row.contact_email):
        trouble = Trouble.NO_ADDRESS
    elif row.source is Source.WEB_FORM and row.email_confirmed_at is None:
        trouble = Trouble.UNCONFIRMED
    name = row.contact_name or row.organisation_name
    return Member(name, row.language, row.contact_zone, "call", None, row.state or row.organisation, row, trouble)


def _of_ground(circular: Circular, now: datetime) -> Iterator[Member]:
    for person, organisation in accepted_on_grounds(circular.grounds, None, now):
        yield _member(person, "ground", organisation)


def _of_working_group(circular: Circular, now: datetime) -> Iterator[Member]:
    part = Part(circular.chosen[0])
    if part in (Part.FOCAL_POINTS, Part.EVERYONE):
        capacities = (Capacity.FOCAL_POINT,) if part is Part.FOCAL_POINTS else (Capacity.FOCAL_POINT, Capacity.ALTERNATE)
        for row in db.session.scalars(_designated(capacities, now.date())):
            yield _member(row.person, row.capacity.value, row.state)
    if part in (Part.CO_LEADS, Part.EVERYONE):
        roles = (Role.CO_LEAD,) if part is Part.CO_LEADS else _MEMBERS
        grants = select(RoleGrant.role, Person).join(Person, Person.id == RoleGrant.person_id)
        grants = grants.where(RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None), Person.active)
        for role, person in db.session.execute(grants.order_by((RoleGrant.role != Role.CO_LEAD), Person.sort_name, Person.id)):
            yield _member(person, "co_lead" if role is Role.CO_LEAD else "member", None)


def _designated(capacities: Iterable[Capacity], today: date) -> Select[Designation]:
    return (
        select(Designation)
        .join(Person, Person.id == Designation.person_id)
        .where(
            Designation.capacity.in_(list(capacities)),
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= today,
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
            Person.active,
        )
        .options(joinedload(Designation.person), joinedload(Designation.state))
        .order_by((Designation.capacity != Capacity.FOCAL_POINT), Designation.valid_from, Designation.id)
    )


_AUDIENCES: dict[Audience, Any] = {
    Audience.EXCHANGE: _of_exchange,
    Audience.CALL: _of_call,
    Audience.GROUND: _of_ground,
    Audience.WORKING_GROUP: _of_working_group,
}


def states_behind(members: Iterable[Member], today: date) -> dict[object, Organisation]:
    """For each of these members the State whose mail can go in their place: the one they are written to for, else their own."""
    found: dict[object, Organisation] = {}
    unknown: dict[uuid.UUID, Member] = {}
    for member in members:
        state = state_of(member.organisation)
        if state is not None:
            found[identity(member)] = state
        elif member.person is not None:
            unknown[member.person.id] = member
    if unknown:
        found.update(_by_membership(unknown, today))
    return found


def state_of(organisation: Organisation | None) -> Organisation | None:
    """The State an organisation is, or is a part of."""
    if organisation is None or organisation.is_state:
        return organisation
    parent = organisation.parent
    return parent if parent is not None and parent.is_state else None


def states_of_people(people: Iterable[uuid.UUID], now: datetime) -> dict[object, Organisation]:
    """The State each of these people belongs to today, if any."""
    return _by_membership(people, now.date())


def _by_membership(people: Iterable[uuid.UUID], today: date) -> dict[object, Organisation]:
    query = (
        select(Membership)
        .where(Membership.person_id.in_(list(people)), Membership.valid_from <= today)
        .where(or_(Membership.valid_to.is_(None), Membership.valid_to >= today))
        .options(joinedload(Membership.organisation).joinedload(Organisation.parent))
        .order_by(Membership.valid_from, Membership.id)
    )
    found: dict[object, Organisation] = {}
    for row in db.session.scalars(query):
        state = state_of(row.organisation)
        if state is not None:
            found.setdefault(row.person_id, state)
    return found
