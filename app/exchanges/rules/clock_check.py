"""Clock rules changed: every session still to begin is held against the new ones, and settled or asked about.

A session more than 48 hours away is settled at once, by what it keeps; nearer ones wait for somebody. Each session is a
transaction of its own, and what was settled is not found again, so a check may run twice, or be cut off.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text, update

from app.audit.rules import record
from app.core import rulebook, zones
from app.core.rulebook import ClockRules
from app.exchanges import clockwork
from app.exchanges.clockwork import Look
from app.exchanges.models import Cause, ClockChange, Decision, PeerSession, SessionStatus
from app.exchanges.queries import SUBJECT, clocks
from app.exchanges.rules.changing import REMINDERS
from app.exchanges.rules.clocks import settle, to_tell
from app.exchanges.rules.identity import lock, no_longer_asked
from app.extensions import db
from app.notifications import holding, outbox

log = logging.getLogger(__name__)
_LOCK = 0x0C10C
"""One check at a time, whichever process begins it."""
GRACE = timedelta(minutes=5)
"""So long after a process of an older release was seen, its mails are looked at once more."""


@dataclass
class Checked:
    """What a check came to."""

    version: str
    newer: str | None = None  # a newer release was here: this process judges nothing by its older one
    busy: bool = False
    looked_at: int = 0
    moved: int = 0
    told: int = 0  # sessions that stand, with people who were told of another hour
    to_decide: int = 0
    mails: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Handled:
    """What became of one session."""

    moved: bool = False
    told: bool = False
    asked: bool = False
    mails: int = 0


def check(now: datetime, *, commit: Callable[[], None]) -> Checked:
    """Hold what is to come against the rules this process runs with; ``commit`` ends each step's transaction."""
    rulebook.keep(now)
    kept = clocks.releases()
    done = Checked(zones.iana_version())
    newest = max(kept, key=lambda one: rulebook.rank(one.version)).version
    if newest != done.version:
        done.newer = newest
        commit()
        return done
    if not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
        done.busy = True
        commit()
        return done
    checked_at = next(one.checked_at for one in kept if one.version == done.version)
    older = [one for one in kept if one.version != done.version]
    whole = checked_at is None or any(one.seen_at > checked_at - GRACE for one in older)
    found = _to_handle(now, whole, [one.version for one in older], done)
    commit()
    for session_id in found:
        _guarded(session_id, lambda i=session_id: handle(i, now=now), done)  # type: ignore[misc]
        commit()
    for session_id, decision in clocks.overtaken(now):
        no_longer_asked(lock(session_id), decision, by=None, now=now)
        commit()
    if whole and not done.failed:
        db.session.execute(update(ClockRules).where(ClockRules.version == done.version).values(checked_at=now))
    commit()
    return done


def _guarded(session_id: uuid.UUID, work: Callable[[], Handled], done: Checked) -> None:
    """One session that cannot be handled holds up no other; it is found again by the next check."""
    try:
        handled = work()
    except Exception:
        db.session.rollback()
        done.failed += 1
        log.exception("clock rules: session %s could not be handled", session_id)
        return
    done.moved += handled.moved
    done.told += handled.told
    done.to_decide += handled.asked
    done.mails += handled.mails


def _to_handle(now: datetime, whole: bool, older: Sequence[str], done: Checked) -> list[uuid.UUID]:
    """The sessions that the rules moved, or some of whose people they did; all others are marked as looked at."""
    rows = clocks.starts(now, but=None if whole else done.version)
    done.looked_at = len(rows)
    if not rows:
        return []
    books = clockwork.books_before({*older, *(row.version for row in rows)})
    by_version = {book.version: book for book in books} | {done.version: rulebook.present()}
    there = clocks.zones_of_people((row.id for row in rows), clockwork.differing(books))
    found, untouched = [], []
    for row in rows:
        moved = clockwork.look(row, by_version.get(row.version)).cause is not None
        if moved or clockwork.other_hours(books, there.get(row.id, ()), row.starts_at):
            found.append(row.id)
        elif row.version != done.version:
            untouched.append(row.id)
    _mark(untouched)
    return found


def _mark(session_ids: list[uuid.UUID]) -> None:
    """These stand as they are by the present rules: nobody's form is out of date for that."""
    if session_ids:
        stands = update(PeerSession).where(PeerSession.id.in_(session_ids))
        values = {"tzdb_version": zones.iana_version(), "updated_at": PeerSession.updated_at}
        db.session.execute(stands.values(values).execution_options(synchronize_session=False))


def handle(session_id: uuid.UUID, *, now: datetime) -> Handled:
    """Settle one session by what it keeps, or ask about it where it is near or its hour is not clear any more."""
    row = lock(session_id)
    own = zones.iana_version()
    if row.status is SessionStatus.CANCELLED or row.starts_at <= now or rulebook.rank(row.tzdb_version) > rulebook.rank(own):
        return Handled()
    asked = clocks.open_change(row.id)
    if asked is not None and asked.to_version == own:
        return Handled()
    base = asked.from_version if asked is not None else row.tzdb_version
    look = clockwork.look(row, rulebook.book(base))
    people = to_tell(row, base, row.starts_at)
    row.tzdb_version = own
    if look.cause is None and not people:
        held = row.hour_in_doubt
        no_longer_asked(row, Decision.UNDONE, by=None, now=now)
        if held:
            outbox.send_now(SUBJECT, row.id, kinds=REMINDERS, now=now)
        return Handled()
    change = _found(row, asked, base, look, now)
    unclear = look.cause in (Cause.GAP, Cause.FOLD)
    if asked is not None or unclear or clockwork.is_near((row.starts_at, look.wall_at), now):
        _ask(row, change, now)
        return Handled(asked=True)
    keeps_wall = look.cause is Cause.ANCHOR and not row.keeps_instant
    if keeps_wall:
        mails = settle(row, change, Decision.WALL, by=None, now=now)
    else:
        mails = settle(row, change, Decision.INSTANT, by=None, now=now, people=people)
    return Handled(moved=keeps_wall, told=not keeps_wall, mails=mails)


def _found(row: PeerSession, asked: ClockChange | None, base: str, look: Look, now: datetime) -> ClockChange:
    change = asked if asked is not None else ClockChange(peer_session_id=row.id, from_version=base, found_at=now)
    change.cause, change.to_version = look.cause or Cause.PEOPLE, zones.iana_version()
    change.zone, change.local_start, change.was_at = row.zone, row.local_start, row.starts_at
    change.wall_at, change.second_at = look.wall_at if look.cause else None, look.second_at
    db.session.add(change)
    db.session.flush()
    return change


def _ask(row: PeerSession, change: ClockChange, now: datetime) -> None:
    """Nothing moves and nobody is written to; where the hour is open, what would say it waits."""
    held, row.hour_in_doubt = row.hour_in_doubt, change.cause is not Cause.PEOPLE
    if row.hour_in_doubt:
        holding.hold(SUBJECT, row.id, REMINDERS, until=row.starts_at, now=now)
    elif held:
        outbox.send_now(SUBJECT, row.id, kinds=REMINDERS, now=now)
    versions = {"tzdb_version": (change.from_version, change.to_version)}
    record("session.clocks_asked", "session", row.id, by=None, now=now, changes={**versions, "zone": (None, row.zone)})
    log.warning("clock rules: somebody has to decide about session %s, under Sessions, Clock rules", row.id)
