"""Reading mails that wait for a person, and the invitations they may be about."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from app.accounts.models import Organisation, Person, fold_address
from app.core import draw, zones
from app.core.db import Json
from app.core.paging import Page, instant, key_of, page_of
from app.exchanges.models import Capacity, Invitation, PeerSession, SessionStatus
from app.exchanges.queries.invitations import SUBJECT
from app.exchanges.queries.sessions import lasting
from app.extensions import db
from app.notifications.models import InboundMail, Verdict

_LISTED = load_only(InboundMail.received_at, InboundMail.sender, InboundMail.sender_name, InboundMail.subject, InboundMail.reason)
"""What lists show of a mail; what it holds may be large."""
_READ = load_only(InboundMail.reply, InboundMail.body)
"""What the page beside that reads, to suggest an answer."""


def unclear_mails(*, after: str | None = None, most: int = 15) -> Page[InboundMail]:
    """Mails that wait for a person, oldest first."""
    query = select(InboundMail).options(_LISTED, _READ).where(InboundMail.verdict == Verdict.UNCLEAR)
    key = key_of(after, (instant, uuid.UUID))
    if key is not None:
        query = query.where(tuple_(InboundMail.received_at, InboundMail.id) > tuple_(*key))
    rows = db.session.scalars(query.order_by(InboundMail.received_at, InboundMail.id).limit(most + 1)).all()
    return page_of(rows, most, lambda m: (m.received_at, m.id))


def all_unclear_mails() -> Iterator[InboundMail]:
    """All of them without what they hold, a few hundred at a time."""
    query = select(InboundMail).options(_LISTED).where(InboundMail.verdict == Verdict.UNCLEAR)
    query = query.order_by(InboundMail.received_at, InboundMail.id)
    return iter(db.session.scalars(query.execution_options(yield_per=200)))


def invitations_for_mail(mail: InboundMail, now: datetime, most: int = 40) -> Sequence[Invitation]:
    """Invitations of the sender and of the person the mail answers for, to sessions that are not over: nearest guess first."""
    told = mail.reply or {}
    addresses = {a for a in (fold_address(mail.sender), fold_address(str(told.get("attendee") or ""))) if a}
    about = mail.subject_id if mail.subject_kind == SUBJECT else None
    same_session = or_(PeerSession.uid == str(told.get("uid") or ""), PeerSession.id == about)
    answered = and_(PeerSession.id == about, Invitation.person_id == mail.person_id)  # the mail of ours that it names
    query = (
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(
            or_(Person.email_folded.in_(addresses), Invitation.person_id == mail.person_id, same_session),
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            lasting(now),
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.peer_session))
        .order_by(
            answered.is_not(True),
            same_session.is_not(True),
            Person.email_folded.not_in(addresses),
            PeerSession.starts_at,
            Invitation.id,
        )
        .limit(most)
    )
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class Proposal:
    """Somebody of a State asks by mail to send another person."""

    mail: InboundMail
    invitation: Invitation


def proposals_for(state_ids: Collection[uuid.UUID], now: datetime, most: int = 50) -> list[Proposal]:
    """What waits for a decision of these States, oldest first: of people they sent, about sessions to come."""
    query = (
        select(InboundMail, Invitation)
        .join(Invitation, and_(Invitation.peer_session_id == InboundMail.subject_id, Invitation.person_id == InboundMail.person_id))
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(
            InboundMail.verdict == Verdict.UNCLEAR,
            InboundMail.reason == "delegated",
            InboundMail.subject_kind == SUBJECT,
            InboundMail.reply["delegated_to"].astext != "",
            Invitation.organisation_id.in_(list(state_ids)),
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            PeerSession.starts_at > now,
        )
        .options(joinedload(Invitation.person), joinedload(Invitation.peer_session))
        .order_by(InboundMail.received_at, InboundMail.id)
        .limit(most)
    )
    return [Proposal(mail, invitation) for mail, invitation in db.session.execute(query)] if state_ids else []


def proposal_for(state_ids: Collection[uuid.UUID], mail_id: uuid.UUID, now: datetime) -> Proposal | None:
    """One of these."""
    return next((one for one in proposals_for(state_ids, now) if one.mail.id == mail_id), None)


def counters_of(row: PeerSession, most: int = 20) -> Sequence[InboundMail]:
    """Mails that propose another time for this session and wait for an answer."""
    query = select(InboundMail).where(
        InboundMail.verdict == Verdict.UNCLEAR, InboundMail.reason == "counter", InboundMail.subject_id == row.id
    )
    return db.session.scalars(query.order_by(InboundMail.received_at, InboundMail.id).limit(most)).all()


def counter_to(row: PeerSession, mail_id: uuid.UUID | None) -> Json | None:
    """What a mail that waits proposes for this session, if it is such a mail."""
    mail = db.session.get(InboundMail, mail_id) if mail_id is not None else None
    if mail is None or mail.reason != "counter" or mail.verdict is not Verdict.UNCLEAR or mail.subject_id != row.id:
        return None
    return mail.reply


@dataclass(frozen=True)
class Meaning:
    """What another time would mean to those who are invited: how many sit in the working day, early or late, and at night."""

    people: int
    now: Counter[str]  # 'd', 'e', 'n' as the clock of the world has them
    then: Counter[str]
    places: list[str]
    others: Sequence[PeerSession]  # sessions that are held meanwhile


def meaning_of(row: PeerSession, starts_at: datetime, minutes: int) -> Meaning:
    """Weigh a proposed time against the present one."""
    zone = func.coalesce(Organisation.zone, Person.zone)
    query = (
        select(zone, func.count())
        .select_from(Invitation)
        .join(Person, Person.id == Invitation.person_id)
        .outerjoin(Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.peer_session_id == row.id, Invitation.uninvited_at.is_(None), Invitation.capacity != Capacity.INFORMATION)
        .group_by(zone)
        .order_by(func.count().desc(), zone)
    )
    found = [(name, count) for name, count in db.session.execute(query)]
    ends_at = starts_at + timedelta(minutes=minutes)
    others = db.session.scalars(
        select(PeerSession)
        .where(
            PeerSession.id != row.id, PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at < ends_at,
            PeerSession.starts_at > starts_at - timedelta(days=1),
            PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes) > starts_at,
        )
        .order_by(PeerSession.starts_at, PeerSession.id)
        .limit(5)
    ).all()  # fmt: skip
    return Meaning(
        people=sum(count for _name, count in found), now=_hours(found, row.starts_at), then=_hours(found, starts_at),
        places=[name for name, _count in found[:10]], others=others,
    )  # fmt: skip


def _hours(found: Sequence[tuple[str, int]], starts_at: datetime) -> Counter[str]:
    counted: Counter[str] = Counter()
    for name, count in found:
        wall = zones.to_wall(starts_at, name)
        counted[draw.hour_kind(wall.hour * 60 + wall.minute)] += count
    return counted
