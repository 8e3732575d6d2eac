"""Participants of a session: people by their address, invited once somebody has confirmed how many that is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.accounts.models import Organisation, Person, fold_address
from app.accounts.rules import find_or_make_contact
from app.accounts.words import FIELDS
from app.exchanges import rules, tables
from app.exchanges.models import Capacity, Invitation, PeerSession
from app.exchanges.words import CAPACITIES
from app.extensions import db
from app.transfers.cells import Field, Planned, Row, words_of
from app.transfers.kinds.base import Importer, Place, Told, nothing, people_with, places, twice
from app.transfers.kinds.people import PERSON, person_fields

FIELDS_OF = (
    *(Field(f.name, f.label, f.hint, needed=f.name == "email") for f in PERSON if f.name != "zone"),
    Field("zone", FIELDS["zone"], _l("Such as Africa/Nairobi; else where they belong")),
    Field("capacity", FIELDS["capacity"], "participant; observer; information"),
)


def plan(rows: list[Row], told: Told) -> tuple[list[Planned], Callable[[], None]]:
    """What each row will do. The invitations are written together, when all rows are done."""
    where, capacities = places(), words_of(CAPACITIES)
    known = people_with({row.text("email", 254) for row in rows})
    invited = _invited(told.session_id, [p.id for p in known.values()])
    states = _states_of(known)
    twice(rows, lambda row: fold_address(row.text("email", 254)), "email")
    guests: list[tuple[Person, UUID | None, Capacity]] = []
    planned = []
    for row in rows:
        row.needed("email", _("Enter the address to which the invitation goes."), 254)
        place = where.of(row)
        fields = person_fields(row, place)
        person = known.get(fold_address(fields["email"]) or "")
        if person is None:
            row.needed("family_name", _("Nobody with this address is known. Enter the family name."), 100)
        elif not person.active:
            row.wrong("email", _("This person is not active. Activate the record first."))
        capacity = row.one("capacity", capacities) or Capacity.PARTICIPANT
        if row.problems:
            continue
        who = person.full_name if person else f"{fields['given_name']} {fields['family_name']}".strip()
        if person is not None and person.id in invited:
            planned.append(Planned(row.number, "left", who, nothing))
            continue
        state_id = place.state_id or place.id if place else states.get(person.id) if person else None
        planned.append(Planned(row.number, "new", who, partial(_add, guests, fields, place, state_id, capacity, told)))
    return planned, partial(_invite, guests, told)


def _invited(session_id: UUID | None, ids: list[UUID]) -> set[UUID]:
    query = select(Invitation.person_id).where(
        Invitation.peer_session_id == session_id, Invitation.person_id.in_(ids), Invitation.uninvited_at.is_(None)
    )
    return set(db.session.scalars(query))


def _states_of(known: dict[str, Person]) -> dict[UUID, UUID]:
    """The State, else the organisation, that each of these people belongs to."""
    ids = [p.id for p in known.values()]
    query = select(Person).options(selectinload(Person.memberships)).where(Person.id.in_(ids))
    held = {p.id: m.organisation_id for p in db.session.scalars(query) for m in p.memberships if m.valid_to is None}
    found = db.session.execute(select(Organisation.id, Organisation.parent_id).where(Organisation.id.in_(set(held.values()))))
    above = {id_: parent or id_ for id_, parent in found}
    return {person: above[organisation] for person, organisation in held.items() if organisation in above}


def _add(
    guests: list[Any], fields: dict[str, Any], place: Place | None, state_id: UUID | None, capacity: Capacity, told: Told
) -> None:
    names = ("email", "given_name", "family_name", "language", "zone", "posts", "honorifics", "phone")
    person = find_or_make_contact(
        **{name: fields[name] for name in names}, organisation_id=place.id if place else None, by=told.by, now=told.now
    )
    guests.append((person, state_id, capacity))


def _invite(guests: list[tuple[Person, UUID | None, Capacity]], told: Told) -> None:
    if not guests or told.session_id is None:
        return
    ids = {state_id for _, state_id, _ in guests if state_id}
    there = {o.id: o for o in db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
    wanted = [rules.Guest(p, there.get(state_id) if state_id else None, capacity) for p, state_id, capacity in guests]
    rules.invite(db.session.get_one(PeerSession, told.session_id), wanted, by=told.by, now=told.now)


IMPORTER = Importer(FIELDS_OF, plan, lambda: tables.invitations(addresses=True), writes=True)
