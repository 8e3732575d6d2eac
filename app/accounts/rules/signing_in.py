"""Signing in: by password, or by a mailed link with the code of the browser that asked. And out again."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
import uuid
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext

from app.accounts import messages, passwords, sessions
from app.accounts.access import Viewer
from app.accounts.models import Person, SignInLink
from app.accounts.queries.people import person_by_email
from app.accounts.rules.conflicts import lock
from app.audit.rules import record
from app.core import limits, signing
from app.core.errors import LinkOver, RuleBroken
from app.extensions import db

LINK_LIFE = timedelta(minutes=10)
WRONG_CODES = 5
CODE_LENGTH = 6
PER_CLIENT = (20, timedelta(minutes=1))
LINKS_PER_ACCOUNT = (5, timedelta(minutes=15))


def count_client(address: str | None, now: datetime) -> None:
    """Every try of one client counts, whatever account it is for."""
    limits.hit(limits.bucket("sign-in:client", limits.client(address)), *PER_CLIENT, now)


def by_password(email: str, password: str, *, now: datetime) -> Person:
    """The person, or one refusal for a wrong address, a wrong password, no account and a closed one."""
    tries = limits.bucket("sign-in:account", email)
    limits.slow_down(tries, now)
    person = person_by_email(email)
    stored = person.password_hash if person is not None and person.active else None
    if not passwords.fits(stored, password) or person is None or stored is None:
        raise RuleBroken(_l("The address or the password is not right. You can also ask for a link by mail."))
    limits.forgive(tries)
    if passwords.is_outdated(stored):
        person.password_hash = passwords.hashed(password)
    return person


def start(person: Person, method: str, *, now: datetime) -> Viewer:
    """Open a session; answers its viewer, whose token goes into the cookie."""
    found = sessions.viewer_of(person, now)
    token = sessions.begin(person, method, now, found.roles)
    record("person.signed_in", "person", person.id, by=person, now=now, note=method)
    return sessions.viewer_of(person, now, token=token)


def sign_out(person: Person, sign_in_id: uuid.UUID, *, now: datetime) -> None:
    """End this session; its cookie is worth nothing afterwards."""
    sessions.end(sign_in_id, now, "signed out")
    record("person.signed_out", "person", person.id, by=person, now=now)


def sign_out_everywhere(person: Person, *, by: Person, now: datetime) -> None:
    """End every session of a person, this one too."""
    sessions.end_all(person.id, now, "everywhere")
    record("person.sign_ins_ended", "person", person.id, by=by, now=now)


def ask_for_link(email: str, browser: str, *, now: datetime) -> str:
    """Mail a link if there is such an account; answers a code for the asking browser either way."""
    limits.hit(limits.bucket("sign-in-link:account", email), *LINKS_PER_ACCOUNT, now)
    code = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"
    person = person_by_email(email)
    if person is None or not person.active or person.joined_at is None:
        return code
    link = SignInLink(
        person_id=person.id,
        browser_hash=_hash(browser),
        code_hash="",
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    db.session.add(link)
    db.session.flush()
    link.code_hash = signing.sign("sign-in-code", link.id, code)
    messages.sign_in_link(person, link, now)
    return code


def link_behind(token: str, *, now: datetime) -> SignInLink | None:
    """The link behind a token; ``None`` when the token is not ours, ``LinkOver`` when it no longer works."""
    link_id = signing.row_of(token)
    link = db.session.get(SignInLink, link_id) if link_id else None
    if link is None or not signing.matches(messages.SIGN_IN, link.id, link.nonce, token):
        return None
    _still_works(link, now)
    return link


def by_link(link: SignInLink, code: str, browser: str, *, now: datetime) -> Person:
    """The person, when the code is right and this is the browser that asked. Commit also when it refuses: it counts."""
    lock(link)
    _still_works(link, now)
    if not secrets.compare_digest(link.browser_hash, _hash(browser)):
        raise RuleBroken(_l("Open the link in the browser in which you asked for it: only there is the code known."))
    if not signing.matches("sign-in-code", link.id, digits(code), link.code_hash):
        link.wrong_codes += 1
        left = WRONG_CODES - link.wrong_codes
        if left <= 0:
            _still_works(link, now)
        raise RuleBroken(
            lazy_ngettext(
                "This is not the code of your other page. You can try %(num)s more time.",
                "This is not the code of your other page. You can try %(num)s more times.",
                left,
            ),
            field="code",
        )
    person = db.session.get_one(Person, link.person_id)
    link.used_at = now
    if not person.active:
        raise LinkOver(_l("This account is closed. Write to the secretariat."))
    if person.email_confirmed_at is None:
        person.email_confirmed_at = now
    return person


def digits(code: str) -> str:
    """A typed code as Latin digits, whatever digits and spaces were typed."""
    return "".join(str(unicodedata.digit(c)) for c in code if unicodedata.digit(c, None) is not None)


def _still_works(link: SignInLink, now: datetime) -> None:
    if link.used_at is not None:
        raise LinkOver(_l("This link was used already: it works once. Ask for a new one."))
    if link.wrong_codes >= WRONG_CODES:
        raise LinkOver(_l("There were too many wrong codes for this link. Ask for a new one."))
    if link.expires_at <= now:
        raise LinkOver(_l("This link is over: it works for ten minutes. Ask for a new one."))


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
