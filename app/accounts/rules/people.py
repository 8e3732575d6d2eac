"""Changes of people, by the secretariat and by themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts import sessions
from app.accounts.access import ROLES, Permission
from app.accounts.events import AddressChanged, PersonClosed
from app.accounts.models import JoinInvitation, Membership, Person, Role, RoleGrant
from app.accounts.queries.people import person_by_email, roles_of
from app.accounts.rules.conflicts import unchanged_since
from app.audit.rules import differences, record
from app.core.errors import RuleBroken
from app.core.events import announce
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications import bounces, choices, outbox

_TAKEN = _l("Another person has this address already. Search for it in the list of people.")


def create(fields: dict[str, Any], *, by: Person | None, now: datetime) -> Person:
    """Add a person."""
    _address_is_free(fields.get("email"), None)
    person = Person(**fields)
    _save(person)
    changes = {k: (None, v) for k, v in fields.items() if v}
    record("person.created", "person", person.id, by=by, now=now, changes=changes)
    return person


def change(person: Person, fields: dict[str, Any], *, version: int, by: Person, now: datetime) -> None:
    """Change a person's record. A new address is unconfirmed, and reachable until the mail says otherwise."""
    unchanged_since(person, version, fields, "person")
    changes = differences(person, fields)
    if not changes:
        return
    if "email" in changes:
        refuse_above(person, by, field="email")
        _address_is_free(fields["email"], person)
        person.email_confirmed_at = person.email_undeliverable_at = None
        bounces.lift(fields["email"], now=now)  # somebody has just said that it is this one
        _end_what_the_former_address_holds(person, now)
    former = person.email
    for name, value in fields.items():
        setattr(person, name, value)
    _save(person)
    if "zone" in changes:
        choices.moved(person.id, person.zone, now)
    if "email" in changes and former:
        _renew_links(person, former, by, now)
    action = "person.profile_changed" if by.id == person.id else "person.changed"
    record(action, "person", person.id, by=by, now=now, changes=changes)


def refuse_above(person: Person, by: Person, field: str | None = None) -> None:
    """Whoever reads a person's mail can sign in as them: who may not give their roles neither sends it elsewhere nor closes it."""
    if not any(ROLES[held.role] for held in roles_of(person.id)):
        return
    if not any(Permission.GRANT_ROLES in ROLES[held.role] for held in roles_of(by.id)):
        sentence = _l("This person has a role that only an administrator gives. Ask an administrator to do this.")
        raise RuleBroken(sentence, field=field)


def _end_what_the_former_address_holds(person: Person, now: datetime) -> None:
    """Sessions, links to sign in and the invitation to join belong to whoever reads the former address: perhaps a stranger."""
    sessions.end_all(person.id, now, "address changed")
    _end_invitations(person, now)


def _renew_links(person: Person, former: str, by: Person, now: datetime) -> None:
    """What the former address was sent must not open anything any more; mail that waits goes to the new one."""
    if by.id != person.id:
        person.feed_nonce = fresh_nonce()  # whoever read the former address may have signed in and copied it
        db.session.flush()
    choices.end_links(person.id)
    announce(AddressChanged(person.id, former, by.id))
    outbox.readdress(person.id, person.email, but=SIGNING_IN, now=now)


SIGNING_IN = ("sign-in-link", "join-invitation")
"""Mails whose links have ended: they are taken back, not sent on."""


def _end_invitations(person: Person, now: datetime) -> None:
    unused = (JoinInvitation.person_id == person.id, JoinInvitation.used_at.is_(None), JoinInvitation.expires_at > now)
    db.session.execute(update(JoinInvitation).where(*unused).values(expires_at=now))


def _address_is_free(email: str | None, but: Person | None) -> None:
    other = person_by_email(email)
    if other is not None and other is not but:
        raise RuleBroken(_TAKEN, field="email")


