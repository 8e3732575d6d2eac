"""Reading date polls: who sees which, what is behind a link or a code, what waits for somebody."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.access import Permission, Viewer
from app.accounts.models import Person
from app.core.paging import Page, instant, key_of, page_of
from app.core.signing import code_digests, code_matches, matches, row_of
from app.exchanges.models import Exchange, Invitation, PeerSession, Poll, PollAnswer, PollAsked
from app.extensions import db
from app.notifications.models import Message, State

POLL = "poll"
"""What the outbox, the log and links call a poll."""
_THREAD = re.compile(r"poll:([0-9a-f-]{36})")


def polls_visible_to(viewer: Viewer) -> Select[Poll]:
    """The polls whose results this viewer may see: the secretariat and those who read all exchanges."""
    query = select(Poll)
    return query if viewer.can(Permission.SEE_ALL_EXCHANGES) else query.where(false())


def _whole(query: Select[Poll]) -> Select[Poll]:
    return query.options(
        selectinload(Poll.all_slots), joinedload(Poll.peer_session), joinedload(Poll.exchange).selectinload(Exchange.hosts)
    )


def poll_for(viewer: Viewer, poll_id: uuid.UUID) -> Poll | None:
    """One poll with its times, if the viewer may see it."""
    return db.session.scalar(_whole(polls_visible_to(viewer).where(Poll.id == poll_id)))


def polls(viewer: Viewer, *, is_closed: bool, after: str | None = None, most: int = 20) -> Page[Poll]:
    """Polls that are open, the next deadline first; or those that are closed, the latest first."""
    query = polls_visible_to(viewer)
    key = key_of(after, (instant, uuid.UUID))
    if is_closed:
        query = query.where(Poll.closed_at.is_not(None)).order_by(Poll.closed_at.desc(), Poll.id.desc())
        if key is not None:
            query = query.where(tuple_(Poll.closed_at, Poll.id) < tuple_(*key))
    else:
        query = query.where(Poll.closed_at.is_(None)).order_by(Poll.deadline_at, Poll.id)
        if key is not None:
            query = query.where(tuple_(Poll.deadline_at, Poll.id) > tuple_(*key))
    found = db.session.scalars(_whole(query).limit(most + 1)).all()
    return page_of(found, most, lambda poll: (poll.closed_at or poll.deadline_at, poll.id))


def all_polls(viewer: Viewer, *, is_closed: bool) -> Iterator[tuple[Poll, tuple[int, int]]]:
    """The same as a whole, each with how many are asked and how many answered."""
    query = polls_visible_to(viewer).where(Poll.closed_at.is_not(None) if is_closed else Poll.closed_at.is_(None))
    found = db.session.scalars(_whole(query).order_by(Poll.deadline_at, Poll.id)).all()
    counted = counts_by_poll(poll.id for poll in found)
    return ((poll, counted.get(poll.id, (0, 0))) for poll in found)


def polls_of(viewer: Viewer, *, exchange_id: uuid.UUID | None = None, session_id: uuid.UUID | None = None) -> Sequence[Poll]:
    """Polls about sessions of an exchange, or about one session; those that are open first."""
    query = polls_visible_to(viewer)
    query = query.where(Poll.peer_session_id == session_id) if session_id else query.where(Poll.exchange_id == exchange_id)
    return db.session.scalars(_whole(query).order_by(Poll.closed_at.is_not(None), Poll.deadline_at, Poll.id)).all()


def counts_by_poll(poll_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    """How many people are asked in each of these polls, and how many of them answered. One statement."""
    wanted = list(poll_ids)
    rows = db.session.execute(
        select(PollAsked.poll_id, func.count(), func.count(PollAsked.answered_at))
        .where(PollAsked.poll_id.in_(wanted), PollAsked.withdrawn_at.is_(None))
        .group_by(PollAsked.poll_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


_PARTS = (
    joinedload(PollAsked.person),
    joinedload(PollAsked.organisation),
    selectinload(PollAsked.votes),
)


def asked_of(poll: Poll) -> Sequence[PollAsked]:
    """Everyone who is asked, with what they said, in the order they were asked in; as the database has it now."""
    return db.session.scalars(
        select(PollAsked)
        .where(PollAsked.poll_id == poll.id, PollAsked.withdrawn_at.is_(None))
        .options(*_PARTS)
        .order_by(PollAsked.id)
        .execution_options(populate_existing=True)
    ).all()


_WITH_POLL = joinedload(PollAsked.poll).options(
    selectinload(Poll.all_slots), joinedload(Poll.peer_session), joinedload(Poll.exchange).selectinload(Exchange.hosts)
)


def asked(asked_id: uuid.UUID) -> PollAsked | None:
    """One person who is asked, with the poll."""
    return db.session.scalar(select(PollAsked).where(PollAsked.id == asked_id).options(*_PARTS, _WITH_POLL))


def asked_by_link(token: str) -> PollAsked | None:
    """Who is asked by a signed link; ``None`` for anything that is not one of ours."""
    row = row_of(token)
    found = asked(row) if row is not None else None
    return found if found is not None and matches(POLL, found.id, found.nonce, token) else None


def poll_by_code(typed: str) -> tuple[uuid.UUID, str] | None:
    """Whose poll a short code opens, with the nonce of its link."""
    wanted = select(PollAsked.id, PollAsked.nonce).where(PollAsked.code_digest.in_(code_digests(typed)))
    found = [(row, nonce) for row, nonce in db.session.execute(wanted) if code_matches(POLL, row, nonce, typed)]
    return found[0] if found else None


def _answerable(viewer: Viewer) -> ColumnElement[bool]:
    """Whose answers this viewer may give: the own ones, and those of a State the viewer answers for."""
    assert viewer.person is not None
    own = PollAsked.person_id == viewer.person.id
    if viewer.can(Permission.ANSWER_FOR_STATE) and viewer.state_ids:
        return or_(own, PollAsked.organisation_id.in_(viewer.state_ids))
    return own


def asked_for(viewer: Viewer, asked_id: uuid.UUID) -> PollAsked | None:
    """One person who is asked, if the viewer may answer there."""
    wanted = select(PollAsked).where(PollAsked.id == asked_id, PollAsked.withdrawn_at.is_(None), _answerable(viewer))
    return db.session.scalar(wanted.options(*_PARTS, _WITH_POLL))


def my_polls(viewer: Viewer, most: int = 100) -> Sequence[PollAsked]:
    """Open polls in which the viewer may answer: the own first, then those of the State, by deadline."""
    assert viewer.person is not None
    query = (
        select(PollAsked)
        .join(Poll)
        .where(Poll.closed_at.is_(None), PollAsked.withdrawn_at.is_(None), _answerable(viewer))
        .options(*_PARTS, _WITH_POLL)
        .order_by((PollAsked.person_id != viewer.person.id), Poll.deadline_at, PollAsked.id)
    )
    return db.session.scalars(query.limit(most)).all()


def open_for(person: Person, now: datetime) -> list[PollAsked]:
    """Open polls in which a person is asked, by deadline."""
    query = select(PollAsked).join(Poll).where(PollAsked.person_id == person.id, PollAsked.withdrawn_at.is_(None))
    open_ = query.where(Poll.closed_at.is_(None)).options(*_PARTS, _WITH_POLL)
    return list(db.session.scalars(open_.order_by(Poll.deadline_at, PollAsked.id)))


def answers_to_poll(row: PollAsked, most: int = 100) -> Sequence[PollAnswer]:
    """Every answer of one person, newest first."""
    query = select(PollAnswer).where(PollAnswer.asked_id == row.id)
    return db.session.scalars(query.order_by(PollAnswer.at.desc(), PollAnswer.id.desc()).limit(most)).all()


def invited_to(poll: Poll) -> list[Invitation]:
    """Who is invited to sessions of the poll's exchange, each person once, the latest invitation of each."""
    query = (
        select(Invitation)
        .join(PeerSession)
        .join(Person, Person.id == Invitation.person_id)
        .where(PeerSession.exchange_id == poll.exchange_id, Invitation.uninvited_at.is_(None), Person.active)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.invited_at, Invitation.id)
    )
    return list({one.person_id: one for one in db.session.scalars(query)}.values())


