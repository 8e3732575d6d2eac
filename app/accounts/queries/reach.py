"""Whom mail does not reach, who of their State can put it right, and who answers from which address."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import or_, select

from app.accounts.access import Viewer
from app.accounts.models import Capacity, Designation, Membership, Organisation, OtherAddress, Person, fold_address
from app.accounts.queries.organisations import under
from app.accounts.queries.people import person_by_email
from app.extensions import db


def states_of(person: Person, today: date) -> set[uuid.UUID]:
    """The States a person belongs to on this day, by a membership or a designation."""
    memberships = [m for m in person.memberships if m.valid_from <= today and (m.valid_to is None or m.valid_to >= today)]
    found: set[uuid.UUID] = set()
    for membership in memberships:
        organisation: Organisation | None = membership.organisation
        while organisation is not None and not organisation.is_state:
            organisation = organisation.parent
        if organisation is not None:
            found.add(organisation.id)
    named = db.session.scalars(select(Designation).where(Designation.person_id == person.id, Designation.refused_at.is_(None)))
    return found | {one.state_id for one in named if one.valid_to is None or one.valid_to >= today}


def focal_points_of(state_ids: set[uuid.UUID], today: date, *, but: uuid.UUID | None = None) -> list[Person]:
    """Who speaks for these States and can be written to: focal points, where there is none their alternates."""
    if not state_ids:
        return []
    query = (
        select(Designation.state_id, Designation.capacity, Person)
        .join(Person, Designation.person_id == Person.id)
        .where(
            Designation.state_id.in_(state_ids),
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= today,
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
            Person.active,
            Person.email.is_not(None),
            Person.email_undeliverable_at.is_(None),
            Person.id != but,
        )
        .order_by(Person.sort_name, Person.id)
    )
    rows = db.session.execute(query).all()
    first = {row[0] for row in rows if row[1] is Capacity.FOCAL_POINT}
    chosen = [row[2] for row in rows if row[1] is Capacity.FOCAL_POINT or row[0] not in first]
    return list({person.id: person for person in chosen}.values())


def unreached_of_my_state(viewer: Viewer, person_id: uuid.UUID, today: date) -> Person | None:
    """Somebody who belongs to the viewer's own State on this day, by a membership or a designation."""
    if not viewer.state_ids:
        return None
    ours = under(viewer.state_ids)
    members = (
        select(Membership.person_id)
        .join(ours, Membership.organisation_id == ours.c.id)
        .where(Membership.valid_from <= today, or_(Membership.valid_to.is_(None), Membership.valid_to >= today))
    )
    named = select(Designation.person_id).where(
        Designation.state_id.in_(viewer.state_ids),
        Designation.refused_at.is_(None),
        or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
    )
    of_us = or_(Person.id.in_(members), Person.id.in_(named))
    return db.session.scalar(select(Person).where(Person.id == person_id, Person.active, of_us))


def person_behind(address: str | None) -> Person | None:
    """Whose address this is: the one that is written to, or another that somebody answers from."""
    known = person_by_email(address)
    if known is not None:
        return known
    folded = fold_address(address)
    other = select(Person).join(OtherAddress, OtherAddress.person_id == Person.id).where(OtherAddress.address == folded)
    return db.session.scalar(other) if folded else None


def other_addresses_of(person: Person) -> list[str]:
    """The other addresses somebody answers from."""
    query = select(OtherAddress.address).where(OtherAddress.person_id == person.id).order_by(OtherAddress.address)
    return list(db.session.scalars(query))
