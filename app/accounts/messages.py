"""What this room writes to people: links to sign in and to join, and word of a changed password."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import force_locale

from app.accounts.holdings import Held
from app.accounts.models import HandOver, JoinInvitation, Person, SignInLink
from app.accounts.queries.letters import letter_for
from app.core.db import Json
from app.core.languages import babel_locale
from app.core.signing import external_url, mark, settings, sign
from app.notifications.models import Priority
from app.notifications.outbox import Letter, queue

SIGN_IN = "sign-in"
JOIN = "join-network"


def sign_in_link(person: Person, link: SignInLink, now: datetime) -> None:
    """The link that signs in, together with the code in the browser that asked. Worthless after it expires."""
    minutes = int((link.expires_at - link.created_at).total_seconds() // 60)
    url = external_url("accounts.sign_in_link", person.language, token=mark(SIGN_IN, link.id, link.nonce))
    queue(
        [
            letter_for(
                person,
                kind="sign-in-link",
                key=f"sign-in-link:{link.id}",
                facts={"links": {"open": url}, "minutes": minutes},
                priority=Priority.URGENT,
                expires_at=link.expires_at,
            )
        ],
        now=now,
    )


def join_invitation(person: Person, invitation: JoinInvitation, inviter: Person | None, now: datetime) -> None:
    """The link that makes an account."""
    facts = {
        "links": {"join": external_url("accounts.join", person.language, token=mark(JOIN, invitation.id, invitation.nonce))},
        "days": (invitation.expires_at - invitation.created_at).days,
        "personal": {"inviter": inviter.full_name if inviter else "–"},
    }
    letter = letter_for(
        person,
        kind="join-invitation",
        key=f"join-invitation:{invitation.id}",
        facts=facts,
        expires_at=invitation.expires_at,
        subject_kind="join_invitation",
        subject_id=invitation.id,
    )
    queue([letter], now=now)


def join_url(invitation: JoinInvitation, language: str) -> str:
    """The address of the page that makes the account."""
    return external_url("accounts.join", language, token=sign(JOIN, invitation.id, invitation.nonce))


def password_changed(person: Person, now: datetime) -> None:
    """Word that the password changed, in case somebody else did it."""
    facts = {
        "at": now.isoformat(),
        "links": {"sign_in": external_url("accounts.sign_in", person.language)},
        "contact": settings().contact_address,
    }
    letter = letter_for(
        person,
        kind="password-changed",
        key=f"password-changed:{person.id}:{now.isoformat()}",
        facts=facts,
        priority=Priority.URGENT,
    )
    queue([letter], now=now)


def took_over(successor: Person, former: Person, done: HandOver, told: Iterable[Held], now: datetime) -> None:
    """What came to the successor, and from whom; invitations and links to expressions of interest follow in their own mails."""
    with force_locale(babel_locale(successor.language)):
        moved = [{"words": str(held.words), "count": held.count} for held in told if held.name not in OWN]
    letter = letter_for(
        successor,
        kind="handed-over",
        key=f"handed-over:{done.id}",
        facts={"former": former.full_name, "moved": moved, "links": {"home": external_url("dashboards.home", successor.language)}},
    )
    queue([letter], now=now)


def digest(person: Person, key: str, facts: Json) -> Letter:
    """What was gathered for somebody, in one mail."""
    return letter_for(person, kind="digest", key=key, facts=facts)


def address_failed(focal: Person, person: Person, now: datetime) -> None:
    """Word to a focal point that mail to somebody of the State came back, and the way to put the address right."""
    letter = letter_for(
        focal,
        kind="address-failed",
        key=f"address-failed:{person.id}:{focal.id}:{now.isoformat()}",
        facts={
            "person": person.full_name,
            "address": person.email or "",
            "has_account": person.joined_at is not None,
            "links": {"correct": external_url("accounts.correct_address", focal.language, person_id=person.id)},
        },
        subject_kind="person",
        subject_id=person.id,
    )
    queue([letter], now=now)


OWN = frozenset({"mails", "joining", "designations", "memberships"})
"""What the successor has of their own, or is taken back: the mail speaks of the work alone."""
