"""An invitation becomes the successor's, with answer, seat and notes to come; or its links are renewed; or it is let go.

No mail goes to the former: their entry in the calendar stays as it is, which the page says before the hand-over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.audit.rules import record
from app.core.db import uuid7
from app.core.tokens import fresh_nonce
from app.exchanges import messages
from app.exchanges.models import Answer, AnswerRecord, Capacity, Invitation, PeerSession, Route, Seat, SessionStatus
from app.exchanges.queries import SUBJECT
from app.exchanges.rules.identity import lock, moment, refresh, stamp
from app.exchanges.rules.inviting import Guest, invite, uninvite
from app.exchanges.rules.listing import give_up_places, hand_over_places
from app.extensions import db
from app.notifications import outbox

NOTES_KEPT = timedelta(days=183)
"""For so long after a session its notes may still come."""
_END = PeerSession.starts_at + func.make_interval(0, 0, 0, 0, 0, PeerSession.minutes)


def _to_come(now: datetime) -> ColumnElement[bool]:
    return and_(PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > now - timedelta(days=1), now < _END)


def to_come(person: Person, now: datetime) -> list[Invitation]:
    """A person's invitations to sessions that are not over, soonest first."""
    query = (
        select(Invitation)
        .join(Invitation.peer_session)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation), joinedload(Invitation.peer_session))
        .where(Invitation.person_id == person.id, Invitation.uninvited_at.is_(None), _to_come(now))
    )
    return list(db.session.scalars(query.order_by(PeerSession.starts_at, Invitation.id)))


def _notes_to_come(person: Person, now: datetime) -> list[Invitation]:
    query = (
        select(Invitation)
        .join(Invitation.peer_session)
        .where(
            Invitation.person_id == person.id,
            Invitation.wants_notes.is_(True),
            Invitation.uninvited_at.is_(None),
            PeerSession.status == SessionStatus.SCHEDULED,
            _END.between(now - NOTES_KEPT, now),
        )
    )
    return list(db.session.scalars(query.order_by(PeerSession.starts_at, Invitation.id)))


def count_to_come(person: Person, now: datetime) -> int:
    """How many sessions to come the person is invited to."""
    return len(to_come(person, now))


def count_seats(person: Person, now: datetime) -> int:
    """In how many of them the person holds a seat or waits for one."""
    return sum(1 for i in to_come(person, now) if i.seat is not Seat.NONE)


def count_notes(person: Person, now: datetime) -> int:
    """The notes of how many past sessions the person waits for."""
    return len(_notes_to_come(person, now))


