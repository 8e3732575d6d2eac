"""People who are written to before anybody made a record of them: contacts of expressions, named delegates."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from app.accounts.models import Membership, Person
from app.accounts.queries.people import person_by_email
from app.audit.rules import record
from app.core.db import Texts
from app.core.text import line
from app.core.zones import to_wall
from app.extensions import db


def find_or_make_contact(
    *,
    email: str | None,
    given_name: str,
    family_name: str,
    by: Person | None,
    now: datetime,
    language: str = "en",
    zone: str = "UTC",
    organisation_id: uuid.UUID | None = None,
    posts: Texts | None = None,
    honorifics: Texts | None = None,
    phone: str | None = None,
) -> Person:
    """The person with this address, or a new one. A known person's record is not overwritten by what a form says.

    Without an address a new person is made each time: names alone do not tell two people apart.
    """
    person = person_by_email(email) or _make(
        {
            "email": (email or "").strip() or None,
            "given_name": line(given_name),
            "family_name": line(family_name) or line(given_name) or (email or "").split("@")[0],
            "language": language,
            "zone": zone,
            "posts": posts or {},
            "honorifics": honorifics or {},
            "phone": phone or None,
        },
        by=by,
        now=now,
    )
    if organisation_id is not None:
        belong(person, organisation_id, from_day=to_wall(now, person.zone).date(), by=by, now=now)
    return person


def _make(fields: dict[str, object], *, by: Person | None, now: datetime) -> Person:
    """Add the person; when another transaction added the same address first, take theirs."""
    person = Person(**fields)
    try:
        with db.session.begin_nested():
            db.session.add(person)
            db.session.flush()
    except IntegrityError:
        theirs = person_by_email(person.email)
        if theirs is None:
            raise
        return theirs
    record("person.created", "person", person.id, by=by, now=now, changes={"name": ("", person.full_name)})
    return person


def belong(person: Person, organisation_id: uuid.UUID, *, from_day: date, by: Person | None, now: datetime) -> Membership:
    """Make the person a member from this day, unless they are one already."""
    for membership in person.memberships:
        over = membership.valid_to is not None and membership.valid_to < from_day
        if membership.organisation_id == organisation_id and not over:
            return membership
    membership = Membership(organisation_id=organisation_id, valid_from=from_day)
    person.memberships.append(membership)
    db.session.flush()
    changes = {"organisation": (None, organisation_id), "valid_from": (None, from_day)}
    record("person.joined_organisation", "person", person.id, by=by, now=now, changes=changes)
    return membership
