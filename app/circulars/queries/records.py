"""Reading circulars, and what became of each mail of one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased, joinedload

from app.accounts.access import Viewer
from app.accounts.models import Person, PhoneCall
from app.accounts.queries.phoning import last_calls
from app.circulars.access import may_see, seen_by
from app.circulars.models import Circular, CircularRecipient
from app.core.paging import Page, instant, key_of, page_of
from app.core.signing import matches, row_of
from app.exchanges.models import Exchange
from app.exchanges.queries import exchanges_visible_to
from app.extensions import db
from app.interests.models import Call
from app.interests.queries.calls import visible_to as calls_visible_to
from app.notifications.models import Message, State

SUBJECT = "circular"
"""What the outbox calls a circular when a message speaks of one."""
PURPOSE = "circular"
"""What the signed link to its page is for."""
LINK_LASTS = timedelta(days=365)


def visible_to(viewer: Viewer, now: datetime) -> Select[Circular]:
    """The circulars whose page this viewer may read."""
    return select(Circular).where(may_see(viewer, now))


def circular_in_view(viewer: Viewer, circular_id: uuid.UUID, now: datetime) -> Circular | None:
    """This circular, if the viewer may read it; with nothing joined, so that a rule can lock the row it reads again."""
    return db.session.scalar(visible_to(viewer, now).where(Circular.id == circular_id))


def circulars_page(viewer: Viewer, now: datetime, *, after: str | None = None, size: int = 30) -> Page[Circular]:
    """One page of those the viewer may read, newest first."""
    query = visible_to(viewer, now).options(joinedload(Circular.exchange), joinedload(Circular.call))
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(Circular.created_at, Circular.id) < tuple_(*key))
    rows = db.session.scalars(query.order_by(Circular.created_at.desc(), Circular.id.desc()).limit(size + 1)).all()
    return page_of(rows, size, lambda c: (c.created_at.isoformat(), c.id))


def all_circulars(viewer: Viewer, now: datetime) -> Iterator[tuple[Circular, int]]:
    """Every circular the viewer may read, newest first, with the number of people it was sent to."""
    query = visible_to(viewer, now).options(joinedload(Circular.exchange), joinedload(Circular.call))
    query = query.order_by(Circular.created_at.desc(), Circular.id.desc()).execution_options(yield_per=200)
    for part in db.session.scalars(query).partitions():
        counts = mails_by_circular([row.id for row in part if row.sent_at])
        for row in part:
            yield row, counts.get(row.id, 0)


def exchanges_to_write_to(viewer: Viewer, chosen: uuid.UUID | None, most: int = 300) -> Sequence[Exchange]:
    """Exchanges the viewer may see, newest first, also those of a single session; the chosen one is always among them."""
    query = exchanges_visible_to(viewer).order_by((Exchange.id != chosen), Exchange.created_at.desc(), Exchange.id)
    return db.session.scalars(query.limit(most)).all()


def calls_to_write_to(viewer: Viewer, chosen: uuid.UUID | None, most: int = 300) -> Sequence[Call]:
    """Calls the viewer may see, newest first; the chosen one is always among them."""
    query = calls_visible_to(viewer).order_by((Call.id != chosen), Call.opens_at.desc(), Call.id)
    return db.session.scalars(query.limit(most)).all()


def mails_by_circular(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many people each of these was written to, in one statement."""
    if not ids:
        return {}
    rows = db.session.execute(
        select(CircularRecipient.circular_id, func.count())
        .where(CircularRecipient.circular_id.in_(ids), CircularRecipient.trouble.is_(None))
        .group_by(CircularRecipient.circular_id)
    )
    return {row[0]: row[1] for row in rows}


def corrections_of(circular: Circular, viewer: Viewer, now: datetime, person_id: uuid.UUID | None = None) -> Sequence[Circular]:
    """Those that correct it and that the viewer may read, oldest first; ``person_id`` is whose link the page was opened by."""
    seen = may_see(viewer, now)
    if person_id is not None:
        seen = or_(seen, seen_by(person_id, now))
    query = select(Circular).where(seen, Circular.corrects_id == circular.id)
    return db.session.scalars(query.order_by(Circular.created_at, Circular.id)).all()


def is_for(circular: Circular, person: Person) -> bool:
    """Was it sent for this person?"""
    mine = CircularRecipient.circular_id == circular.id, CircularRecipient.person_id == person.id
    return db.session.scalar(select(CircularRecipient.id).where(*mine)) is not None


