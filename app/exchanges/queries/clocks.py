"""Sessions and people that a change of clock rules may have moved, and the record of what it did."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, Text, Uuid, any_, bindparam, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import joinedload

from app.accounts.access import Viewer
from app.accounts.models import Person
from app.core.paging import Page, instant, key_of, page_of
from app.core.rulebook import ClockRules
from app.exchanges.models import ClockChange, ClockMove, Decision, Exchange, Invitation, PeerSession, SessionStatus
from app.exchanges.queries.invitations import SUBJECT
from app.exchanges.queries.sessions import may_see
from app.extensions import db
from app.notifications.models import Message, MessageFacts, State

KIND = "session-clocks"
"""The mail that tells of it."""
_TOLD = (State.SENT, State.BOUNCED, State.UNKNOWN)
_TO_COME = (SessionStatus.DRAFT, SessionStatus.SCHEDULED)


class Kept(NamedTuple):
    """A release of the zone data that was kept."""

    version: str
    seen_at: datetime
    checked_at: datetime | None


def releases() -> list[Kept]:
    """All releases that processes ran with."""
    return [Kept(*row) for row in db.session.execute(select(ClockRules.version, ClockRules.seen_at, ClockRules.checked_at))]


class Start(NamedTuple):
    """When a session begins, as it stands."""

    id: uuid.UUID
    zone: str
    local_start: datetime
    fold: int
    starts_at: datetime
    version: str


def starts(now: datetime, *, but: str | None) -> list[Start]:
    """The sessions still to begin, but those whose start was worked out by this release; soonest first."""
    columns = (PeerSession.id, PeerSession.zone, PeerSession.local_start, PeerSession.fold, PeerSession.starts_at)
    query = select(*columns, PeerSession.tzdb_version).where(PeerSession.status.in_(_TO_COME), PeerSession.starts_at > now)
    if but is not None:
        query = query.where(PeerSession.tzdb_version != but)
    return [Start(*row) for row in db.session.execute(query.order_by(PeerSession.starts_at, PeerSession.id))]


def zones_of_people(session_ids: Iterable[uuid.UUID], among: Collection[str]) -> dict[uuid.UUID, set[str]]:
    """In which of these zones people are who were told of these sessions."""
    found: dict[uuid.UUID, set[str]] = {}
    if not among:
        return found
    rows = db.session.execute(
        select(Invitation.peer_session_id, Person.zone)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.peer_session_id == any_(cast(list(session_ids), ARRAY(Uuid))), *_REACHED,
            Person.zone == any_(cast(list(among), ARRAY(Text))),
        )
        .distinct()
    )  # fmt: skip
    for session_id, zone in rows:
        found.setdefault(session_id, set()).add(zone)
    return found


_REACHED = (Invitation.uninvited_at.is_(None), Invitation.requested.is_(True))


class Told(NamedTuple):
    """One person who is invited, and by which rules they were last told the hour."""

    invitation_id: uuid.UUID
    person_id: uuid.UUID
    zone: str
    rules: str | None  # of the last mail that left; None where none did, or none said so
    reachable: bool


_THREAD = func.concat("invitation:", cast(Invitation.id, String))
_RULES = (
    select(Message.clock_rules)
    .where(Message.thread == _THREAD, Message.state.in_(_TOLD))
    .order_by(Message.id.desc())
    .limit(1)
    .correlate(Invitation)
    .scalar_subquery()
)
_PEOPLE = (
    select(Invitation.id, Invitation.person_id, Person.zone, _RULES, Person.email.is_not(None) & Person.active)
    .join(Person, Person.id == Invitation.person_id)
    .where(Invitation.peer_session_id == bindparam("of", type_=Uuid), *_REACHED)
    .order_by(Invitation.id)
)
_PEOPLE_THERE = _PEOPLE.where(Person.zone == any_(bindparam("zones", type_=ARRAY(Text))))


def people(session_id: uuid.UUID, zones: Collection[str] | None = None) -> list[Told]:
    """Everyone who was told of a session and not uninvited; with ``zones``, only those who are there. One statement."""
    if zones is None:
        return [Told(*row) for row in db.session.execute(_PEOPLE, {"of": session_id})]
    return [Told(*row) for row in db.session.execute(_PEOPLE_THERE, {"of": session_id, "zones": list(zones)})]


class WaitingWord(NamedTuple):
    """What a mail about clock rules that has not left would say to one person."""

    touch: str
    date: str
    time: str


def waiting_words(peer_session: PeerSession) -> dict[uuid.UUID, WaitingWord]:
    """Person to what the mail about clock rules says that still waits for them."""
    rows = db.session.execute(
        select(Message.recipient_id, MessageFacts.facts["touch"].astext, Message.facts)
        .join(MessageFacts, Message.common_id == MessageFacts.id)
        .where(
            Message.subject_kind == SUBJECT, Message.subject_id == peer_session.id, Message.kind == KIND,
            Message.state == State.QUEUED, Message.recipient_id.is_not(None),
        )
    )  # fmt: skip
    return {
        person_id: WaitingWord(touch, facts["personal"]["was_date"], facts["personal"]["was_time"])
        for person_id, touch, facts in rows
    }


def open_change(session_id: uuid.UUID) -> ClockChange | None:
    """What somebody has still to decide about a session, as it is now."""
    return db.session.scalar(
        select(ClockChange)
        .where(ClockChange.peer_session_id == session_id, ClockChange.decision.is_(None))
        .execution_options(populate_existing=True)
    )


def overtaken(now: datetime) -> list[tuple[uuid.UUID, Decision]]:
    """Sessions that began, were called off or got another time while somebody had still to decide, and what that comes to."""
    gone, begun = PeerSession.status.not_in(_TO_COME), PeerSession.starts_at <= now
    rows = db.session.execute(
        select(ClockChange.peer_session_id, gone, begun)
        .join(PeerSession)
        .where(ClockChange.decision.is_(None), or_(gone, begun, PeerSession.starts_at != ClockChange.was_at))
        .order_by(ClockChange.id)
    )
    return [(i, Decision.CANCELLED if gone else Decision.LAPSED if begun else Decision.EDITED) for i, gone, begun in rows]


# What the desk shows.

_WHOLE = joinedload(ClockChange.peer_session).joinedload(PeerSession.exchange).selectinload(Exchange.hosts)


def change_for(viewer: Viewer, change_id: uuid.UUID) -> ClockChange | None:
    """One change with its session, if the viewer may see the session."""
    query = select(ClockChange).join(PeerSession).where(may_see(viewer), ClockChange.id == change_id).options(_WHOLE)
    return db.session.scalar(query)


def to_decide(viewer: Viewer, most: int = 50) -> Sequence[ClockChange]:
    """What somebody has to decide, the session that comes soonest first."""
    return db.session.scalars(
        select(ClockChange)
        .join(PeerSession)
        .where(may_see(viewer), ClockChange.decision.is_(None))
        .options(_WHOLE)
        .order_by(PeerSession.starts_at, ClockChange.id)
        .limit(most)
    ).all()


def decided(viewer: Viewer, *, after: str | None = None, most: int = 20) -> Page[ClockChange]:
    """What was decided, or needed no decision, newest first: a page by key."""
    query = select(ClockChange).join(PeerSession).where(may_see(viewer), ClockChange.decision.is_not(None)).options(_WHOLE)
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(ClockChange.found_at, ClockChange.id) < tuple_(*key))
    found = db.session.scalars(query.order_by(ClockChange.found_at.desc(), ClockChange.id.desc()).limit(most + 1)).all()
    return page_of(found, most, lambda c: (c.found_at, c.id))


def counts_of(change_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """How many people each of these changes touched, by how; those whom no mail reaches as ``unreached``."""
    rows = db.session.execute(
        select(ClockMove.change_id, ClockMove.touch, func.count(), func.count().filter(ClockMove.message_key.is_(None)))
        .where(ClockMove.change_id.in_(list(change_ids)))
        .group_by(ClockMove.change_id, ClockMove.touch)
    )
    found: dict[uuid.UUID, dict[str, int]] = {}
    for change_id, touch, number, unreached in rows:
        one = found.setdefault(change_id, {"unreached": 0})
        one[touch.value] = number
        one["unreached"] += unreached
    return found


class Group(NamedTuple):
    """People in one zone whom a change reaches in the same way."""

    zone: str
    touch: str
    was: datetime
    becomes: datetime
    people: int


def groups_of(change: ClockChange) -> list[Group]:
    """Who moved by how much, by zone."""
    columns = (ClockMove.zone, ClockMove.touch, ClockMove.was, ClockMove.becomes)
    rows = db.session.execute(
        select(*columns, func.count())
        .where(ClockMove.change_id == change.id)
        .group_by(*columns)
        .order_by(ClockMove.was, ClockMove.zone)
    )
    return [Group(*row) for row in rows]


class Moved(NamedTuple):
    """One person of the record, and what became of the mail."""

    invitation_id: uuid.UUID
    person: Person
    zone: str
    was: datetime
    becomes: datetime
    message_id: uuid.UUID | None
    state: State | None
    sent_at: datetime | None


def moved_people(change: ClockChange, *, after: uuid.UUID | None = None, most: int = 50) -> list[Moved]:
    """Each person of the record, in the order they were invited; one more than asked for tells that there are more."""
    columns = (ClockMove.invitation_id, Person, ClockMove.zone, ClockMove.was, ClockMove.becomes)
    query = (
        select(*columns, Message.id, Message.state, Message.sent_at)
        .join(Invitation, Invitation.id == ClockMove.invitation_id)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Message, Message.key == ClockMove.message_key)
        .where(ClockMove.change_id == change.id)
        .order_by(ClockMove.invitation_id)
        .limit(most + 1)
    )
    if after is not None:
        query = query.where(ClockMove.invitation_id > after)
    return [Moved(*row) for row in db.session.execute(query)]
