"""Joining: a single-use link that makes an account, and the password that goes with it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.accounts import messages, passwords, sessions
from app.accounts.access import Viewer
from app.accounts.models import JoinInvitation, Person, Role, SignIn
from app.accounts.rules import people
from app.accounts.rules.conflicts import lock
from app.audit.rules import record
from app.core import limits, signing
from app.core.errors import LinkOver, RuleBroken
from app.core.signing import settings
from app.extensions import db

LIFE = timedelta(days=14)
FRESH = timedelta(minutes=15)
"""How long after signing in by mail a forgotten password may be replaced without it."""


def invite(person: Person, role: Role | None, *, by: Person | None, now: datetime, mail: bool = True) -> JoinInvitation:
    """Invite a person to make an account; a former invitation stops working."""
    if role is Role.FOCAL_POINT:
        raise RuleBroken(_l("A focal point is designated by a letter of the State. Record a designation."), field="role")
    if not person.email:
        raise RuleBroken(_l("This person has no e-mail address. Add one first."))
    if not person.active:
        raise RuleBroken(_l("This person is not active. Activate the record first."))
    if person.joined_at is not None:
        raise RuleBroken(_l("This person has an account already. You can give a role on this page."))
    db.session.execute(
        update(JoinInvitation)
        .where(JoinInvitation.person_id == person.id, JoinInvitation.used_at.is_(None), JoinInvitation.expires_at > now)
        .values(expires_at=now)
    )
    invitation = JoinInvitation(
        person_id=person.id, role=role, invited_by=by.id if by else None, created_at=now, expires_at=now + LIFE
    )
    db.session.add(invitation)
    db.session.flush()
    if mail:
        messages.join_invitation(person, invitation, by, now)
    record("person.invited", "person", person.id, by=by, now=now, changes={"role": (None, role)})
    return invitation


def invitation_behind(token: str, *, now: datetime) -> JoinInvitation | None:
    """The invitation behind a token; ``None`` when the token is not ours, ``LinkOver`` when it no longer works."""
    invitation_id = signing.row_of(token)
    invitation = db.session.get(JoinInvitation, invitation_id) if invitation_id else None
    if invitation is None or not signing.matches(messages.JOIN, invitation.id, invitation.nonce, token):
        return None
    _still_works(invitation, now)
    return invitation


def join(invitation: JoinInvitation, password: str | None, *, now: datetime) -> Person:
    """Make the account, with a password or for mailed links only. Works once."""
    lock(invitation)
    _still_works(invitation, now)
    person = db.session.get_one(Person, invitation.person_id)
    if not person.active:
        raise LinkOver(_l("This account is closed. Write to the secretariat."))
    if person.joined_at is not None:  # another way made the account meanwhile: this link must not set its password
        raise LinkOver(_l("This invitation was used already: it works once. You can sign in."))
    if password is not None:
        _store(person, password, now)
    invitation.used_at = now
    person.joined_at = person.joined_at or now
    person.email_confirmed_at = person.email_confirmed_at or now
    if invitation.role is not None:
        inviter = db.session.get(Person, invitation.invited_by) if invitation.invited_by else None
        people.grant(person, invitation.role, by=inviter, now=now)
    db.session.flush()
    record("person.joined", "person", person.id, by=person, now=now)
    return person


def set_password(person: Person, password: str, *, now: datetime, by: Person | None = None, tell: bool = True) -> None:
    """Set or change the password: all sessions end, and the person is told by mail."""
    _store(person, password, now)
    person.joined_at = person.joined_at or now
    db.session.flush()
    sessions.end_all(person.id, now, "password changed")
    record("person.password_set", "person", person.id, by=by or person, now=now)
    if tell:
        messages.password_changed(person, now)


def change_password(viewer: Viewer, current: str, password: str, *, now: datetime) -> Person:
    """Change one's own password; the present one is asked for, unless the person just came by a mailed link."""
    person = viewer.person
    assert person is not None
    if asks_for_current(viewer, now=now):
        tries = limits.bucket("sign-in:account", person.email)
        limits.slow_down(tries, now)
        if not passwords.fits(person.password_hash, current):
            raise RuleBroken(_l("This is not your present password. If you forgot it, sign in by a mailed link."), field="current")
        limits.forgive(tries)
    set_password(person, password, now=now)
    return person


def asks_for_current(viewer: Viewer, *, now: datetime) -> bool:
    """Must the present password be given? Not when there is none, nor right after a mailed link proved who it is."""
    person = viewer.person
    if person is None or person.password_hash is None:
        return False
    row = db.session.get(SignIn, viewer.sign_in_id) if isinstance(viewer.sign_in_id, uuid.UUID) else None
    return row is None or row.method == "password" or row.created_at + FRESH < now


def _store(person: Person, password: str, now: datetime) -> None:
    own = [person.given_name, person.family_name, person.email or "", *settings().network_names.values(), "Pathways Exchange"]
    passwords.check_new(password, own)
    person.password_hash = passwords.hashed(password)
    person.password_changed_at = now


def _still_works(invitation: JoinInvitation, now: datetime) -> None:
    if invitation.used_at is not None:
        raise LinkOver(_l("This invitation was used already: it works once. You can sign in."))
    if invitation.expires_at <= now:
        raise LinkOver(_l("This invitation is over. Ask the secretariat for a new one."))
