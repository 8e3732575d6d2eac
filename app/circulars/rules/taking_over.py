"""A mail of a circular that had not left when its reader handed over leaves to the successor; links of the former end."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.audit.rules import record
from app.circulars import messages
from app.circulars.models import Circular, CircularRecipient
from app.circulars.queries import SUBJECT, Mail, Member, is_for
from app.circulars.queries.audience import trouble_of
from app.circulars.rules.writing import fields_of, lock
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message, State
from app.texts.queries import source_of, standings_of


def count_waiting(person: Person, _now: datetime) -> int:
    """Mails of circulars to this person that have not left."""
    waits = Message.state.in_((State.QUEUED, State.SENDING))
    query = select(func.count()).select_from(Message).where(
        Message.recipient_id == person.id, Message.subject_kind == SUBJECT, waits, Message.withdrawn_at.is_(None)
    )  # fmt: skip
    return db.session.scalar(query) or 0


def take_over(former: Person, successor: Person, mails: Collection[uuid.UUID], *, by: Person, now: datetime) -> None:
    """``mails`` waited for the former and were taken back. Whoever gets the circular already gets it once."""
    of = select(Message.subject_id).where(Message.id.in_(mails), Message.subject_kind == SUBJECT)
    mine = select(CircularRecipient).where(CircularRecipient.person_id == former.id).order_by(CircularRecipient.id)
    waiting = set(db.session.scalars(of)) if mails else set()
    for row in db.session.scalars(mine).all():
        row.nonce = fresh_nonce()
        if row.circular_id in waiting:
            _pass_on(row, former, successor, by=by, now=now)
    db.session.flush()


def renew(person: Person) -> None:
    """The address was corrected: links that went to the former one end. A mail that waits, or is sent again, has the new one."""
    query = select(CircularRecipient).options(joinedload(CircularRecipient.circular))
    for row in db.session.scalars(query.where(CircularRecipient.person_id == person.id).order_by(CircularRecipient.id)).all():
        row.nonce = fresh_nonce()
        of = (Message.subject_kind == SUBJECT, Message.subject_id == row.circular_id, Message.recipient_id == person.id)
        mails = select(Message).where(*of, Message.state != State.SENDING).order_by(Message.id).with_for_update()
        for mail in db.session.scalars(mails).all():
            page = messages.page_of(row.circular, mail.locale, row.id, row.nonce)
            mail.facts = {**mail.facts, "links": {**mail.facts.get("links", {}), "page": page}}
    db.session.flush()


def _pass_on(mine: CircularRecipient, former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    circular = mine.circular
    lock(circular)
    if not circular.is_sent or is_for(circular, successor):
        return
    made = CircularRecipient(
        circular_id=circular.id, person_id=successor.id, name=successor.full_name, organisation_id=mine.organisation_id,
        because=mine.because, language=successor.language, sent_in=circular.language_for(successor.language),
        zone=successor.zone, trouble=trouble_of(successor), instead_of=mine.instead_of, nonce=fresh_nonce(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    if made.trouble is None:
        _write_to(made, circular, successor, mine, now)
    record(
        "circular.handed_over", SUBJECT, circular.id, by=by, now=now, changes={"contact": (former.full_name, successor.full_name)}
    )


def _write_to(made: CircularRecipient, circular: Circular, person: Person, mine: CircularRecipient, now: datetime) -> None:
    """By the words everybody else gets, not before the circular's own hour."""
    standings = standings_of(SUBJECT, circular.id, fields_of(circular))
    speaker = messages.Speaker(circular, {s.language: s for s in standings}, source_of(SUBJECT, circular.id, fields_of(circular)))
    to = Member(made.name, made.language, made.zone, made.because, person, made.organisation)
    stood_for = mine.stood_for
    other = Member(stood_for.name, stood_for.language, stood_for.zone, "", None) if stood_for is not None else None
    leaves = max(now, circular.leaves_at or now)
    outbox.queue(messages.letters(speaker, [(Mail(to, other), made.id, made.nonce)], due_at=leaves), now=now)