def by_link(token: str) -> CircularRecipient | None:
    """The recipient behind the signed link of a mail; ``None`` for anything that is not one of ours."""
    row = row_of(token)
    found = db.session.get(CircularRecipient, row, options=[joinedload(CircularRecipient.circular)]) if row else None
    return found if found is not None and matches(PURPOSE, found.id, found.nonce, token) else None


_DIGEST = aliased(Message)
_STANDS = func.coalesce(_DIGEST.state, Message.state, type_=Message.state.type)


@dataclass(frozen=True)
class Outcome:
    """What became of a circular for one person: the mail as the outbox has it, and the last call."""

    recipient: CircularRecipient
    state: State | None  # None: no mail was written
    message_id: uuid.UUID | None
    call: PhoneCall | None


def recipients_page(circular: Circular, *, after: str | None = None, size: int = 50) -> Page[Outcome]:
    """Who it is for by name, with what became of each mail; the newest copy of a mail counts. Three statements."""
    query = select(CircularRecipient).where(CircularRecipient.circular_id == circular.id)
    key = key_of(after, (str, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(CircularRecipient.name, CircularRecipient.id) > tuple_(*key))
    query = query.options(joinedload(CircularRecipient.organisation), joinedload(CircularRecipient.stood_for)).order_by(
        CircularRecipient.name, CircularRecipient.id
    )
    found = page_of(db.session.scalars(query.limit(size + 1)).all(), size, lambda r: (r.name, r.id))
    return Page(_with_outcomes(circular.id, found.rows), found.after)


def all_recipients(circular: Circular) -> Iterator[Outcome]:
    """Everyone it is for, by name, a few hundred at a time."""
    after: str | None = None
    while True:
        page = recipients_page(circular, after=after, size=500)
        yield from page.rows
        if page.after is None:
            return
        after = page.after


def _with_outcomes(circular_id: uuid.UUID, rows: Sequence[CircularRecipient]) -> list[Outcome]:
    people = [row.person_id for row in rows if row.person_id is not None]
    sent = newest_mails(circular_id, people)
    calls = last_calls({(person, SUBJECT, circular_id) for person in people})
    found = []
    for row in rows:
        state, message_id = sent.get(row.person_id, (None, None)) if row.person_id else (None, None)
        call = calls.get((row.person_id, SUBJECT, circular_id)) if row.person_id else None
        found.append(Outcome(row, state, message_id, call))
    return found


def newest_mails(circular_id: uuid.UUID, people: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[State, uuid.UUID]]:
    """Person to state and id of the newest mail of this circular. What a digest said stands where the digest stands."""
    query = (
        select(Message.recipient_id, _STANDS, Message.id)
        .outerjoin(_DIGEST, _DIGEST.id == Message.digest_id)
        .where(Message.subject_kind == SUBJECT, Message.subject_id == circular_id, Message.recipient_id.in_(people))
        .order_by(Message.id)
    )
    return {person: (state, id_) for person, state, id_ in db.session.execute(query) if person is not None}


def states_of(circular: Circular) -> dict[State, int]:
    """How many mails of a circular stand where, copies that were sent again not counted twice."""
    newest = (
        select(Message.recipient_id, _STANDS.label("state"))
        .outerjoin(_DIGEST, _DIGEST.id == Message.digest_id)
        .where(Message.subject_kind == SUBJECT, Message.subject_id == circular.id)
        .ext(distinct_on(Message.recipient_id))
        .order_by(Message.recipient_id, Message.id.desc())
        .subquery()
    )
    return {row[0]: row[1] for row in db.session.execute(select(newest.c.state, func.count()).group_by(newest.c.state))}


def mails_that_left(circular: Circular) -> bool:
    """Has any of its mails left, or is it in a sender's hands: somebody may have hurried one along?"""
    waits = (State.QUEUED, State.SUPPRESSED, State.CANCELLED)
    left = select(Message.id).where(Message.subject_kind == SUBJECT, Message.subject_id == circular.id, Message.state.not_in(waits))
    return db.session.scalar(left.limit(1)) is not None


def unreached_of(circular: Circular) -> int:
    """How many people of a sent circular have no mail of their own."""
    query = select(func.count()).where(CircularRecipient.circular_id == circular.id, CircularRecipient.trouble.is_not(None))
    return db.session.scalar(query) or 0
