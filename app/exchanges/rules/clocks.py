"""What becomes of a session whose hour clock rules moved: what is kept, who is told, and what is written down."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select, update

from app.accounts.models import Person
from app.audit.rules import record
from app.core import rulebook, zones
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.exchanges import clockwork, messages
from app.exchanges.clockwork import Touched
from app.exchanges.messages.facts import instant, key
from app.exchanges.models import ClockChange, ClockMove, Decision, Invitation, PeerSession, Touch
from app.exchanges.queries import SUBJECT, clocks, not_sent_yet, pending_update
from app.exchanges.rules.changing import LIVE_MAILS, PLAIN_MAILS, REMINDERS, TIMED_MAILS, offers_again
from app.exchanges.rules.identity import lock, no_longer_asked, reload, stamp_all
from app.exchanges.rules.inviting import FIRST_MAILS
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message, State


def to_tell(row: PeerSession, base: str, becomes: datetime) -> list[Touched]:
    """Whom it reaches if the session begins then, and who does not learn of the true hour without this."""
    moves = becomes != row.starts_at
    near = None if moves else clockwork.differing(clockwork.books_before(one.version for one in clocks.releases()))
    if near is not None and not near:
        return []
    found = clockwork.touched(clocks.people(row.id, near), base, row.starts_at, becomes)
    if not found:
        return []
    unread = _first_or_moved(row)
    known = set() if moves else _settled_before(row)
    return [one for one in found if one.person_id not in unread and one.invitation_id not in known]


def _first_or_moved(row: PeerSession) -> set[uuid.UUID]:
    """Who was told no hour yet, or is about to learn of another time: their mail is rendered by the present rules."""
    waiting = not_sent_yet(row, (*FIRST_MAILS, "session-update"))
    untold = pending_update(row)
    telling = {*FIRST_MAILS, *(("session-update",) if untold is not None and untold["moved"] else ())}
    return {person_id for person_id, kinds in waiting.items() if kinds & telling}


def _settled_before(row: PeerSession) -> set[uuid.UUID]:
    """Who stands in the record of this release already, and whose mail did not leave by older rules since."""
    query = (
        select(ClockMove.invitation_id)
        .join(ClockChange, ClockChange.id == ClockMove.change_id)
        .outerjoin(Message, Message.key == ClockMove.message_key)
        .where(
            ClockChange.peer_session_id == row.id, ClockChange.to_version == zones.iana_version(),
            Message.state.is_distinct_from(State.SENT),
        )
    )  # fmt: skip
    return set(db.session.scalars(query))


def becomes_at(row: PeerSession, change: ClockChange, decision: Decision) -> datetime | None:
    """When the session would begin."""
    return {Decision.WALL: change.wall_at, Decision.SECOND: change.second_at, Decision.INSTANT: row.starts_at}.get(decision)


def choices(row: PeerSession, change: ClockChange, now: datetime) -> list[Decision]:
    """What can be decided: a moment that has passed cannot."""
    told = ((d, becomes_at(row, change, d)) for d in (Decision.WALL, Decision.SECOND, Decision.INSTANT))
    return [decision for decision, moment in told if moment is not None and moment > now]


def foresee_clocks(row: PeerSession, change: ClockChange, decision: Decision) -> list[Touched]:
    """Whom a decision would reach, and how: what would be done, said before."""
    moment = becomes_at(row, change, decision)
    return to_tell(row, change.from_version, moment) if moment is not None else []


def decide_clocks(change: ClockChange, decision: Decision, *, by: Person, now: datetime, seen: datetime | None = None) -> int:
    """Somebody decided what stays, having seen the moment it comes to; answers how many mails leave."""
    row = lock(change.peer_session_id)
    db.session.refresh(change)
    if not change.is_open:
        raise RuleBroken(_l("Somebody has decided this already."))
    if row.starts_at <= now:
        raise RuleBroken(_l("This session has begun. Nothing can be decided about its hour any more."))
    moment = becomes_at(row, change, decision)
    if decision not in choices(row, change, now) or seen not in (None, moment):
        raise RuleBroken(_l("This time has passed, or the session has another one by now. Look once more."))
    return settle(row, change, decision, by=by, now=now)


def settle(
    row: PeerSession, change: ClockChange, decision: Decision, *, by: Person | None, now: datetime,
    people: Collection[Touched] | None = None,
) -> int:  # fmt: skip
    """Give the session what was decided, write it down, and tell whom it reaches; answers how many mails leave.

    ``people`` are those whom it reaches, where that is known already.
    """
    moment = becomes_at(row, change, decision)
    assert moment is not None  # one of the choices
    if people is None:
        people = to_tell(row, change.from_version, moment)
    held = row.hour_in_doubt
    changes = _give(row, moment, now)
    no_longer_asked(row, decision, by=by, now=now)
    db.session.flush()
    mails = _tell(row, change, people, moved="starts_at" in changes, now=now) if row.is_open else 0
    if held and "starts_at" not in changes:
        outbox.send_now(SUBJECT, row.id, kinds=REMINDERS, now=now)
    versions = {"tzdb_version": (change.from_version, change.to_version), "zone": (None, change.zone)}
    record(
        "session.clocks_changed", "session", row.id, by=by, now=now, changes={**versions, **changes, "messages": (None, mails)},
        note=decision.value,
    )  # fmt: skip
    return mails


def _give(row: PeerSession, moment: datetime, now: datetime) -> dict[str, tuple[Any, Any]]:
    """The moment, and what clocks of the session's zone show then; answers what changed. A new moment is a new time."""
    before = {"starts_at": row.starts_at, "local_start": row.local_start}
    wall = rulebook.present().wall(moment, row.zone)
    if wall is not None:
        row.local_start, row.fold = wall, zones.to_wall(moment, row.zone).fold
    if moment != row.starts_at:
        row.starts_at, row.scheduled_at = moment, now
        row.schedule_version += 1
        row.sequence += 1
    changes = {name: (value, getattr(row, name)) for name, value in before.items() if getattr(row, name) != value}
    if changes:
        row.revision += 1
        row.updated_at = now
    return changes


