"""Whom the forms of this room offer."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import load_only

from app.accounts.models import Designation, Membership, OrganisationKind, Person, Role, RoleGrant
from app.accounts.queries import organisation_choices, under
from app.extensions import db
from app.pilots.models import Pilot

PARTNERS = tuple(k for k in OrganisationKind if k is not OrganisationKind.STATE)
_NAMED = load_only(Person.given_name, Person.family_name, Person.sort_name, Person.active)


def _holding(*roles: Role) -> object:
    return select(RoleGrant.person_id).where(RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None))


CO_LEADS = (
    select(Person)
    .options(_NAMED)
    .where(Person.id.in_(_holding(Role.CO_LEAD)), Person.active)  # type: ignore[arg-type]
    .order_by(Person.sort_name, Person.id)
)
"""The network's co-leads, by name, as a statement."""


def co_leads() -> list[Person]:
    """The network's co-leads, by name."""
    return list(db.session.scalars(CO_LEADS))


def owners_for(pilot: Pilot, most: int = 300) -> list[Person]:
    """Who may be given a milestone: people of the State, the lead and the partners, its co-lead, the secretariat; by name."""
    ours = under([pilot.state_id])
    bodies = [p.id for p in pilot.partners] + ([pilot.lead_id] if pilot.lead_id else [])
    members = select(Membership.person_id).join(ours, Membership.organisation_id == ours.c.id)
    partners = select(Membership.person_id).where(Membership.organisation_id.in_(bodies))
    named = select(Designation.person_id).where(Designation.state_id == pilot.state_id, Designation.refused_at.is_(None))
    anyone = or_(
        Person.id.in_(members),
        Person.id.in_(partners),
        Person.id.in_(named),
        Person.id.in_(_holding(Role.SECRETARIAT, Role.ADMINISTRATOR)),  # type: ignore[arg-type]
        Person.id == pilot.co_lead_id,
    )
    query = select(Person).options(_NAMED).where(anyone, Person.active).order_by(Person.sort_name, Person.id)
    return list(db.session.scalars(query.limit(most)))


def partner_choices(language: str) -> list[tuple[str, str]]:
    """Organisations that may take part beside the State: id and name."""
    return organisation_choices(language, PARTNERS)
