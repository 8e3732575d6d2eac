"""Reading people."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import date, datetime

from sqlalchemy import Select, false, or_, select, tuple_
from sqlalchemy.orm import selectinload

from app.accounts.access import P, Viewer
from app.accounts.models import Designation, JoinInvitation, Membership, Organisation, Person, RoleGrant, fold_address
from app.accounts.queries.organisations import under
from app.core import text
from app.core.paging import Page, page_of
from app.extensions import db


def visible_to(viewer: Viewer) -> Select[Person]:
    """Whom a viewer may see: all for those who see people, one's State for a verified focal point, else oneself."""
    query = select(Person)
    if viewer.can(P.SEE_PEOPLE):
        return query
    if viewer.person is None:
        return query.where(false())
    if not viewer.state_ids:
        return query.where(Person.id == viewer.person.id)
    ours = under(viewer.state_ids)
    members = select(Membership.person_id).join(ours, Membership.organisation_id == ours.c.id)
    named = select(Designation.person_id).where(Designation.state_id.in_(viewer.state_ids))
    return query.where(or_(Person.id == viewer.person.id, Person.id.in_(members), Person.id.in_(named)))


def _listed(viewer: Viewer, words: str, organisation_id: uuid.UUID | None, inactive: bool) -> Select[Person]:
    query = visible_to(viewer).options(selectinload(Person.memberships).selectinload(Membership.organisation))
    for word in text.fold(words).split():
        query = query.where(Person.search.contains(word, autoescape=True))
    if organisation_id is not None:
        members = select(Membership.person_id).where(Membership.organisation_id == organisation_id)
        query = query.where(Person.id.in_(members))
    if not inactive:
        query = query.where(Person.active)
    return query.order_by(Person.sort_name, Person.id)


def people_page(
    viewer: Viewer,
    *,
    words: str = "",
    organisation_id: uuid.UUID | None = None,
    inactive: bool = False,
    after: tuple[str, uuid.UUID] | None = None,
    size: int = 50,
) -> Page[Person]:
    """One page of people by family name; ``words`` are found in name and address without case and accents."""
    query = _listed(viewer, words, organisation_id, inactive)
    if after is not None:
        query = query.where(tuple_(Person.sort_name, Person.id) > tuple_(*after))
    return page_of(db.session.scalars(query.limit(size + 1)).all(), size, lambda p: (p.sort_name, p.id))


def all_people(viewer: Viewer, *, words: str = "", inactive: bool = False) -> Iterator[Person]:
    """Everybody the list shows under these filters, a few hundred rows at a time."""
    return iter(db.session.scalars(_listed(viewer, words, None, inactive).execution_options(yield_per=500)))


def person_in_view(viewer: Viewer, person_id: uuid.UUID) -> Person | None:
    """This person, if the viewer may see them."""
    query = visible_to(viewer).options(selectinload(Person.memberships).selectinload(Membership.organisation))
    return db.session.scalar(query.where(Person.id == person_id))


def people_in_view(viewer: Viewer, ids: Collection[uuid.UUID]) -> list[Person]:
    """Those of these people whom the viewer may see, by name."""
    query = visible_to(viewer).where(Person.id.in_(ids)).order_by(Person.sort_name, Person.id)
    return list(db.session.scalars(query))


def person_by_email(email: str | None) -> Person | None:
    """The person with this address, whatever its case."""
    folded = fold_address(email)
    return db.session.scalar(select(Person).where(Person.email_folded == folded)) if folded else None


def people_of(organisation: Organisation, today: date) -> list[Person]:
    """Active members of an organisation on this day, by name; not those of its parts."""
    members = select(Membership.person_id).where(
        Membership.organisation_id == organisation.id,
        Membership.valid_from <= today,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
    )
    query = select(Person).where(Person.id.in_(members), Person.active).order_by(Person.sort_name, Person.id)
    return list(db.session.scalars(query))


def roles_of(person_id: uuid.UUID) -> list[RoleGrant]:
    """Roles held now, oldest first."""
    query = select(RoleGrant).where(RoleGrant.person_id == person_id, RoleGrant.ended_at.is_(None))
    return list(db.session.scalars(query.order_by(RoleGrant.granted_at, RoleGrant.id)))


def join_invitation_open(person_id: uuid.UUID, now: datetime) -> JoinInvitation | None:
    """The newest invitation to join that still works."""
    query = select(JoinInvitation).where(
        JoinInvitation.person_id == person_id, JoinInvitation.used_at.is_(None), JoinInvitation.expires_at > now
    )
    return db.session.scalar(query.order_by(JoinInvitation.created_at.desc()).limit(1))


def names_of(ids: Collection[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """Names for ids, in one statement."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    query = select(Person.id, Person.given_name, Person.family_name).where(Person.id.in_(wanted))
    return {row.id: f"{row.given_name} {row.family_name}".strip() for row in db.session.execute(query)}
