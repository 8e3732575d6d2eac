"""Who gets the mail of a State: by its route to capital, to its Permanent Mission, or to both."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_, select

from app.accounts.models import Capacity, Designation, MailRoute, Membership, Organisation, OrganisationKind, Person
from app.accounts.queries.organisations import under
from app.extensions import db


@dataclass(frozen=True)
class Routing:
    """Who gets the mail of one State. ``fell_back``: nobody on the chosen route can be reached, so others were taken."""

    people: list[Person]
    fell_back: bool


@dataclass
class _Known:
    """Everyone known of one State on a day."""

    designated: list[Person] = field(default_factory=list)  # focal points first
    capital: list[Person] = field(default_factory=list)
    mission: list[Person] = field(default_factory=list)


def routes_for(states: Iterable[Organisation], today: date) -> dict[uuid.UUID, Routing]:
    """The routing of many States, in two statements.

    Capital is the focal point and alternates in force, unless they belong to the mission only. Mission is the people
    of the Permanent Mission. When nobody on the route can be reached, whoever of the State can be: better than silence.
    """
    wanted = {s.id: s for s in states}
    known = {state_id: _Known() for state_id in wanted}
    _add_designated(known, today)
    _add_members(known, today)
    return {state_id: _routing(wanted[state_id], of) for state_id, of in known.items()}


def _routing(state: Organisation, of: _Known) -> Routing:
    mission_only = {p.id for p in of.mission} - {p.id for p in of.capital}
    capital = [p for p in of.designated if p.id not in mission_only]
    chosen = {
        MailRoute.CAPITAL: capital,
        MailRoute.MISSION: of.mission,
        MailRoute.BOTH: [*capital, *of.mission],
    }[state.mail_route]
    people = _reachable(chosen)
    if people:
        return Routing(people, fell_back=False)
    return Routing(_reachable([*of.designated, *of.capital, *of.mission]), fell_back=True)


def _reachable(people: Iterable[Person]) -> list[Person]:
    """Each once, in order, with an address that works."""
    can = (p for p in people if p.active and p.email and p.email_undeliverable_at is None)
    return list({p.id: p for p in can}.values())


def _add_designated(known: dict[uuid.UUID, _Known], today: date) -> None:
    query = (
        select(Designation.state_id, Person)
        .join(Person, Designation.person_id == Person.id)
        .where(
            Designation.state_id.in_(known),
            Designation.verified_at.is_not(None),
            Designation.refused_at.is_(None),
            Designation.valid_from <= today,
            or_(Designation.valid_to.is_(None), Designation.valid_to >= today),
        )
        .order_by((Designation.capacity != Capacity.FOCAL_POINT), Person.sort_name, Person.id)
    )
    for state_id, person in db.session.execute(query):
        known[state_id].designated.append(person)


def _add_members(known: dict[uuid.UUID, _Known], today: date) -> None:
    parts = under(known.keys())
    query = (
        select(parts.c.state_id, parts.c.kind, Person)
        .join(Membership, Membership.organisation_id == parts.c.id)
        .join(Person, Membership.person_id == Person.id)
        .where(Membership.valid_from <= today, or_(Membership.valid_to.is_(None), Membership.valid_to >= today))
        .order_by(Person.sort_name, Person.id)
    )
    for state_id, kind, person in db.session.execute(query):
        side = known[state_id].mission if kind == OrganisationKind.MISSION else known[state_id].capital
        side.append(person)
