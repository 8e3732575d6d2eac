"""A poll ends: with a session that is scheduled and invites in the same transaction, or without one. And opens again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.accounts.models import Person
from app.audit.rules import differences, record
from app.core import zones
from app.core.errors import RuleBroken
from app.exchanges.messages import polls as messages
from app.exchanges.models import PeerSession, Poll, PollAsked, PollSlot, SessionStatus
from app.exchanges.queries.polls import POLL, asked_of
from app.exchanges.rules.days_off import see_days_off
from app.exchanges.rules.foreseeing import foresee_accepted
from app.exchanges.rules.identity import lock
from app.exchanges.rules.inviting import Guest, Invited, invite, invite_accepted_expressions
from app.exchanges.rules.planning import Plan, check, create_session, schedule
from app.exchanges.rules.polls import Wall, conflict, lock_poll
from app.extensions import db
from app.notifications import outbox

USUAL_SEATS = 30


@dataclass(frozen=True)
class Closed:
    """What closing came to."""

    session_id: uuid.UUID | None = None
    invited: Invited = field(default_factory=Invited)
    told: int = 0


def guests_of_poll(rows: Sequence[PollAsked]) -> list[Guest]:
    """Those who were asked, as those who are invited: for the same State, for the same reason. Nobody takes over an invitation."""
    return [Guest(one.person, one.organisation, because=for_others(one.because)) for one in rows if one.person.active]


def for_others(because: str) -> str:
    """Why somebody is asked or invited who took a question or an invitation over, or was named as a delegate: by name."""
    return "by_hand" if because in ("hand_over", "delegate") else because


def to_be_invited(poll: Poll, rows: Sequence[PollAsked], now: datetime) -> int:
    """How many people closing with a session invites."""
    draft = poll.peer_session
    count = len(guests_of_poll(rows))
    if draft is None or not draft.invite_accepted:
        return count
    return count + foresee_accepted(draft.grounds, capacity=draft.capacity, peer_session=draft, now=now)


def close_with_session(
    poll: Poll, slot_id: uuid.UUID, *, seats: int, version: int, by: Person, now: datetime, day_meant: bool = False
) -> Closed:
    """Schedule the session at the chosen time and invite those who were asked: all of it, or nothing.

    ``day_meant``: whoever closes has read that many States do not work that day, and wants it so.
    """
    row = _to_close(poll, version)
    slot = next((one for one in row.slots if one.id == slot_id), None)
    if slot is None:
        raise RuleBroken(_l("Choose one of the times."), field="slot")
    if slot.starts_at <= now:
        raise RuleBroken(_l("This time is over. Choose a later one."), field="slot")
    session = _session_at(row, slot, seats, by, now)
    slot.chosen = True
    row.peer_session = session
    row.peer_session_id = session.id
    _end(row, by, now, {"session": (None, session.id), "slot": (None, slot.starts_at)}, None)
    schedule(session, by=by, now=now)
    db.session.flush()
    guests = guests_of_poll(asked_of(row))
    if day_meant:
        see_days_off(session, [g.organisation for g in guests if g.organisation is not None], by=by, now=now)
    invited = invite(session, guests, by=by, now=now)
    more = invite_accepted_expressions(session, by=by, now=now)
    unreached = invited.without_address + more.without_address
    return Closed(session.id, Invited(invited.new + more.new, invited.again + more.again, invited.already, unreached))


def close_without(poll: Poll, *, tell: bool, version: int, by: Person, now: datetime) -> Closed:
    """No session comes of it: those who were asked are told, or nobody."""
    row = _to_close(poll, version)
    to = [one for one in asked_of(row) if one.person.active] if tell else []
    _end(row, by, now, {}, "told" if tell else "untold")
    letters = messages.closed(row, to, now=now)
    db.session.flush()
    outbox.queue(letters, now=now)
    return Closed(told=sum(1 for one in to if one.person.email))


def _to_close(poll: Poll, version: int) -> Poll:
    row = lock_poll(poll.id)
    if not row.is_open:
        raise RuleBroken(_l("This poll is closed already."))
    if version != row.version:
        raise conflict(row, version)
    return row


def _end(row: Poll, by: Person, now: datetime, changes: dict[str, tuple[object, object]], note: str | None) -> None:
    row.closed_at = row.updated_at = now
    row.closed_by = by.id
    db.session.flush()
    outbox.cancel_waiting(POLL, row.id, kinds=messages.ASKING, now=now)
    record("poll.closed", POLL, row.id, by=by, now=now, changes=changes, note=note)


def _session_at(row: Poll, slot: PollSlot, seats: int, by: Person, now: datetime) -> PeerSession:
    """The draft of the poll at the chosen time, or a new session of its exchange."""
    wall = Wall(slot.local_start, slot.zone, slot.fold)
    if wall.moment() != slot.starts_at:  # people answered for another moment than this wall time is by now
        raise RuleBroken(_l("Clock rules changed since this time was entered. Withdraw it and add it anew."), field="slot")
    draft = lock(row.peer_session_id) if row.peer_session_id else None
    if draft is not None and draft.status is SessionStatus.SCHEDULED:
        raise RuleBroken(_l("The session was scheduled meanwhile. Close the poll without a session, or move that session."))
    if draft is None or draft.status is SessionStatus.CANCELLED:
        return _new_session(row, slot, seats, by, now)
    return _move(draft, row, slot, now, by)


def _new_session(row: Poll, slot: PollSlot, seats: int, by: Person, now: datetime) -> PeerSession:
    plan = Plan(
        titles=row.titles, local_start=slot.local_start, zone=slot.zone, fold=slot.fold, minutes=row.minutes, capacity=seats,
        visibility=row.exchange.visibility, grounds=tuple(row.exchange.grounds),
    )  # fmt: skip
    session = create_session(plan, by=by, now=now, exchange=row.exchange, status=SessionStatus.DRAFT, illustrative=row.illustrative)
    db.session.flush()
    return session


def _move(draft: PeerSession, row: Poll, slot: PollSlot, now: datetime, by: Person) -> PeerSession:
    """The draft gets the chosen time and length."""
    columns = {
        "local_start": slot.local_start, "zone": slot.zone, "fold": slot.fold, "starts_at": slot.starts_at, "minutes": row.minutes,
    }  # fmt: skip
    plan = Plan(draft.titles, slot.local_start, slot.zone, row.minutes, draft.capacity, fold=slot.fold, reminders=())
    check(plan, slot.starts_at, now)
    changes = differences(draft, columns)
    for name, value in columns.items():
        setattr(draft, name, value)
    if changes:
        draft.schedule_version += 1
        draft.sequence += 1
        draft.revision += 1
        draft.tzdb_version = zones.iana_version()
        draft.hour_in_doubt = False
        record("session.changed", "session", draft.id, by=by, now=now, changes=changes)
    draft.updated_at = now
    db.session.flush()
    return draft


def reopen(poll: Poll, deadline: Wall, *, asking: bool, version: int, by: Person, now: datetime) -> int:
    """Open a poll again until a new deadline; ``asking`` writes to those who have not answered. Every answer stays."""
    row = lock_poll(poll.id)
    if row.is_open:
        raise RuleBroken(_l("This poll is open already."))
    if version != row.version:
        raise conflict(row, version)
    session = row.peer_session if row.chosen is not None else None
    if session is not None and session.status is SessionStatus.SCHEDULED:
        raise RuleBroken(_l("A session was scheduled from this poll. Move or cancel that session instead."))
    deadline_at = deadline.moment()
    if deadline_at <= now:
        raise RuleBroken(_l("Enter a deadline that is still to come."), field="date_deadline")
    coming = row.to_answer(now)
    if not coming:
        raise RuleBroken(_l("All times of this poll are over. Make a new poll."))
    if any(slot.starts_at <= deadline_at for slot in coming):
        raise RuleBroken(_l("Enter a deadline before the first of the times."), field="date_deadline")
    for slot in row.all_slots:
        slot.chosen = False
    if session is not None:  # it was cancelled: the next time makes another one
        row.peer_session = row.peer_session_id = None
    row.closed_at = row.closed_by = None
    row.opening += 1
    row.zone, row.deadline_local, row.deadline_fold = deadline.zone, deadline.local, deadline.told_fold
    row.deadline_at, row.deadline_set_at, row.updated_at = deadline_at, now, now
    db.session.flush()
    outbox.cancel_waiting(POLL, row.id, kinds=[messages.CLOSED], now=now)
    record("poll.reopened", POLL, row.id, by=by, now=now, changes={"deadline_at": (None, deadline_at)})
    to = [one for one in asked_of(row) if one.answered_at is None and one.person.active] if asking else []
    letters = messages.questions(row, to, row.to_answer(now), now=now, why="open")
    db.session.flush()
    outbox.queue(letters, now=now)
    return sum(1 for one in to if one.person.email)
