"""Who is in the demonstration: States, their ministries and missions, people, roles, designations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Capacity, Channel, MailRoute, Organisation, OrganisationKind, Person, Role
from app.accounts.rules import contacts, designations, organisations, people
from app.accounts.rules.handover import hand_over
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
    then = calendar.on("2025-11-24")
    _organisations(network, then)
    _people(network, then)
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


def _organisations(network: Network, now: datetime) -> None:
    for row in read("organisations"):
        state = network.states.get(row["state"] or "")
        fields = {
            "kind": OrganisationKind(row["kind"]),
            "names": row["names"],
            "parent_id": state.id if state else None,
            "region_m49": state.region_m49 if state else None,
            "zone": row.get("zone") or (state.zone if state else "UTC"),
            "weekend": state.weekend if state else ["6", "7"],
            "illustrative": True,
        }
        network.organisations[row["key"]] = organisations.create(fields, by=None, now=now)


def _people(network: Network, then: datetime) -> None:
    for row in read("people"):
        by = network.people.get("tomas")
        fields = {name: row[name] for name in PERSON if name in row}
        fields["channel"] = Channel(row.get("channel", "email"))
        person = people.create(fields, by=by, now=then)
        person.email_confirmed_at = then if person.email else None
        contacts.belong(person, network.organisations[row["of"]].id, from_day=then.date(), by=by, now=then)
        if row.get("role"):
            people.grant(person, Role(row["role"]), by=by, now=then)
        network.people[row["key"]] = person


PERSON = (
    "email", "given_name", "family_name", "honorifics", "forms_of_address", "posts", "phone", "language", "zone",
)  # fmt: skip


def _designations(network: Network, calendar: Calendar) -> None:
    for row in read("designations"):
        dated = calendar.day(row["letter_date"])
        then = calendar.on(row["letter_date"], 14)
        fields = {
            "state_id": network.states[row["state"]].id,
            "person_id": network.people[row["person"]].id,
            "capacity": Capacity(row["capacity"]),
            "letter_number": row["letter_number"],
            "letter_date": dated,
            "signatory": row["signatory"],
            "valid_from": dated,
        }
        designation = designations.record_letter(fields, by=network.secretariat, now=then)
        designation.created_at = then
        if row["verified"]:
            designations.verify(designation, by=network.secretariat, now=then)
        if row.get("takes_over_from"):  # the rights move, and the former one's record is closed
            former, successor = network.people[row["takes_over_from"]], network.people[row["person"]]
            hand_over(former, successor, designation=designation, by=network.secretariat, now=then)