def take_over(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """Every invitation to come, the notes to come, places on lists, and the end of every link the former has."""
    for invitation in to_come(former, now):
        _hand_over(invitation, successor, by=by, now=now)
    for invitation in _notes_to_come(former, now):
        _hand_over_notes(invitation, successor, by=by, now=now)
    hand_over_places(former, successor, by=by, now=now)
    _end_links(former)


def _hand_over(invitation: Invitation, successor: Person, *, by: Person, now: datetime) -> None:
    """The place of the State or body stays as it is; the person in it changes. The seat is passed on before anybody in line."""
    row = lock(invitation.peer_session_id)
    refresh(invitation)
    held, waits = invitation.seat, invitation.waiting_since
    own = _invitation_of(row, successor)
    asked_already = own is not None and own.uninvited_at is None and own.asks
    if not asked_already:
        guest = Guest(successor, invitation.organisation, invitation.capacity, "hand_over")
        invite(row, [guest], by=by, now=now, telling=False)
    made = _invitation_of(row, successor)
    assert made is not None
    invitation.seat, invitation.seat_since, invitation.waiting_since = Seat.NONE, None, None
    db.session.flush()
    if not asked_already:
        made.delegate_of = invitation.id
        _carry_answer(row, invitation, made, by=by, now=now)
    made.wants_notes = made.wants_notes or invitation.wants_notes
    may_sit = made.answer is Answer.YES or (made.answer is None and not asked_already)
    if may_sit and made.seat is not Seat.HELD and held is not Seat.NONE:
        made.seat = held
        made.seat_since, made.waiting_since = (now, None) if held is Seat.HELD else (None, made.waiting_since or waits or now)
    made.updated_at = now
    db.session.flush()
    uninvite(invitation, tell=False, by=by, now=now, reason=successor.full_name)
    if not asked_already:
        outbox.queue(messages.invitation_letters(row, [messages.recipient(made)], now=now), now=now)
    record(
        "session.handed_over", "session", row.id, by=by, now=now,
        changes={"invitation": (invitation.person.full_name, successor.full_name), "seat": (held, made.seat)},
    )  # fmt: skip


def _carry_answer(row: PeerSession, invitation: Invitation, made: Invitation, *, by: Person, now: datetime) -> None:
    """The answer of the place; whoever gave it stays named in the former invitation's history."""
    if invitation.answer is None:
        return
    made.answer, made.answered_at = invitation.answer, invitation.answered_at
    made.answered_version, made.comment = invitation.answered_version, invitation.comment
    db.session.add(
        AnswerRecord(
            id=uuid7(), invitation_id=made.id, answer=invitation.answer, at=now, route=Route.STATE, entered_by=by.id,
            schedule_version=invitation.answered_version or row.schedule_version, wants_notes=invitation.wants_notes,
            comment=invitation.comment, former_time=(invitation.answered_version or 0) < row.schedule_version,
        )
    )  # fmt: skip


def _hand_over_notes(invitation: Invitation, successor: Person, *, by: Person, now: datetime) -> None:
    """The notes of a past session go to the successor: by an invitation for information, since it took place without them."""
    row = lock(invitation.peer_session_id)
    own = _invitation_of(row, successor)
    if own is None:
        own = Invitation(
            peer_session_id=row.id, person_id=successor.id, organisation_id=invitation.organisation_id,
            capacity=Capacity.INFORMATION, invited_at=now, invited_by=by.id, invited_because="hand_over",
            delegate_of=invitation.id, dtstamp=moment(now), sequence=row.sequence,
        )  # fmt: skip
        db.session.add(own)
    own.wants_notes, own.uninvited_at, invitation.wants_notes = True, None, False
    db.session.flush()
    who = invitation.person.full_name
    record("session.notes_handed_over", "session", row.id, by=by, now=now, changes={"invitation": (who, successor.full_name)})


def _end_links(person: Person) -> None:
    """No link of any session opens anything any more; those of taken back invitations say so themselves."""
    mine = select(Invitation).where(Invitation.person_id == person.id, Invitation.uninvited_at.is_(None))
    for invitation in db.session.scalars(mine).all():
        invitation.nonce, invitation.join_nonce = fresh_nonce(), fresh_nonce()
    db.session.flush()


def _invitation_of(row: PeerSession, person: Person) -> Invitation | None:
    return db.session.scalar(
        select(Invitation)
        .where(Invitation.peer_session_id == row.id, Invitation.person_id == person.id)
        .execution_options(populate_existing=True)
    )


def renew(person: Person, *, now: datetime) -> None:
    """The address was corrected: the former links end, and what is to come is sent once more with new ones."""
    _end_links(person)
    for invitation in to_come(person, now):
        row = lock(invitation.peer_session_id)
        refresh(invitation)
        outbox.cancel_waiting(SUBJECT, row.id, recipient_ids=[person.id], now=now)
        if not person.email or not person.active or invitation.answer is Answer.NO:
            continue
        stamp(row, invitation, now)
        db.session.flush()
        to = messages.recipient(invitation)
        letters = [messages.confirmation(row, to)] if invitation.may_join else messages.invitation_letters(row, [to], now=now)
        outbox.queue(letters, now=now)


def let_go(person: Person, *, by: Person, now: datetime) -> None:
    """The record was closed: places in sessions to come go to those who wait, without a mail to the person."""
    for invitation in to_come(person, now):
        uninvite(invitation, tell=False, by=by, now=now)
    give_up_places(person, by=by, now=now)
    _end_links(person)