def _tell(row: PeerSession, change: ClockChange, people: Collection[Touched], *, moved: bool, now: datetime) -> int:
    """Void what waits with the former hour, and write to each whom it reaches what it means for them."""
    reached = {one.invitation_id: one for one in people}
    pending, untold = not_sent_yet(row, (*LIVE_MAILS, *PLAIN_MAILS)), pending_update(row)
    wanted = {one.invitation_id for one in clocks.people(row.id)} if moved else set(reached)
    if moved:
        outbox.cancel_waiting(SUBJECT, row.id, kinds=TIMED_MAILS, now=now)
        _keep_answers(row, [one.invitation_id for one in people if one.touch is Touch.SAME])
    elif wanted:
        again = ("session-update", clocks.KIND)
        outbox.cancel_waiting(SUBJECT, row.id, kinds=again, recipient_ids=[one.person_id for one in people], now=now)
    stamp_all(row, wanted, now)
    first, updates, offered = [], [], []
    hours: dict[bool, list[messages.Hour]] = {False: [], True: []}  # do they also hear of other words?
    rows = []
    for invitation in reload(wanted):
        waiting, to = pending.get(invitation.person_id, set()), messages.recipient(invitation)
        one = reached.get(invitation.id)
        if waiting & set(FIRST_MAILS):
            first.append(to)
        elif "session-offer" in waiting and moved:  # a seat that is kept for them: its mail says the hour
            offered.append(to)
        elif one is None:  # an update that told of another time waits: it tells of this one now
            updates.append(to)
        else:
            hours["session-update" in waiting].append(messages.hour_of(to, one.touch.value, one.was))
            rows.append(_row(change, one, key(clocks.KIND, invitation.id, instant(to.dtstamp))))
    if rows:
        db.session.execute(insert(ClockMove), rows)
    letters = messages.invitation_letters(row, first, now=now) if first else []
    letters += offers_again(row, offered)
    if updates and untold is not None:
        due_at = now + timedelta(seconds=settings().update_delay_seconds)
        former = {name: untold[name] for name in ("former_starts_at", "former_minutes")}
        letters += messages.update(row, updates, due_at=due_at, moved=True, changed=untold["changed"], former=former)
    for changed, some in ((untold["changed"] if untold else [], hours[True]), ([], hours[False])):
        letters += messages.clocks(row, some, changed=changed) if some else []
    outbox.queue(letters, now=now)
    return sum(1 for letter in letters if letter.kind == clocks.KIND and letter.address and not letter.closed)


def _row(change: ClockChange, one: Touched, message_key: str) -> dict[str, Any]:
    return {
        "change_id": change.id, "invitation_id": one.invitation_id, "touch": one.touch, "zone": one.zone, "was": one.was,
        "becomes": one.becomes, "message_key": message_key,
    }  # fmt: skip


def _keep_answers(row: PeerSession, invitation_ids: list[uuid.UUID]) -> None:
    """Whoever goes by the same hour as before has answered for it."""
    if invitation_ids:
        answered = update(Invitation).where(
            Invitation.id.in_(invitation_ids), Invitation.answered_version == row.schedule_version - 1
        )
        db.session.execute(answered.values(answered_version=row.schedule_version).execution_options(synchronize_session=False))
