"""Reading invitations, answers and seats."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, Uuid, any_, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import contains_eager, defer, joinedload, load_only

from app.accounts.models import Organisation, Person
from app.core.db import Json
from app.core.paging import Page, instant, key_of, page_of
from app.core.signing import code_digests, code_matches, matches, row_of
from app.exchanges.models import (
    Answer,
    Capacity,
    Exchange,
    Invitation,
    PeerSession,
    Seat,
    SessionStatus,
)
from app.exchanges.queries.sessions import ended, lasting
from app.extensions import db
from app.notifications.models import Message, MessageFacts, State

SUBJECT = "session"
"""What the outbox calls a session when a message speaks of one."""


# Asked with every page of a session, so put together once.
_OF = Invitation.peer_session_id == bindparam("of", type_=Uuid)
_HELD = select(func.count()).where(_OF, Invitation.seat == Seat.HELD)
_OWN = select(Invitation).where(_OF, Invitation.person_id == bindparam("whose", type_=Uuid), Invitation.uninvited_at.is_(None))


# What the pages behind a link show, and what the mail after an answer says; the rest of these rows stays where it is.
_OF_SESSION = joinedload(Invitation.peer_session).options(
    defer(PeerSession.agendas),
    joinedload(PeerSession.exchange).options(
        load_only(Exchange.themes), joinedload(Exchange.hosts).load_only(Organisation.names, Organisation.zone)
    ),
)
_OF_PERSON = joinedload(Invitation.person).load_only(
    Person.email, Person.given_name, Person.family_name, Person.honorifics, Person.forms_of_address, Person.language,
    Person.zone, Person.active,
)  # fmt: skip
_BEHIND = (
    select(Invitation)
    .where(Invitation.id == bindparam("row", type_=Uuid))
    .options(_OF_SESSION, _OF_PERSON, joinedload(Invitation.organisation).load_only(Organisation.names))
)
_IN_LINE = (
    select(Invitation)
    .where(_OF, Invitation.seat == Seat.WAITING, Invitation.uninvited_at.is_(None))
    .order_by(Invitation.waiting_since, Invitation.id)
    .limit(func.greatest(bindparam("capacity", type_=Integer) - _HELD.scalar_subquery(), 0))
)


def seats_held(session_id: uuid.UUID) -> int:
    """How many seats of a session are taken."""
    return db.session.scalar(_HELD, {"of": session_id}) or 0


def in_line_for_seats(peer_session: PeerSession) -> list[Invitation]:
    """Those who wait for a seat and can have one, in the order they came: as many as seats are free. One statement."""
    return list(db.session.scalars(_IN_LINE, {"of": peer_session.id, "capacity": peer_session.capacity}))


def seats_by_session(session_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Seats taken in each of these sessions, in one statement."""
    wanted = list(session_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Invitation.peer_session_id, func.count())
        .where(Invitation.peer_session_id.in_(wanted), Invitation.seat == Seat.HELD)
        .group_by(Invitation.peer_session_id)
    )
    return {row[0]: row[1] for row in rows}


def own_invitation(session_id: uuid.UUID, person_id: uuid.UUID) -> Invitation | None:
    """A person's invitation to a session, unless it was taken back."""
    return db.session.scalar(_OWN, {"of": session_id, "whose": person_id})


def by_link(purpose: str, token: str) -> Invitation | None:
    """The invitation behind a signed link (``answer`` or ``join``); ``None`` for anything that is not one of ours."""
    row = row_of(token)
    if row is None:
        return None
    invitation = db.session.scalars(_BEHIND, {"row": row}).unique().one_or_none()
    if invitation is None:
        return None
    nonce = invitation.join_nonce if purpose == "join" else invitation.nonce
    return invitation if matches(purpose, row, nonce, token) else None


def answer_by_code(typed: str) -> tuple[uuid.UUID, str] | None:
    """The invitation whose answer page a short code opens, with the nonce of its link."""
    asked = select(Invitation.id, Invitation.nonce).where(Invitation.code_digest.in_(code_digests(typed)))
    found = [(row, nonce) for row, nonce in db.session.execute(asked) if code_matches("answer", row, nonce, typed)]
    return found[0] if found else None


