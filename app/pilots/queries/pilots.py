"""Reading pilots one by one, with what belongs to them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any, Protocol

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.access import Permission, Viewer
from app.accounts.models import Organisation, Person
from app.core.signing import code_digests, code_matches, matches, row_of
from app.extensions import db
from app.interests.models import Expression
from app.pilots.models import DueChange, Evidence, Milestone, Pilot, Visibility

NAMED = (Person.given_name, Person.family_name, Person.sort_name, Person.active, Person.version)
"""Of a person what a page needs to name them; and the version, without which a record that is read again with them is not read."""


class Owned(Protocol):
    """What is asked of a milestone to tell whose it is."""

    @property
    def owner_id(self) -> Any:
        """The person who is to reach it."""

    @property
    def dropped_at(self) -> Any:
        """When it was dropped."""


IN_ORDER = (Milestone.due_on, Milestone.baseline_on, Milestone.id)
"""Milestones in the order of their present dates."""


def visible_to(viewer: Viewer) -> Select[Pilot]:
    """All for the secretariat and the co-leads; else published ones, those of one's State, those one has a milestone of."""
    query = select(Pilot)
    if viewer.can(Permission.SEE_ALL_PILOTS):
        return query
    if viewer.person is None:
        return query.where(Pilot.published)
    owned = select(Milestone.pilot_id).where(Milestone.owner_id == viewer.person.id, Milestone.dropped_at.is_(None))
    of_state = Pilot.state_id.in_(viewer.state_ids) if viewer.can(Permission.SEE_MY_STATE) else false()
    return query.where(or_(Pilot.published, of_state, Pilot.id.in_(owned)))


def pilot_in_view(viewer: Viewer, pilot_id: uuid.UUID) -> Pilot | None:
    """This pilot with its State, lead ministry, co-lead, expression and partners, if the viewer may see it. One statement."""
    whole = (
        joinedload(Pilot.state),
        joinedload(Pilot.lead).load_only(Organisation.names, Organisation.version),
        joinedload(Pilot.co_lead).load_only(*NAMED),
        joinedload(Pilot.expression).load_only(Expression.reference, Expression.version),
        joinedload(Pilot.partners).load_only(Organisation.names, Organisation.sort_name, Organisation.version),
    )
    found = db.session.scalars(visible_to(viewer).options(*whole).where(Pilot.id == pilot_id))
    return found.unique().one_or_none()


def by_submission_key(key: str | None) -> Pilot | None:
    """What the first sending of a form made."""
    return db.session.scalar(select(Pilot).where(Pilot.submission_key == key)) if key else None


def pilots_of_expression(viewer: Viewer, expression_id: uuid.UUID) -> list[Pilot]:
    """The pilots that began with this expression of interest, of those the viewer may see."""
    query = visible_to(viewer).where(Pilot.expression_id == expression_id)
    return list(db.session.scalars(query.order_by(Pilot.starts_on, Pilot.id)))


def milestones_of(pilot: Pilot) -> list[Milestone]:
    """Its milestones with their owners, in the order of their present dates."""
    query = select(Milestone).options(joinedload(Milestone.owner).load_only(*NAMED)).where(Milestone.pilot_id == pilot.id)
    return list(db.session.scalars(query.order_by(*IN_ORDER)))


def owns_any(viewer: Viewer, milestones: Iterable[Owned]) -> bool:
    """Has the viewer one of these milestones to reach?"""
    person = viewer.person
    return person is not None and any(m.owner_id == person.id and m.dropped_at is None for m in milestones)


def milestone_in_view(viewer: Viewer, pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Milestone | None:
    """This milestone of this pilot with its owner, if the viewer may see the pilot."""
    query = (
        select(Milestone)
        .join(Milestone.pilot)
        .options(contains_eager(Milestone.pilot).joinedload(Pilot.state), joinedload(Milestone.owner))
        .where(
            Milestone.id == milestone_id,
            Milestone.pilot_id == pilot_id,
            Pilot.id.in_(visible_to(viewer).with_only_columns(Pilot.id)),
        )
    )
    return db.session.scalar(query)


def behind_link(token: str) -> Milestone | None:
    """The milestone a mailed link leads to, while its owner is the one who got the mail, and goes in and out here."""
    row = row_of(token)
    if row is None:
        return None
    whole = (joinedload(Milestone.pilot).joinedload(Pilot.state), joinedload(Milestone.owner))
    found = db.session.scalar(select(Milestone).options(*whole).where(Milestone.id == row))
    if found is None or found.owner is None or not found.owner.active:
        return None
    return found if matches("milestone", found.id, found.owner_nonce, token) else None


def milestone_by_code(typed: str) -> tuple[uuid.UUID, str] | None:
    """The milestone whose page a short code opens for its owner, with the nonce of its link."""
    asked = select(Milestone.id, Milestone.owner_nonce).where(Milestone.owner_code_digest.in_(code_digests(typed)))
    found = [(row, nonce) for row, nonce in db.session.execute(asked) if code_matches("milestone", row, nonce, typed)]
    return found[0] if found else None


def changes_of(milestones: Iterable[Milestone]) -> dict[uuid.UUID, list[DueChange]]:
    """Each change of these milestones' dates, by milestone, oldest first."""
    found: dict[uuid.UUID, list[DueChange]] = {m.id: [] for m in milestones}
    query = select(DueChange).where(DueChange.milestone_id.in_(found)).order_by(DueChange.at, DueChange.id)
    for change in db.session.scalars(query) if found else ():
        found[change.milestone_id].append(change)
    return found


def evidence_of(milestones: Iterable[Milestone], classes: Collection[Visibility]) -> dict[uuid.UUID, list[Evidence]]:
    """What shows that these milestones are done, of the classes the viewer may read, by milestone, oldest first."""
    found: dict[uuid.UUID, list[Evidence]] = {m.id: [] for m in milestones}
    query = (
        select(Evidence)
        .options(joinedload(Evidence.file))
        .where(Evidence.milestone_id.in_(found), Evidence.visibility.in_([c.value for c in classes]))
        .order_by(Evidence.added_at, Evidence.id)
    )
    for evidence in db.session.scalars(query) if found else ():
        found[evidence.milestone_id].append(evidence)
    return found


def evidence_in_view(milestone_id: uuid.UUID, evidence_id: uuid.UUID, classes: Collection[Visibility]) -> Evidence | None:
    """This evidence of this milestone, if it is of a class the viewer may read."""
    query = (
        select(Evidence)
        .options(joinedload(Evidence.file))
        .where(
            Evidence.id == evidence_id,
            Evidence.milestone_id == milestone_id,
            Evidence.visibility.in_([c.value for c in classes]),
        )
    )
    return db.session.scalar(query)