def present_openings(poll_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    """Of which opening polls are; ``None`` for those that are closed: mail that asks is void."""
    wanted = list(poll_ids)
    found: dict[uuid.UUID, int | None] = dict.fromkeys(wanted)
    rows = db.session.execute(select(Poll.id, Poll.opening).where(Poll.id.in_(wanted), Poll.closed_at.is_(None)))
    found.update({row[0]: row[1] for row in rows})
    return found


def still_asks(message: Message) -> bool:
    """May a mail about a poll be sent once more? One that asks, only while its reader is asked; a reminder, while silent."""
    told = _THREAD.fullmatch(message.thread or "")
    row = db.session.get(PollAsked, uuid.UUID(told[1]), populate_existing=True) if told else None
    if row is None:
        return True
    if row.withdrawn_at is not None:
        return False
    if message.kind == "poll-closed":
        return not row.poll.is_open
    return row.poll.is_open and (message.kind != "poll-reminder" or row.answered_at is None)


def still_waiting(poll: Poll, kind: str) -> set[uuid.UUID]:
    """People whose mail of this kind about the poll has not left."""
    rows = db.session.scalars(
        select(Message.recipient_id).where(
            Message.subject_kind == POLL, Message.subject_id == poll.id, Message.kind == kind, Message.state == State.QUEUED
        )
    )
    return {row for row in rows if row is not None}