def invitation(invitation_id: uuid.UUID) -> Invitation | None:
    """One invitation with its session, person and organisation."""
    return db.session.scalar(
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .options(
            joinedload(Invitation.peer_session).joinedload(PeerSession.exchange).selectinload(Exchange.hosts),
            joinedload(Invitation.person),
            joinedload(Invitation.organisation),
        )
    )


def place_in_line(invitation: Invitation) -> int:
    """Which place on the waiting list: 1 is next."""
    before = select(func.count()).where(
        Invitation.peer_session_id == invitation.peer_session_id,
        Invitation.seat == Seat.WAITING,
        tuple_(Invitation.waiting_since, Invitation.id) < tuple_(invitation.waiting_since, invitation.id),
    )
    return (db.session.scalar(before) or 0) + 1


@dataclass(frozen=True)
class Counts:
    """What a session's invitations come to."""

    invited: int = 0
    copies: int = 0
    yes: int = 0
    maybe: int = 0
    no: int = 0
    unanswered: int = 0
    held: int = 0
    waiting: int = 0
    former_time: int = 0
    told: int = 0  # whom a change is told to: everyone ever written to and not uninvited, who has an address


def counts(peer_session: PeerSession) -> Counts:
    """All figures of one session in one statement."""
    asked = Invitation.capacity != Capacity.INFORMATION

    def number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(*conditions)

    row = db.session.execute(
        select(
            number(asked),
            number(~asked),
            number(asked, Invitation.answer == Answer.YES),
            number(asked, Invitation.answer == Answer.MAYBE),
            number(asked, Invitation.answer == Answer.NO),
            number(asked, Invitation.answer.is_(None)),
            number(Invitation.seat == Seat.HELD),
            number(Invitation.seat == Seat.WAITING),
            number(Invitation.answer.is_not(None), Invitation.answered_version < peer_session.schedule_version),
            number(Invitation.requested.is_(True), Person.email.is_not(None)),
        )
        .join(Person, Person.id == Invitation.person_id)
        .where(Invitation.peer_session_id == peer_session.id, Invitation.uninvited_at.is_(None))
    ).one()
    return Counts(*(int(figure) for figure in row))


def _listed(peer_session: PeerSession, answer: str) -> Select[Invitation]:
    query = select(Invitation).where(Invitation.peer_session_id == peer_session.id)
    if answer in tuple(Answer):
        query = query.where(Invitation.answer == Answer(answer))
    elif answer == "none":
        query = query.where(
            Invitation.answer.is_(None), Invitation.capacity != Capacity.INFORMATION, Invitation.uninvited_at.is_(None)
        )
    elif answer == "notes":
        query = query.where(Invitation.wants_notes.is_(True), Invitation.uninvited_at.is_(None))
    elif answer == "waiting":
        query = query.where(Invitation.seat == Seat.WAITING)
    return query.options(joinedload(Invitation.person), joinedload(Invitation.organisation)).order_by(Invitation.id)


def invitations_of(
    peer_session: PeerSession, *, after: uuid.UUID | None = None, answer: str = "", most: int = 50
) -> Sequence[Invitation]:
    """Who is invited, by the order they were invited in; ``answer`` is an answer's word, ``none``, ``notes``, or a seat's."""
    query = _listed(peer_session, answer)
    if after is not None:
        query = query.where(Invitation.id > after)
    return db.session.scalars(query.limit(most + 1)).all()


def all_invitations_of(peer_session: PeerSession, *, answer: str = "") -> Iterator[Invitation]:
    """Everybody the list shows under this filter, a few hundred at a time."""
    return iter(db.session.scalars(_listed(peer_session, answer).execution_options(yield_per=500)))


