"""Reading mails that wait for a person, and the invitations they may be about."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from app.accounts.models import Person, fold_address
from app.core.paging import Page, instant, key_of, page_of
from app.exchanges.models import Invitation, PeerSession, SessionStatus
from app.exchanges.queries.sessions import lasting
from app.extensions import db
from app.notifications.models import InboundMail, Verdict

_LISTED = load_only(InboundMail.received_at, InboundMail.sender, InboundMail.sender_name, InboundMail.subject, InboundMail.reason)
"""What lists show of a mail; what it holds may be large."""


def unclear_mails(*, after: str | None = None, most: int = 15) -> Page[InboundMail]:
    """Mails that wait for a person, oldest first."""
    query = select(InboundMail).options(_LISTED).where(InboundMail.verdict == Verdict.UNCLEAR)
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
    same_session = PeerSession.uid == str(told.get("uid") or "")
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
        .order_by((~same_session), Person.email_folded.not_in(addresses), PeerSession.starts_at, Invitation.id)
        .limit(most)
    )
    return db.session.scalars(query).all()