def _save(person: Person) -> None:
    """Flush; the same sentence when another transaction took the address a moment before."""
    try:
        with db.session.begin_nested():
            db.session.add(person)
            db.session.flush()
    except IntegrityError as error:
        if "email_folded" in str(error.orig):
            raise RuleBroken(_TAKEN, field="email") from None
        raise


def deactivate(person: Person, *, by: Person, now: datetime, uninvite: bool = False) -> None:
    """Close an account: signed out everywhere, roles ended, open invitations, waiting mails and the calendar address worthless.

    ``uninvite`` frees their places in sessions to come; else the sessions' pages show that the record is closed.
    """
    if person.id == by.id:
        raise RuleBroken(_l("You cannot deactivate yourself. Ask a colleague."))
    if not person.active:
        return
    refuse_above(person, by)
    _not_the_last_administrator(person)
    person.active = False
    person.feed_nonce = fresh_nonce()
    sessions.end_all(person.id, now, "deactivated")
    for grant in roles_of(person.id):
        end_grant(grant, by=by, now=now)
    _end_invitations(person, now)
    db.session.flush()
    outbox.take_back_from(person.id, person.email, now=now)
    announce(PersonClosed(person.id, by.id, uninvite))
    record("person.deactivated", "person", person.id, by=by, now=now, changes={"active": (True, False)})


def reactivate(person: Person, *, by: Person, now: datetime) -> None:
    """Open the account again, without its former roles."""
    if person.active:
        return
    person.active = True
    db.session.flush()
    record("person.reactivated", "person", person.id, by=by, now=now, changes={"active": (False, True)})


def grant(person: Person, role: Role, *, by: Person | None, now: datetime) -> None:
    """Give a role. What the person may do changes, so they sign in anew."""
    if role is Role.FOCAL_POINT:
        raise RuleBroken(_l("A focal point is designated by a letter of the State. Record a designation."), field="role")
    if not person.active:
        raise RuleBroken(_l("This person is not active. Activate the record first."), field="role")
    if any(held.role is role for held in roles_of(person.id)):
        return
    db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=now, granted_by=by.id if by else None))
    db.session.flush()
    sessions.end_all(person.id, now, "roles")
    record("person.role_granted", "person", person.id, by=by, now=now, changes={"role": (None, role)})


def end_role(person: Person, role: Role, *, by: Person, now: datetime) -> None:
    """Take a role back."""
    if role is Role.ADMINISTRATOR:
        _not_the_last_administrator(person)
    for held in roles_of(person.id):
        if held.role is role:
            end_grant(held, by=by, now=now)
            sessions.end_all(person.id, now, "roles")
    db.session.flush()


def end_grant(held: RoleGrant, *, by: Person, now: datetime) -> None:
    """This grant is over."""
    held.ended_at = now
    record("person.role_ended", "person", held.person_id, by=by, now=now, changes={"role": (held.role, None)})


def _not_the_last_administrator(person: Person) -> None:
    """Somebody must be left who can give roles. The grants are locked: two at once must not leave nobody."""
    query = (
        select(RoleGrant.person_id)
        .join(Person, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.ended_at.is_(None), Person.active)
        .with_for_update(of=RoleGrant)
    )
    administrators = set(db.session.scalars(query))
    if administrators == {person.id}:
        raise RuleBroken(_l("This is the last administrator. Give the role to somebody else first."))


def end_membership(membership: Membership, last_day: date, *, by: Person, now: datetime) -> None:
    """The person belongs to the organisation until this day."""
    if last_day < membership.valid_from:
        raise RuleBroken(_l("Enter a day on or after the first day of the membership."), field="last_day")
    before, membership.valid_to = membership.valid_to, last_day
    db.session.flush()
    changes = {"organisation": (membership.organisation_id, None), "valid_to": (before, last_day)}
    record("person.left_organisation", "person", membership.person_id, by=by, now=now, changes=changes)


def replace_feed_address(person: Person, *, by: Person, now: datetime) -> None:
    """Make a new calendar address; the former one stops at once."""
    person.feed_nonce = fresh_nonce()
    db.session.flush()
    record("person.feed_revoked", "person", person.id, by=by, now=now)
