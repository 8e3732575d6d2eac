"""Open polls follow people: to whoever takes over, to a corrected address, and away from a record that was closed.

And they follow clocks: what people were asked about is an hour on the clocks of a zone, so rules that change move its moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Person
from app.audit.rules import record
from app.core import zones
from app.core.db import uuid7
from app.core.tokens import fresh_nonce
from app.exchanges.messages import polls as messages
from app.exchanges.models import Poll, PollAnswer, PollAsked, PollVote, Route
from app.exchanges.queries.polls import POLL, open_for
from app.exchanges.rules.polls import end_asking, lock_poll
from app.extensions import db
from app.notifications import outbox


def count_polls(person: Person, now: datetime) -> int:
    """In how many open polls somebody is asked."""
    return len(open_for(person, now))


def take_over_polls(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """The successor is asked in every open poll, with what was said before; the former's links end."""
    for asked in open_for(former, now):
        row = lock_poll(asked.poll_id)
        db.session.refresh(asked)
        end_asking(row, asked, now)
        own = db.session.scalar(select(PollAsked).where(PollAsked.poll_id == row.id, PollAsked.person_id == successor.id))
        if own is None or own.withdrawn_at is not None:
            _hand_on(row, asked, own, successor, by, now)
        names = (former.full_name, successor.full_name)
        record("poll.handed_over", POLL, row.id, by=by, now=now, changes={"question": names})


def _hand_on(row: Poll, asked: PollAsked, own: PollAsked | None, successor: Person, by: Person, now: datetime) -> None:
    """The place of the State stays as it is; the person in it changes."""
    if own is None:
        own = PollAsked(id=uuid7(), poll_id=row.id, person_id=successor.id, created_at=now, nonce=fresh_nonce(), votes=[])
        db.session.add(own)
    own.person, own.organisation, own.organisation_id = successor, asked.organisation, asked.organisation_id
    own.because, own.withdrawn_at, own.asked_at, own.asked_by = "hand_over", None, now, by.id
    own.asked_round, own.updated_at = row.round, now
    own.answered_at, own.answered_round, own.comment = asked.answered_at, asked.answered_round, asked.comment
    db.session.flush()
    said = asked.said
    for vote in list(own.votes):
        db.session.delete(vote)
    db.session.flush()
    db.session.add_all(PollVote(asked_id=own.id, slot_id=slot, vote=vote) for slot, vote in said.items())
    if own.answered_at is not None:
        votes = {str(slot): vote.value for slot, vote in said.items()}
        db.session.add(
            PollAnswer(id=uuid7(), asked_id=own.id, at=now, route=Route.STATE, votes=votes, comment=own.comment, entered_by=by.id)
        )
    db.session.flush()
    db.session.expire(own, ["votes"])
    _send([own], row, now, why="taken")


def _send(to: Iterable[PollAsked], row: Poll, now: datetime, why: str = "") -> None:
    """The question with its link, while there is still something to answer."""
    if not row.takes_answers(now):
        return
    letters = messages.questions(row, to, row.to_answer(now), now=now, why=why)
    db.session.flush()
    outbox.queue(letters, now=now)


def renew_polls(person: Person, *, now: datetime) -> None:
    """The address was corrected: links that went to the former one end, and open questions are sent with new ones."""
    for asked in open_for(person, now):
        row = lock_poll(asked.poll_id)
        db.session.refresh(asked)
        asked.nonce, asked.code_digest = fresh_nonce(), None
        db.session.flush()
        outbox.cancel_waiting(POLL, row.id, recipient_ids=[person.id], now=now)
        if person.email and person.active:
            _send([asked], row, now)


def let_go_polls(person: Person, *, now: datetime) -> None:
    """The record was closed: nobody waits for this answer any more."""
    for asked in open_for(person, now):
        end_asking(lock_poll(asked.poll_id), asked, now)


def hold_clocks(now: datetime) -> int:
    """Times and deadlines of open polls by the clock rules that are installed; answers how many polls moved.

    An hour that does not happen any more becomes the next one that does; of two, the first unless the second was chosen.
    """
    version = zones.iana_version()
    query = select(Poll.id).where(Poll.closed_at.is_(None), Poll.tzdb_version < version)
    moved = 0
    for poll_id in db.session.scalars(query.order_by(Poll.id)).all():
        row = lock_poll(poll_id)
        if not row.is_open or row.tzdb_version >= version:
            continue
        changes = _held(row)
        row.tzdb_version = version
        if changes:
            record("poll.clocks_changed", POLL, row.id, by=None, now=now, changes={"slots": (None, changes)})
            moved += 1
    db.session.flush()
    return moved


def _held(row: Poll) -> int:
    changes = 0
    taken = {slot.starts_at for slot in row.all_slots}
    for slot in row.all_slots:
        moment = _moment(slot.local_start, slot.zone, slot.fold)
        if moment != slot.starts_at and moment not in taken:
            taken.add(moment)
            slot.starts_at = moment
            changes += 1
    deadline = _moment(row.deadline_local, row.zone, row.deadline_fold)
    changes += deadline != row.deadline_at
    row.deadline_at = deadline
    return changes


def _moment(local: datetime, zone: str, fold: int) -> datetime:
    try:
        return zones.to_instant(local, zone, fold)
    except zones.Gap as gap:
        return zones.to_instant(gap.next_valid, zone, fold)
