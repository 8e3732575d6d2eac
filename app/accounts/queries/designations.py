"""Reading designations."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, false, or_, select, tuple_
from sqlalchemy.orm import joinedload

from app.accounts.access import P, Viewer
from app.accounts.models import Designation, Person
from app.core.paging import Page, page_of
from app.extensions import db


class Standing(StrEnum):
    """Where a designation is, on a day."""

    WAITING = "waiting"  # recorded, not verified
    IN_FORCE = "in_force"
    TO_COME = "to_come"
    OVER = "over"
    REFUSED = "refused"


def standing(designation: Designation, today: date) -> Standing:
    """Where it is on this day."""
    if designation.refused_at is not None:
        return Standing.REFUSED
    if designation.verified_at is None:
        return Standing.WAITING
    if designation.valid_from > today:
        return Standing.TO_COME
    return Standing.IN_FORCE if designation.in_force(today) else Standing.OVER


def visible_to(viewer: Viewer) -> Select[Designation]:
    """All for those who see people; those of one's State for a verified focal point; else one's own."""
    query = select(Designation).options(
        joinedload(Designation.state), joinedload(Designation.person), joinedload(Designation.replaces)
    )
    if viewer.can(P.SEE_PEOPLE):
        return query
    if viewer.person is None:
        return query.where(false())
    return query.where(or_(Designation.person_id == viewer.person.id, Designation.state_id.in_(viewer.state_ids)))


def designation_in_view(viewer: Viewer, designation_id: uuid.UUID) -> Designation | None:
    """This designation, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Designation.id == designation_id))


def _listed(viewer: Viewer, waiting: bool, state_id: uuid.UUID | None) -> Select[Designation]:
    query = visible_to(viewer)
    if waiting:
        query = query.where(Designation.verified_at.is_(None), Designation.refused_at.is_(None))
    if state_id is not None:
        query = query.where(Designation.state_id == state_id)
    return query.order_by(Designation.valid_from.desc(), Designation.id.desc())


def designations_page(
    viewer: Viewer,
    *,
    waiting: bool = False,
    state_id: uuid.UUID | None = None,
    after: tuple[date, uuid.UUID] | None = None,
    size: int = 50,
) -> Page[Designation]:
    """One page, newest first; ``waiting`` keeps those that nobody has verified or refused."""
    query = _listed(viewer, waiting, state_id)
    if after is not None:
        query = query.where(tuple_(Designation.valid_from, Designation.id) < tuple_(*after))
    return page_of(db.session.scalars(query.limit(size + 1)).all(), size, lambda d: (d.valid_from, d.id))


def all_designations(viewer: Viewer, *, waiting: bool = False, state_id: uuid.UUID | None = None) -> Iterator[Designation]:
    """Every designation the list shows under these filters, a few hundred rows at a time."""
    return iter(db.session.scalars(_listed(viewer, waiting, state_id).execution_options(yield_per=500)))


def designations_of_state(state_id: uuid.UUID) -> list[Designation]:
    """All of a State, newest first."""
    query = select(Designation).options(joinedload(Designation.person)).where(Designation.state_id == state_id)
    return list(db.session.scalars(query.order_by(Designation.valid_from.desc(), Designation.id.desc())))


def designations_of_person(person_id: uuid.UUID) -> list[Designation]:
    """All of a person, newest first."""
    query = select(Designation).options(joinedload(Designation.state)).where(Designation.person_id == person_id)
    return list(db.session.scalars(query.order_by(Designation.valid_from.desc(), Designation.id.desc())))


def designations_to_replace(today: date, most: int = 1000) -> list[Designation]:
    """Verified ones that are not over: a new letter may replace one of them."""
    query = (
        select(Designation)
        .options(joinedload(Designation.state), joinedload(Designation.person))
        .where(
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
        )
    )
    return list(db.session.scalars(query.order_by(Designation.valid_from.desc(), Designation.id).limit(most)))


def designated(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Whom these designations name, in one statement."""
    query = select(Designation.id, Person.given_name, Person.family_name).join(Person, Person.id == Designation.person_id)
    return {
        row.id: f"{row.given_name} {row.family_name}".strip() for row in db.session.execute(query.where(Designation.id.in_(ids)))
    }
