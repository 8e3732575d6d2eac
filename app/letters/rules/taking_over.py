"""A letter that had not left when its reader handed over leaves to the successor, the very same bytes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from app.accounts.models import Person
from app.audit.rules import record
from app.extensions import db
from app.letters import messages
from app.letters.models import Letter, Status
from app.letters.queries.subjects import Recipient
from app.letters.rules.drafting import hold
from app.notifications.models import Message, State

_UNDER_WAY = (State.QUEUED, State.SENDING)


def count_waiting(person: Person, _now: datetime) -> int:
    """Letters to this person whose mail has not left."""
    theirs = [Message.recipient_id == person.id]
    if person.email:
        theirs.append(and_(Message.recipient_id.is_(None), func.lower(Message.address) == person.email.strip().lower()))
    waits = or_(*theirs), Message.subject_kind == messages.SUBJECT, Message.state.in_(_UNDER_WAY), Message.withdrawn_at.is_(None)
    return db.session.scalar(select(func.count()).select_from(Message).where(*waits)) or 0


def take_over(former: Person, successor: Person, mails: Collection[uuid.UUID], *, by: Person, now: datetime) -> None:
    """``mails`` waited for the former and were taken back. A letter that was replaced or cancelled since stays unsent."""
    if not mails:
        return
    query = select(Message).where(Message.id.in_(mails), Message.subject_kind == messages.SUBJECT).order_by(Message.id)
    for mail in db.session.scalars(query).all():
        letter = db.session.get(Letter, mail.subject_id)
        if letter is None:
            continue
        hold(letter)
        if letter.status is Status.ISSUED:
            _pass_on(letter, mail, former, successor, by=by, now=now)


def _pass_on(letter: Letter, mail: Message, former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """To the successor's mailbox; where there is none and nobody else got it, it waits to be printed."""
    if successor.email:
        language = successor.language
        to = Recipient(successor.full_name, successor.email, language, successor.zone, successor.salutation(language), successor.id)
        messages.send_again(letter, mail, to, now)
    elif not _reaches_somebody(letter):
        letter.means = letter.sent_on = None
    db.session.flush()
    record(
        "letter.handed_over", messages.SUBJECT, letter.id, by=by, now=now,
        changes={"contact": (former.full_name, successor.full_name)},
    )  # fmt: skip


def _reaches_somebody(letter: Letter) -> bool:
    """Is another mail with it on its way, or did one leave?"""
    goes = Message.state.in_((*_UNDER_WAY, State.SENT)), Message.withdrawn_at.is_(None)
    query = select(Message.id).where(Message.subject_kind == messages.SUBJECT, Message.subject_id == letter.id, *goes)
    return db.session.scalar(query.limit(1)) is not None
