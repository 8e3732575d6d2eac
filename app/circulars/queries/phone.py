"""Whom to phone: who has not answered an invitation, whose mail did not arrive, who has no address. In reach now first."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.access import Viewer
from app.accounts.models import CallOutcome, Organisation, Person, PhoneCall
from app.accounts.queries import people_in_view
from app.accounts.queries.phoning import last_beside, last_calls
from app.circulars.hours import Office, office
from app.circulars.models import Circular, CircularRecipient, Trouble
from app.circulars.queries.audience import states_of_people
from app.circulars.queries.records import SUBJECT
from app.exchanges.models import Capacity, Invitation, PeerSession, SessionStatus
from app.exchanges.queries import SUBJECT as SESSION
from app.exchanges.queries.sessions import lasting
from app.extensions import db
from app.notifications.models import Message, State
from app.notifications.rendering import SECRET_KINDS

LOOK_BACK = timedelta(days=60)
"""A mail that failed before that is history: nobody phones about it today."""
MOST = 300
DID_NOT_ARRIVE = (State.FAILED, State.BOUNCED)


class Why(StrEnum):
    """Why somebody is to be phoned."""

    NOT_ANSWERED = "not_answered"
    MAIL_FAILED = "mail_failed"
    NO_ADDRESS = "no_address"


@dataclass(frozen=True)
class Matter:
    """What a call is about: at most one of session, circular and mail leads; a failed mail may speak of the others."""

    why: Why
    invitation: Invitation | None = None
    circular: Circular | None = None
    message: Message | None = None

    @property
    def subject(self) -> tuple[str, uuid.UUID] | None:
        """Kind and id as the outbox has them."""
        if self.invitation is not None:
            return (SESSION, self.invitation.peer_session_id)
        if self.circular is not None:
            return (SUBJECT, self.circular.id)
        if self.message is not None and self.message.subject_kind and self.message.subject_id:
            return (self.message.subject_kind, self.message.subject_id)
        return None


@dataclass(frozen=True)
class ToCall:
    """One person and one matter, with the office hours there and the last call about it."""

    person: Person
    matter: Matter
    state: Organisation | None
    office: Office
    call: PhoneCall | None

    @property
    def told(self) -> bool:
        """Was the person told already?"""
        return self.call is not None and self.call.outcome is CallOutcome.TOLD


def to_call(viewer: Viewer, now: datetime, session: PeerSession | None = None) -> list[ToCall]:
    """The list: of one session those who have not answered, else everyone whom no mail reaches. Each matter once."""
    found: dict[tuple[uuid.UUID, object], tuple[uuid.UUID, Matter]] = {}
    for person_id, matter in _unanswered(session) if session is not None else _unreached(now):
        about = matter.subject or (matter.message.id if matter.message else None)
        found.setdefault((person_id, about), (person_id, matter))
    return _in_order(viewer, list(found.values())[:MOST], now)


def _unanswered(session: PeerSession) -> Iterator[tuple[uuid.UUID, Matter]]:
    query = (
        select(Invitation)
        .where(Invitation.peer_session_id == session.id, Invitation.answer.is_(None), Invitation.uninvited_at.is_(None))
        .where(Invitation.capacity != Capacity.INFORMATION)
        .options(joinedload(Invitation.peer_session), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
        .limit(MOST)
    )
    for row in db.session.scalars(query):
        yield row.person_id, Matter(Why.NOT_ANSWERED, invitation=row)


def _unreached(now: datetime) -> Iterator[tuple[uuid.UUID, Matter]]:
    """Mails that did not arrive, with what they spoke of; then those who have no address at all."""
    failed = db.session.scalars(_failed(now)).all()
    invited = _invitations({(m.recipient_id, m.subject_id) for m in failed if m.subject_kind == SESSION}, now)
    sent = {c.id: c for c in _circulars({m.subject_id for m in failed if m.subject_kind == SUBJECT and m.subject_id})}
    for mail in failed:
        assert mail.recipient_id is not None  # asked for
        matter = _failed_matter(mail, invited, sent)
        if matter is not None:
            yield mail.recipient_id, matter
    for row in db.session.scalars(_invited_without_address(now)):
        yield row.person_id, Matter(Why.NO_ADDRESS, invitation=row)
    for recipient in db.session.scalars(_circular_without_mail(now)):
        assert recipient.person_id is not None  # asked for
        yield recipient.person_id, Matter(Why.NO_ADDRESS, circular=recipient.circular)


def _failed_matter(
    mail: Message, invited: dict[tuple[uuid.UUID, uuid.UUID], Invitation], sent: dict[uuid.UUID, Circular]
) -> Matter | None:
    """What a mail that did not arrive spoke of; nothing where there is nothing to tell any more."""
    about = mail.subject_id
    if mail.recipient_id is None or about is None or mail.subject_kind not in (SESSION, SUBJECT):
        return Matter(Why.MAIL_FAILED, message=mail)
    if mail.subject_kind == SUBJECT:
        return Matter(Why.MAIL_FAILED, circular=sent.get(about), message=mail)
    invitation = invited.get((mail.recipient_id, about))  # none: the session is over, or the invitation was taken back
    return Matter(Why.MAIL_FAILED, invitation, message=mail) if invitation is not None else None


def of_message(mail: Message, person: Person, now: datetime) -> Matter:
    """The matter of a call about one mail, whatever became of what it spoke of."""
    invited = _invitations({(person.id, mail.subject_id)}, now) if mail.subject_kind == SESSION else {}
    sent = {c.id: c for c in _circulars({mail.subject_id})} if mail.subject_kind == SUBJECT and mail.subject_id else {}
    return _failed_matter(mail, invited, sent) or Matter(Why.MAIL_FAILED, message=mail)


def _failed(now: datetime) -> Select[Message]:
    """The newest copy of each mail of the last weeks that did not arrive, by the index of each state."""
    again = aliased(Message)
    return (
        select(Message)
        .where(Message.state.in_(DID_NOT_ARRIVE), Message.created_at > now - LOOK_BACK, Message.recipient_id.is_not(None))
        .where(Message.kind.not_in(SECRET_KINDS), ~select(again.id).where(again.resend_of == Message.id).exists())
        .order_by(Message.id.desc())
        .limit(MOST)
    )


_LIVE = (PeerSession.status == SessionStatus.SCHEDULED, Invitation.uninvited_at.is_(None))


def _invitations(
    wanted: Collection[tuple[uuid.UUID | None, uuid.UUID | None]], now: datetime
) -> dict[tuple[uuid.UUID, uuid.UUID], Invitation]:
    """Invitations by person and session, of sessions that still take place."""
    if not wanted:
        return {}
    query = (
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(*_LIVE, lasting(now), Invitation.person_id.in_({p for p, _s in wanted if p}))
        .where(Invitation.peer_session_id.in_({s for _p, s in wanted if s}))
        .options(joinedload(Invitation.peer_session), joinedload(Invitation.organisation))
    )
    return {(row.person_id, row.peer_session_id): row for row in db.session.scalars(query)}


def _circulars(ids: Collection[uuid.UUID]) -> Iterable[Circular]:
    return db.session.scalars(select(Circular).where(Circular.id.in_(ids), Circular.taken_back_at.is_(None))) if ids else ()


def _invited_without_address(now: datetime) -> Select[Invitation]:
    return (
        select(Invitation)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .join(Person, Person.id == Invitation.person_id)
        .where(*_LIVE, lasting(now), Person.active, or_(Person.email.is_(None), Person.email == ""))
        .options(joinedload(Invitation.peer_session), joinedload(Invitation.organisation))
        .order_by(Invitation.id)
        .limit(MOST)
    )


def _circular_without_mail(now: datetime) -> Select[CircularRecipient]:
    """Those of circulars that left whom no mail reached, and in whose place nobody got it."""
    leaves = and_(Circular.sent_at > now - LOOK_BACK, or_(Circular.not_before.is_(None), Circular.not_before <= now))
    return (
        select(CircularRecipient)
        .join(Circular, Circular.id == CircularRecipient.circular_id)
        .where(leaves, Circular.taken_back_at.is_(None), CircularRecipient.person_id.is_not(None))
        .where(CircularRecipient.route.is_(None), CircularRecipient.trouble.in_((Trouble.NO_ADDRESS, Trouble.UNDELIVERABLE)))
        .options(joinedload(CircularRecipient.circular))
        .order_by(CircularRecipient.id)
        .limit(MOST)
    )


def _in_order(viewer: Viewer, found: list[tuple[uuid.UUID, Matter]], now: datetime) -> list[ToCall]:
    """Those in their office now first, whose day ends soonest at the top; then who comes next. Told ones come last."""
    people = {p.id: p for p in people_in_view(viewer, {person_id for person_id, _m in found}) if p.active} if found else {}
    states = states_of_people(people.keys(), now) if people else {}
    called = last_calls({(person, *m.subject) for person, m in found if m.subject})
    beside = last_beside({m.message.id for _p, m in found if m.message})
    lines = []
    for person_id, matter in found:
        if person_id not in people:
            continue
        person, state = people[person_id], _state(matter, states.get(person_id))
        hours = office(now, person.zone, state.weekend if state else ())
        call = called.get((person_id, *matter.subject)) if matter.subject else None
        call = call or (beside.get(matter.message.id) if matter.message else None)
        lines.append(ToCall(person, matter, state, hours, call))
    return sorted(lines, key=lambda line: (line.told, *_place(line.office), line.person.sort_name, str(line.person.id)))


def _place(hours: Office) -> tuple[bool, datetime]:
    return (not hours.is_open, hours.closes_at if hours.is_open else hours.opens_at)


def _state(matter: Matter, own: Organisation | None) -> Organisation | None:
    """The State a person works for; where their record names none, the one they were invited for."""
    if own is not None:
        return own
    organisation = matter.invitation.organisation if matter.invitation else None
    return organisation if organisation is not None and organisation.is_state else None


def one(viewer: Viewer, person: Person, matter: Matter, now: datetime) -> ToCall:
    """The same for one person and one matter."""
    found = _in_order(viewer, [(person.id, matter)], now)
    if found:
        return found[0]
    return ToCall(person, matter, None, office(now, person.zone, ()), None)
