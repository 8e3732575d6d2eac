"""Send a circular: once, to the people it is for at that moment, one mail each, in the same transaction as everything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import insert

from app.accounts.models import Person
from app.accounts.rules import find_or_make_contact
from app.audit.rules import record
from app.circulars import messages
from app.circulars.models import Circular, CircularRecipient
from app.circulars.queries import SUBJECT, Distribution, Mail, Member, Unreached, distribution_of, mails_that_left
from app.circulars.rules.writing import fields_of, lock
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.languages import NAMES
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications import leaving, outbox
from app.texts.queries import source_of, standings_of
from app.texts.states import Standing, State


def problems(row: Circular, standings: Iterable[Standing]) -> list[str]:
    """What keeps it from being sent, as sentences: an unfinished text, an old one, no text for the others."""
    found = []
    for stands in standings:
        name = NAMES[stands.language]
        if stands.state is State.OUT_OF_DATE:
            found.append(_("%(language)s: the text is older than its source. Bring it up to date, or empty it.", language=name))
        elif not row.has(stands.language) and (row.subjects.get(stands.language) or row.texts.get(stands.language)):
            found.append(_("%(language)s: subject and text are needed, or neither.", language=name))
    if not row.has(row.fallback):
        found.append(
            _("%(language)s: this language stands in for all that are missing, so it needs subject and text.",
              language=NAMES[row.fallback])
        )  # fmt: skip
    return list(dict.fromkeys(found))


def send(row: Circular, *, by: Person, now: datetime, version: int | None = None) -> Distribution:
    """Send it. ``version`` is of the text whoever sends it has read: one that a colleague changed since is read again first."""
    lock(row)
    if row.sent_at is not None:
        raise RuleBroken(_l("This circular was sent already. It was not sent again."))
    if version is not None and row.version != version:
        raise RuleBroken(_l("Somebody changed this circular while you were looking at it. Read it again, then send it."))
    standings = standings_of(SUBJECT, row.id, fields_of(row))
    wrong = problems(row, standings)
    if wrong:
        raise RuleBroken(" ".join(wrong))
    found = distribution_of(row, now)
    if not found.mails:
        raise RuleBroken(_l("No mail would leave: there is nobody whom one reaches."))
    leaving.without(_missed(one) for one in found.unreached)
    row.sent_at, row.sent_by, row.updated_at = now, by.id, now
    db.session.flush()
    _write(row, _with_people(found, by, now), standings, now)
    numbers = {"mails": (None, len(found.mails)), "unreached": (None, len(found.unreached))}
    record("circular.sent", SUBJECT, row.id, by=by, now=now, changes=numbers)
    return found


def _missed(one: Unreached) -> leaving.Missed:
    """Who gets no mail of their own, and who gets it in their place."""
    trouble = one.who.trouble
    return leaving.Missed(one.who.name, trouble.value if trouble else "", ", ".join(p.full_name for p in one.through))


def _with_people(found: Distribution, by: Person, now: datetime) -> Distribution:
    """The same, with a record of every contact that is written to."""
    mails = tuple(
        mail if mail.to.person else replace(mail, to=replace(mail.to, person=_recorded(mail, by, now))) for mail in found.mails
    )
    return replace(found, mails=mails)


def _recorded(mail: Mail, by: Person, now: datetime) -> Person:
    said = mail.to.expression
    assert said is not None
    return find_or_make_contact(
        email=said.contact_email, given_name=said.contact_given_name, family_name=said.contact_family_name, by=by, now=now,
        language=said.language, zone=said.contact_zone, phone=said.contact_phone or None,
        posts={said.language: said.contact_post} if said.contact_post else {},
        honorifics={said.language: said.contact_honorific} if said.contact_honorific else {},
    )  # fmt: skip


def _write(row: Circular, found: Distribution, standings: Iterable[Standing], now: datetime) -> None:
    """Freeze who it is for, and queue one mail for each who can be reached: two bulk inserts."""
    without = [_recipient(row, missed.who) | {"trouble": missed.who.trouble, "route": _route(missed)} for missed in found.unreached]
    places = {id(missed.who): given["id"] for missed, given in zip(found.unreached, without, strict=True)}
    written = [
        _recipient(row, mail.to) | {"instead_of": places[id(mail.instead_of)] if mail.instead_of else None} for mail in found.mails
    ]
    db.session.execute(
        insert(CircularRecipient), [{"trouble": None, "route": None, "instead_of": None, **r} for r in without + written]
    )
    source = source_of(SUBJECT, row.id, fields_of(row))
    speaker = messages.Speaker(row, {s.language: s for s in standings}, source)
    given = ((mail, r["id"], r["nonce"]) for mail, r in zip(found.mails, written, strict=True))
    assert row.leaves_at is not None
    outbox.queue(messages.letters(speaker, given, due_at=row.leaves_at), now=now)


def _route(missed: Unreached) -> Any:
    """Where the State's mail goes; nothing where nobody there can be reached either."""
    return missed.route if missed.through else None


def _recipient(row: Circular, who: Member) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "circular_id": row.id,
        "person_id": who.person.id if who.person else None,
        "name": _name(who),
        "organisation_id": who.organisation.id if who.organisation else None,
        "because": who.because,
        "language": who.language,
        "sent_in": row.language_for(who.language),
        "zone": who.zone,
        "nonce": fresh_nonce(),
    }


def _name(who: Member) -> str:
    """How the list calls them. A contact without a record goes by the expression: its names are erased in time."""
    return who.name if who.person is not None or who.expression is None else who.expression.reference or ""


def take_back(row: Circular, *, by: Person, now: datetime) -> int:
    """Take it back before its hour: no mail of it leaves. Afterwards only a correction helps."""
    lock(row)
    if not row.is_sent:
        raise RuleBroken(_l("There is nothing to take back."))
    if row.is_out(now) or mails_that_left(row):
        raise RuleBroken(_l("Its mails may have left, so it cannot be taken back. Write a correction that refers to it."))
    count = outbox.cancel_waiting(SUBJECT, row.id, now=now)
    row.taken_back_at = row.updated_at = now
    db.session.flush()
    record("circular.taken_back", SUBJECT, row.id, by=by, now=now, changes={"mails": (None, count)})
    return count