def everyone_told(peer_session: PeerSession) -> Sequence[Invitation]:
    """Everyone a change is told to, with the person; the latest state even if loaded before."""
    return db.session.scalars(
        select(Invitation)
        .where(
            Invitation.peer_session_id == peer_session.id,
            Invitation.uninvited_at.is_(None),
            Invitation.requested.is_(True),
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
        .execution_options(populate_existing=True)
    ).all()


def waiting_updates(peer_session: PeerSession) -> int:
    """How many updates of this session wait to be sent."""
    return (
        db.session.scalar(
            select(func.count()).where(
                Message.subject_kind == SUBJECT,
                Message.subject_id == peer_session.id,
                Message.kind == "session-update",
                Message.state == State.QUEUED,
                Message.attempts == 0,
            )
        )
        or 0
    )


def pending_update(peer_session: PeerSession) -> Json | None:
    """What the oldest update of this session that still waits would say: moved or not, the former time, what changed."""
    row = db.session.execute(
        select(Message.facts, MessageFacts.facts)
        .outerjoin(MessageFacts, Message.common_id == MessageFacts.id)
        .where(
            Message.subject_kind == SUBJECT,
            Message.subject_id == peer_session.id,
            Message.kind == "session-update",
            Message.state == State.QUEUED,
        )
        .order_by(Message.created_at, Message.id)
        .limit(1)
    ).first()
    return None if row is None else {**(row[1] or {}), **row[0]}


def not_sent_yet(peer_session: PeerSession, kinds: Iterable[str], *, unclaimed: bool = False) -> dict[uuid.UUID, set[str]]:
    """Person to kinds of those messages about the session that did not leave yet; ``unclaimed`` leaves out those on their way."""
    states = (State.QUEUED,) if unclaimed else (State.QUEUED, State.SENDING)
    rows = db.session.execute(
        select(Message.recipient_id, Message.kind).where(
            Message.subject_kind == SUBJECT,
            Message.subject_id == peer_session.id,
            Message.kind.in_(list(kinds)),
            Message.state.in_(states),
            Message.recipient_id.is_not(None),
        )
    )
    found: dict[uuid.UUID, set[str]] = {}
    for recipient_id, kind in rows:
        assert recipient_id is not None  # asked for above
        found.setdefault(recipient_id, set()).add(kind)
    return found


def my_invitations(person: Person, now: datetime, most: int = 50) -> Sequence[Invitation]:
    """A person's invitations to sessions that are not over, soonest first; cancelled ones stay, so that they are seen."""
    return db.session.scalars(
        select(Invitation)
        .join(PeerSession)
        .where(
            Invitation.person_id == person.id,
            Invitation.uninvited_at.is_(None),
            PeerSession.status != SessionStatus.DRAFT,
            lasting(now),
        )
        .options(joinedload(Invitation.peer_session).joinedload(PeerSession.exchange), joinedload(Invitation.organisation))
        .order_by(PeerSession.starts_at, Invitation.id)
        .limit(most)
    ).all()


def my_past(person: Person, now: datetime, most: int = 20) -> Sequence[Invitation]:
    """A person's invitations to sessions that are over, latest first."""
    return db.session.scalars(
        select(Invitation)
        .join(PeerSession)
        .where(
            Invitation.person_id == person.id,
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            ended(now),
        )
        .options(joinedload(Invitation.peer_session))
        .order_by(PeerSession.starts_at.desc(), Invitation.id)
        .limit(most)
    ).all()


_REVISIONS = select(PeerSession.id, PeerSession.schedule_version).where(
    PeerSession.id == any_(bindparam("wanted", type_=ARRAY(Uuid))), PeerSession.status == SessionStatus.SCHEDULED
)


def present_revisions(session_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    """The schedule version of sessions that take place; ``None`` for the others: mail about them is void."""
    wanted = list(session_ids)
    found: dict[uuid.UUID, int | None] = dict.fromkeys(wanted)
    found.update({row[0]: row[1] for row in db.session.execute(_REVISIONS, {"wanted": wanted})})
    return found


def of_states(state_ids: Iterable[uuid.UUID], now: datetime, *, after: str | None = None, most: int = 50) -> Page[Invitation]:
    """Invitations that went to these States, for sessions that are not over, soonest first: a page by key.

    Which ones they are is found among narrow rows; only those of the page are read whole."""
    these = (
        select(Invitation.id)
        .join(PeerSession)
        .where(
            Invitation.organisation_id.in_(list(state_ids)),
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            lasting(now),
        )
    )
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        these = these.where(tuple_(PeerSession.starts_at, Invitation.id) > tuple_(*key))
    order = (PeerSession.starts_at, Invitation.id)
    found = db.session.scalars(
        select(Invitation)
        .where(Invitation.id.in_(these.order_by(*order).limit(most + 1)))
        .join(PeerSession)
        .options(
            contains_eager(Invitation.peer_session).joinedload(PeerSession.exchange),
            joinedload(Invitation.person),
            joinedload(Invitation.organisation),
        )
        .order_by(*order)
    ).all()
    return page_of(found, most, lambda one: (one.peer_session.starts_at, one.id))
