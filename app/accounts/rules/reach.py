"""Mail came back from a person's address: the record says so, their State is told, and the address is put right."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects.postgresql import insert

from app.accounts import messages
from app.accounts.models import OtherAddress, Person, fold_address
from app.accounts.queries.people import person_by_email
from app.accounts.queries.reach import focal_points_of, states_of
from app.accounts.rules import people
from app.audit.rules import record
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.zones import to_wall
from app.extensions import db
from app.notifications import bounces, choices, outbox
from app.notifications.rendering import SECRET_KINDS
from app.notifications.revisions import still_stands


def mark_unreachable(address: str, *, now: datetime) -> Person | None:
    """Nothing reaches this person by mail any more. Those who speak for their State learn it, and how to put it right."""
    person = person_by_email(address)
    if person is None or not person.active or person.email_undeliverable_at is not None:
        return None
    person.email_undeliverable_at = now
    db.session.flush()
    record("person.unreachable", "person", person.id, by=None, now=now, changes={"email": (person.email, None)})
    today = to_wall(now, person.zone).date()
    for focal in focal_points_of(states_of(person, today), today, but=person.id):
        messages.address_failed(focal, person, now)
    return person


def may_correct(person: Person) -> bool:
    """May the State put the address right by itself? An account belongs to its person: there the secretariat asks first."""
    return person.joined_at is None


def correct_address(person: Person, email: str, *, by: Person, now: datetime) -> None:
    """A focal point says where mail reaches somebody of the State. What is to come is sent there."""
    if person.email_undeliverable_at is None:
        raise RuleBroken(_l("Mail reaches this person again. Somebody corrected the address already."))
    if not may_correct(person):
        raise RuleBroken(
            _l("This person has an account. Write to the secretariat, which asks the person and corrects the address.")
        )
    if fold_address(email) == person.email_folded:
        raise RuleBroken(_l("Mail came back from this address. Enter another one."), field="email")
    people.change(person, {"email": email.strip()}, version=person.version, by=by, now=now)


def works_again(person: Person, *, by: Person, now: datetime) -> int:
    """The address is right after all: mail goes there again, and what was held and is not too late leaves."""
    if person.email_undeliverable_at is None or not person.email:
        return 0
    person.email_undeliverable_at = None
    held = [m for m in bounces.held_for(person.id, person.email, now) if m.kind not in SECRET_KINDS and still_stands(m)]
    bounces.lift(person.email, now=now)
    again = [outbox.send_again(message, now=now) for message in held]
    choices.apply_to(again, person.id, person.zone, now)  # what the person ended does not leave, the rest as they chose
    record("person.reachable", "person", person.id, by=by, now=now, changes={"messages": (None, len(held))} if held else {})
    return len(held)


def add_other_address(person: Person, address: str, *, by: Person, now: datetime) -> None:
    """The person answers from this address as well; their answers from there count from now on."""
    folded = fold_address(address)
    if not folded or person_by_email(folded) is not None:
        return
    new = insert(OtherAddress).values(id=uuid7(), person_id=person.id, address=folded, added_at=now, added_by=by.id)
    if db.session.scalar(new.on_conflict_do_nothing(index_elements=["address"]).returning(OtherAddress.id)) is not None:
        record("person.other_address", "person", person.id, by=by, now=now, changes={"other_address": (None, folded)})
