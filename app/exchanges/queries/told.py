"""What has reached people's calendars, and what is still on its way there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Text, Uuid, and_, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from app.accounts.models import Person
from app.core.db import Json
from app.exchanges.models import Capacity, Invitation, PeerSession
from app.exchanges.queries.invitations import SUBJECT, not_sent_yet
from app.extensions import db
from app.notifications.models import Message, MessageFacts, State

_AWAY = (State.SENDING, State.SENT, State.BOUNCED, State.UNKNOWN)
"""A mail in one of these states has left, or may have."""
_ENTRIES = ("REQUEST", "CANCEL")
"""What puts an entry into a calendar or takes it out; the answer to a proposed time (DECLINECOUNTER) does neither."""
_THREAD = re.compile(r"invitation:([0-9a-f-]{36})")


def never_sent(peer_session: PeerSession, kinds: Iterable[str]) -> set[uuid.UUID]:
    """Those whose first mail still waits and in whose calendar nothing stands: there is nothing to take back.

    A first mail may wait although an entry is there: a copy came before the invitation, or people are asked once more.
    """
    waiting = set(not_sent_yet(peer_session, kinds, unclaimed=True))
    return waiting - _holders(peer_session, waiting) if waiting else waiting


def _holders(peer_session: PeerSession, person_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these people in whose calendar the session may stand: the last object that left for them was a REQUEST."""
    last = (
        select(Message.recipient_id, Message.ical_method)
        .where(
            Message.subject_kind == SUBJECT,
            Message.subject_id == peer_session.id,
            Message.ical_method.in_(_ENTRIES),
            Message.recipient_id == any_(cast(list(person_ids), ARRAY(Uuid))),
            Message.state.in_(_AWAY),
        )
        .ext(distinct_on(Message.recipient_id))
        .order_by(Message.recipient_id, Message.ical_sequence.desc(), Message.dtstamp.desc())
    )
    return {row[0] for row in db.session.execute(last) if row[0] is not None and row[1] == "REQUEST"}


def last_taken_out(peer_session: PeerSession, person_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The SEQUENCE by which an entry was taken out of the calendars of those of these people who answered uninvited."""
    wanted = list(person_ids)
    if not wanted:
        return {}
    query = (
        select(Person.id, func.max(Message.ical_sequence))
        .join(Person, Person.email_folded == func.lower(Message.address))
        .where(
            Message.subject_kind == SUBJECT,
            Message.subject_id == peer_session.id,
            Message.kind == "session-not-invited",
            Person.id == any_(cast(wanted, ARRAY(Uuid))),
        )
        .group_by(Person.id)
    )
    return {person_id: sequence for person_id, sequence in db.session.execute(query) if sequence is not None}


def written_just_now(peer_session: PeerSession, since: datetime) -> set[uuid.UUID]:
    """Those for whom a calendar object is on its way, or left since: what takes it back has to come after it."""
    found = db.session.scalars(
        select(Message.recipient_id).where(
            Message.subject_kind == SUBJECT,
            Message.subject_id == peer_session.id,
            Message.ical_method == "REQUEST",
            or_(Message.state == State.SENDING, and_(Message.state == State.SENT, Message.sent_at > since)),
        )
    )
    return {person_id for person_id in found if person_id is not None}


def to_ask_again(peer_session: PeerSession, before: datetime) -> list[uuid.UUID]:
    """Invitations without an answer for the present time, last written to before that moment, with nothing waiting for them."""
    waits = select(Message.id).where(
        Message.thread == func.concat("invitation:", cast(Invitation.id, Text)),
        Message.ical_method.is_not(None),
        Message.state.in_((State.QUEUED, State.SENDING)),
    )
    query = (
        select(Invitation.id)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            Invitation.peer_session_id == peer_session.id,
            Invitation.uninvited_at.is_(None),
            Invitation.capacity != Capacity.INFORMATION,
            Invitation.requested.is_(True),
            Invitation.dtstamp <= before,
            or_(Invitation.answer.is_(None), Invitation.answered_version < peer_session.schedule_version),
            Person.active,
            Person.email.is_not(None),
            ~waits.exists(),
        )
        .order_by(Invitation.id)
    )
    return list(db.session.scalars(query))


def version_told(invitation: Invitation, sequence: int) -> int | None:
    """The schedule version that the entries of this SEQUENCE told the person; ``None`` where no such mail is known."""
    return db.session.scalar(
        select(func.max(Message.subject_revision)).where(
            Message.thread == f"invitation:{invitation.id}", Message.ical_method == "REQUEST", Message.ical_sequence == sequence
        )
    )


def lost_update(invitation: Invitation) -> Json | None:
    """What an update would have said that a confirmation replaced, when that confirmation does not leave either.

    ``None`` while an entry waits for the person, or when one left since.
    """
    own = (Message.thread == f"invitation:{invitation.id}", Message.ical_method == "REQUEST")
    since = select(func.max(Message.dtstamp)).where(*own, Message.state.in_((State.QUEUED, *_AWAY)), Message.withdrawn_at.is_(None))
    return db.session.scalar(
        select(MessageFacts.facts)
        .join(Message, Message.common_id == MessageFacts.id)
        .where(*own, Message.kind == "session-update", Message.state == State.CANCELLED, Message.dtstamp > since.scalar_subquery())
        .order_by(Message.dtstamp.desc())
        .limit(1)
    )


def invitation_of_mail(message: Message) -> Invitation | None:
    """The invitation a mail belongs to, as it stands."""
    told = _THREAD.fullmatch(message.thread or "")
    return db.session.get(Invitation, uuid.UUID(told[1]), populate_existing=True) if told else None


def still_holds(message: Message) -> bool:
    """May this mail be sent once more? Not when its entry says what no longer holds for its reader.

    A copy carries a later DTSTAMP and would win over what was said since (RFC 5546, 2.1.5).
    """
    standing = invitation_of_mail(message)
    if standing is None:
        return True
    row = standing.peer_session
    if standing.uninvited_at is not None:
        return message.ical_method == "CANCEL" and not _said_since(message)
    if message.ical_method is None:
        return True
    if (message.ical_method == "REQUEST") is not row.is_open:
        return False
    return message.subject_revision in (None, row.schedule_version) and not _said_since(message)


def _said_since(message: Message) -> bool:
    """Was another entry written for the same person since?"""
    other = or_(Message.common_id.is_distinct_from(message.common_id), Message.kind != message.kind)
    later = select(Message.id).where(
        Message.thread == message.thread, Message.ical_method.in_(_ENTRIES), Message.dtstamp > message.dtstamp, other
    )
    return bool(db.session.scalar(select(later.exists())))
