"""The outbox, page by page, newest first: by key, so that the millionth row costs what the first does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from app.accounts.models import Person
from app.core.text import fold
from app.extensions import db
from app.notifications.digests import leaves_or_lies
from app.notifications.models import Freeze, Message, State
from app.notifications.pauses import is_reachable

PAGE = 50
PATIENCE = timedelta(minutes=2)
"""A mail that is due leaves within seconds; after this long something is wrong."""
_PEOPLE = 50  # how many people the words may mean; more words find fewer


@dataclass(frozen=True)
class Filters:
    """What the reader asked for. ``before`` and ``after`` are the keys of the neighbouring pages."""

    state: State | None = None
    kind: str | None = None
    words: str = ""
    before: uuid.UUID | None = None
    after: uuid.UUID | None = None


@dataclass(frozen=True)
class Page:
    """One page of messages, and the keys to go on from in both directions."""

    rows: Sequence[Message]
    newer: uuid.UUID | None
    older: uuid.UUID | None


def _listed(wanted: Filters) -> Select[Message]:
    query = select(Message)
    if wanted.state is not None:
        query = query.where(Message.state == wanted.state)
    if wanted.kind:
        query = query.where(Message.kind == wanted.kind)
    if wanted.words:
        people = people_called(wanted.words)
        meant = Message.recipient_id.in_(people)
        # a person's mails are found by the person; an address alone only where nobody is known behind it
        applicant = and_(Message.recipient_id.is_(None), func.lower(Message.address) == wanted.words.lower())
        query = query.where(or_(meant, applicant) if "@" in wanted.words else meant)
    return query


def all_messages(wanted: Filters) -> Iterator[Any]:
    """Every mail the list shows under these filters, newest first: the columns of a table, a thousand rows at a time."""
    query = _listed(wanted).order_by(Message.id.desc()).with_only_columns(*TABLE)
    return iter(db.session.execute(query.execution_options(yield_per=1000)))


TABLE = (
    Message.kind, Message.recipient_name, Message.address, Message.locale, Message.state, Message.created_at, Message.due_at,
    Message.sent_at, Message.attempts, Message.error_class, Message.smtp_reply, Message.id,
)  # fmt: skip
"""What a table of the outbox holds: never the facts, for they carry links that open something."""


def page(wanted: Filters, most: int = PAGE) -> Page:
    """One page of the outbox. At most two statements."""
    query = _listed(wanted)
    if wanted.after is not None:  # towards the newer ones: read upwards, show downwards
        rows = list(db.session.scalars(query.where(Message.id > wanted.after).order_by(Message.id).limit(most + 1)))
        further = len(rows) > most
        rows = rows[:most][::-1]
        return Page(rows, rows[0].id if further and rows else None, rows[-1].id if rows else None)
    if wanted.before is not None:
        query = query.where(Message.id < wanted.before)
    rows = list(db.session.scalars(query.order_by(Message.id.desc()).limit(most + 1)))
    further = len(rows) > most
    rows = rows[:most]
    newer = rows[0].id if wanted.before is not None and rows else None
    return Page(rows, newer, rows[-1].id if further else None)


def people_called(words: str) -> list[uuid.UUID]:
    """Ids of people whose name or address holds every word; the first few of them."""
    query = select(Person.id)
    for word in fold(words).split()[:6]:
        query = query.where(Person.search.contains(word, autoescape=True))
    return list(db.session.scalars(query.order_by(Person.id).limit(_PEOPLE)))


def message(message_id: uuid.UUID) -> Message | None:
    """One message."""
    return db.session.get(Message, message_id)


def sent_again(message_id: uuid.UUID) -> Message | None:
    """The newest repeat of a message, if somebody sent it again."""
    return db.session.scalar(select(Message).where(Message.resend_of == message_id).order_by(Message.id.desc()).limit(1))


@dataclass(frozen=True)
class Pulse:
    """How the outbox is doing."""

    oldest_due: datetime | None
    states: dict[State, int]
    held: int = 0  # waiting in a backup that was restored
    frozen_since: datetime | None = None
    frozen_why: str = ""


def waiting_for_relay(most: int = 1_000_000) -> int:
    """How many mails wait because the relay could not be reached at their last try."""
    away = select(Message.id).where(Message.state == State.QUEUED, Message.error_class == "relay_unreachable").limit(most)
    return db.session.scalar(select(func.count()).select_from(away.subquery())) or 0


def pulse(now: datetime, most: int = 100) -> Pulse:
    """The oldest message that is due and has not left, and how many stand in each state that matters. One statement."""
    # a domain that asked for patience gets it, and a digest takes what was gathered
    waits = (Message.state == State.QUEUED, Message.due_at <= now, is_reachable(now), leaves_or_lies(now))
    due = select(func.min(Message.due_at)).where(*waits).scalar_subquery()
    watched = (State.QUEUED, State.SENDING, State.FAILED, State.UNKNOWN, State.EXPIRED)
    counted = [
        select(func.count()).select_from(select(Message.id).where(Message.state == state).limit(most).subquery()).scalar_subquery()
        for state in watched
    ]
    held = select(func.count()).where(Message.state == State.QUEUED, Message.restored_hold).scalar_subquery()
    frozen = select(Freeze.frozen_at, Freeze.reason).where(Freeze.ended_at.is_(None)).limit(1).subquery()
    beside = (held, select(frozen.c.frozen_at).scalar_subquery(), select(frozen.c.reason).scalar_subquery())
    row = db.session.execute(select(due, *counted, *beside)).one()
    return Pulse(row[0], dict(zip(watched, row[1:-3], strict=True)), row[-3], row[-2], row[-1] or "")
