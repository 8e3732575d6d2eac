"""Who is in the demonstration: States, their ministries and missions, people, roles, designations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from app.accounts.models import (
    Capacity,
    Channel,
    Designation,
    MailRoute,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Role,
    RoleGrant,
)
from app.audit.rules import record
from app.demo.calendar import Calendar
from app.demo.data_files import read
from app.extensions import db
from app.topics.reference import load_states


@dataclass
class Network:
    """The rows, by the short names the data files use."""

    states: dict[str, Organisation] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def secretariat(self) -> Person:
        """Who did what the secretariat did."""
        return self.people["tomas"]


def build(calendar: Calendar) -> Network:
    """Write everybody; answers them by their short names."""
    network = Network()
    _states(network)
    _organisations(network)
    _people(network, calendar)
    _designations(network, calendar)
    return network


def _states(network: Network) -> None:
    records = read("states")
    load_states(records, illustrative=True)
    codes = [r["code"] for r in records]
    for state in db.session.scalars(select(Organisation).where(Organisation.code.in_(codes))):
        network.states[str(state.code)] = state
    for row in records:
        network.states[row["code"]].mail_route = MailRoute(row["mail_route"])


def _organisations(network: Network) -> None:
    for row in read("organisations"):
        state = network.states.get(row["state"] or "")
        organisation = Organisation(
            kind=OrganisationKind(row["kind"]),
            names=row["names"],
            parent=state,
            region_m49=state.region_m49 if state else None,
            zone=row.get("zone") or (state.zone if state else "UTC"),
            weekend=state.weekend if state else ["6", "7"],
            illustrative=True,
        )
        db.session.add(organisation)
        network.organisations[row["key"]] = organisation
    db.session.flush()


def _people(network: Network, calendar: Calendar) -> None:
    since, then = calendar.day("2026-01-05"), calendar.on("2026-01-05")
    for row in read("people"):
        person = Person(
            email=row.get("email"),
            given_name=row["given_name"],
            family_name=row["family_name"],
            honorifics=row["honorifics"],
            forms_of_address=row["forms_of_address"],
            posts=row["posts"],
            phone=row.get("phone"),
            language=row["language"],
            zone=row["zone"],
            channel=Channel(row.get("channel", "email")),
            email_confirmed_at=then if row.get("email") else None,
        )
        person.memberships.append(Membership(organisation=network.organisations[row["of"]], valid_from=since))
        db.session.add(person)
        network.people[row["key"]] = person
    db.session.flush()
    for row in read("people"):
        if row.get("role"):
            _grant(network.people[row["key"]], Role(row["role"]), then)


def _grant(person: Person, role: Role, then: datetime) -> None:
    db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=then))
    record("role.granted", "person", person.id, by=None, now=then, changes={"role": (None, role)})


def _designations(network: Network, calendar: Calendar) -> None:
    for row in read("designations"):
        dated: date = calendar.day(row["letter_date"])
        then = calendar.on(row["letter_date"], 14)
        designation = Designation(
            state_id=network.states[row["state"]].id,
            person_id=network.people[row["person"]].id,
            capacity=Capacity(row["capacity"]),
            letter_number=row["letter_number"],
            letter_date=dated,
            signatory=row["signatory"],
            valid_from=dated,
            created_at=then,
        )
        if row["verified"]:
            designation.verified_at, designation.verified_by = then, network.secretariat.id
        db.session.add(designation)
    db.session.flush()
