"""People: found by their address, else by name and organisation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.accounts import tables
from app.accounts.models import Membership, Person, fold_address
from app.accounts.rules import belong
from app.accounts.rules import people as rules
from app.accounts.tables import EMAIL, FAMILY, GIVEN, STATE_CODE
from app.accounts.words import FIELDS
from app.core.signing import settings
from app.core.text import fold
from app.core.zones import to_wall
from app.extensions import db
from app.transfers.cells import Field, Planned, Row
from app.transfers.kinds.base import Importer, Place, Told, nothing, people_with, places, twice

PERSON = (
    Field("email", EMAIL, "name@ministry.example"),
    Field("honorific", FIELDS["honorifics"], _l("In the person's language: Ms., Mme")),
    Field("given_name", GIVEN, _l("As the person writes it")),
    Field("family_name", FAMILY, _l("As the person writes it"), needed=True),
    Field("post", FIELDS["posts"], _l("In the person's language")),
    Field("organisation", FIELDS["organisation"], _l("Its name here, in any language")),
    Field("state", STATE_CODE, _l("Two letters such as KE, or the name of the State")),
    Field("phone", FIELDS["phone"], _l("With the code of the country: +254 …")),
    Field("language", FIELDS["language"], "ar; zh; en; fr; ru; es"),
    Field("zone", FIELDS["zone"], _l("Such as Africa/Nairobi; else where they belong")),
)
_TEXTS = ("honorifics", "posts")


def person_fields(row: Row, place: Place | None) -> dict[str, Any]:
    """What a row says of a person. Language and zone fall back to those of where they belong."""
    ours = settings()
    language = row.language("language")
    fallback = next((code for code in (place.languages if place else ()) if code in ours.language_order), ours.default_language)
    zone = row.zone("zone")
    speaks = language or fallback
    honorific, post = row.text("honorific", 60), row.text("post")
    return {
        "email": row.address("email") or None,
        "given_name": row.text("given_name", 100),
        "family_name": row.text("family_name", 100),
        "honorifics": {speaks: honorific} if honorific else {},
        "posts": {speaks: post} if post else {},
        "phone": row.text("phone", 40) or None,
        "language": speaks,
        "zone": zone or (place.zone if place else ours.default_zone),
        "said": {name for name, said in (("language", language), ("zone", zone)) if said},
    }


def plan(rows: list[Row], told: Told) -> tuple[list[Planned], Callable[[], None]]:
    """What each row will do."""
    where = places()
    known = people_with({row.text("email", 254) for row in rows})
    twice(rows, lambda row: fold_address(row.text("email", 254)), "email")
    planned = []
    for row in rows:
        row.needed("family_name", _("Enter the family name."), 100)
        place = where.of(row)
        fields = person_fields(row, place)
        if row.problems:
            continue
        person = known.get(fold_address(fields["email"]) or "") or _by_name(fields, place)
        planned.append(_planned(row, person, fields, place, told))
    return planned, nothing


def _by_name(fields: dict[str, Any], place: Place | None) -> Person | None:
    """Somebody of this name in this organisation, where no address tells."""
    if place is None:
        return None
    members = select(Membership.person_id).where(Membership.organisation_id == place.id)
    name = fold(f"{fields['family_name']} {fields['given_name']}")
    query = select(Person).options(selectinload(Person.memberships)).where(Person.id.in_(members), Person.sort_name == name)
    found = list(db.session.scalars(query.limit(2)))
    alone = found[0] if len(found) == 1 else None
    if alone is not None and fields["email"] and alone.email:
        return None  # another address: another person of the same name
    return alone


def _planned(row: Row, person: Person | None, fields: dict[str, Any], place: Place | None, told: Told) -> Planned:
    who = f"{fields['given_name']} {fields['family_name']}".strip()
    if person is None:
        return Planned(row.number, "new", who, partial(_create, fields, place, told))
    changes = _changes(person, fields) if told.update and person.active else {}
    joins = told.update and person.active and place is not None and not _belongs(person, place)
    if not changes and not joins:
        return Planned(row.number, "left", person.full_name, nothing)
    return Planned(row.number, "updated", person.full_name, partial(_change, person, changes, place if joins else None, told))


def _belongs(person: Person, place: Place) -> bool:
    return any(m.organisation_id == place.id and m.valid_to is None for m in person.memberships)


def _changes(person: Person, fields: dict[str, Any]) -> dict[str, Any]:
    """What the row says anew. An empty cell changes nothing."""
    speaks = fields["language"] if "language" in fields["said"] else person.language
    wanted: dict[str, Any] = {name: fields[name] for name in ("email", "given_name", "family_name", "phone") if fields[name]}
    wanted |= {name: fields[name] for name in fields["said"]}
    for name in _TEXTS:
        if fields[name]:
            wanted[name] = {**getattr(person, name), speaks: next(iter(fields[name].values()))}
    if person.email and fold_address(wanted.get("email")) == person.email_folded:
        wanted.pop("email", None)  # the same address in other letters
    return {name: value for name, value in wanted.items() if getattr(person, name) != value}


def _create(fields: dict[str, Any], place: Place | None, told: Told) -> None:
    given = {name: value for name, value in fields.items() if name != "said"}
    person = rules.create(given, by=told.by, now=told.now)
    if place is not None:
        belong(person, place.id, from_day=to_wall(told.now, person.zone).date(), by=told.by, now=told.now)


def _change(person: Person, changes: dict[str, Any], joins: Place | None, told: Told) -> None:
    if changes:
        rules.change(person, changes, version=person.version, by=told.by, now=told.now)
    if joins is not None:
        belong(person, joins.id, from_day=to_wall(told.now, person.zone).date(), by=told.by, now=told.now)


IMPORTER = Importer(PERSON, plan, lambda: tables.people(date.min))
