"""People, organisations, roles and designations for tests: plain rows, no rules."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from app.accounts.models import (
    Capacity,
    Designation,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Role,
    RoleGrant,
)
from app.extensions import db

_number = itertools.count(1)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


def make_organisation(kind: OrganisationKind, name: str = "", **fields: Any) -> Organisation:
    """An organisation of this kind."""
    name = name or f"{kind.value.replace('_', ' ').capitalize()} {next(_number)}"
    organisation = Organisation(kind=kind, names=fields.pop("names", {"en": name, "fr": f"{name} (fr)"}), **fields)
    db.session.add(organisation)
    db.session.flush()
    return organisation


def make_state(name: str = "", **fields: Any) -> Organisation:
    """An invented State."""
    return make_organisation(OrganisationKind.STATE, name, **fields)


def make_ministry(state: Organisation, name: str = "", **fields: Any) -> Organisation:
    """A ministry of a State."""
    return make_organisation(OrganisationKind.MINISTRY, name, parent_id=state.id, **fields)


def make_mission(state: Organisation, name: str = "", **fields: Any) -> Organisation:
    """A Permanent Mission of a State."""
    return make_organisation(OrganisationKind.MISSION, name, parent_id=state.id, **fields)


def make_person(family_name: str = "", *, of: Organisation | None = None, roles: tuple[Role, ...] = (), **fields: Any) -> Person:
    """A person with an address of their own; ``of`` makes them a member since long ago."""
    number = next(_number)
    fields.setdefault("given_name", "Ada")
    fields.setdefault("email", f"person{number}@ministry.example")
    person = Person(family_name=family_name or f"Person{number}", **fields)
    db.session.add(person)
    if of is not None:
        person.memberships.append(Membership(organisation=of, valid_from=date(2020, 1, 1)))
    db.session.flush()
    for role in roles:
        db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=NOW))
    db.session.flush()
    return person


def make_designation(state: Organisation, person: Person, *, verified: bool = True, **fields: Any) -> Designation:
    """A focal point of a State since the first of the year; verified unless you say otherwise."""
    fields.setdefault("capacity", Capacity.FOCAL_POINT)
    fields.setdefault("letter_number", "NV/12/2026")
    fields.setdefault("letter_date", date(2025, 12, 20))
    fields.setdefault("signatory", "Minister of the Interior")
    fields.setdefault("valid_from", date(2026, 1, 1))
    designation = Designation(state_id=state.id, person_id=person.id, **fields)
    if verified:
        designation.verified_at = NOW
    db.session.add(designation)
    db.session.flush()
    return designation
