"""One session moves, or it and all that follow: the same shift of what clocks show, each in its own zone. Or they are cancelled.

Each session keeps its own calendar entry and its own mail: a person who is invited to several of them gets one update for
each (invitations.md, C6), and every one has a SEQUENCE of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, tuple_

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import record
from app.core.errors import Conflict, RuleBroken
from app.exchanges.models import PeerSession, SessionStatus
from app.exchanges.rules.changing import cancel, change
from app.exchanges.rules.identity import lock
from app.exchanges.rules.series import locked
from app.exchanges.rules.walls import Wall, plan_of, refuse_open, worked_out
from app.extensions import db


@dataclass(frozen=True)
class Together:
    """What became of sessions that were moved or cancelled together."""

    sessions: int
    told: int  # mails: one for each person and session
    invited: int = 0


def in_reach(row: PeerSession, now: datetime, *, following: bool) -> list[PeerSession]:
    """The session, and where so wished all of its exchange that come after it and go on, in order."""
    if not following:
        return [row]
    after = tuple_(PeerSession.starts_at, PeerSession.id) > tuple_(row.starts_at, row.id)
    query = select(PeerSession).where(
        PeerSession.exchange_id == row.exchange_id, PeerSession.status != SessionStatus.CANCELLED, after
    )
    found = db.session.scalars(query.order_by(PeerSession.starts_at, PeerSession.id)).all()
    return [row, *(one for one in found if not (one.is_open and one.is_over(now)))]


def seen_as(rows: Sequence[PeerSession]) -> str:
    """Which sessions, and how each stood: what whoever presses has seen."""
    return hashlib.sha256(repr([(str(row.id), row.version) for row in rows]).encode()).hexdigest()[:32]


def shifted(rows: Sequence[PeerSession], to: datetime, answers: Mapping[str, str]) -> list[Wall]:
    """Where each of these goes when the first one goes to that wall time: all by as much, on the clocks of their own zones."""
    shift = to - rows[0].local_start
    if not shift:
        raise RuleBroken(_l("This is the day and hour it has now. Enter another one."), field="start_date")
    walls = []
    for row in rows:
        try:
            wall = row.local_start + shift
        except OverflowError:
            raise RuleBroken(_l("Enter a start within the next ten years."), field="start_date") from None
        walls.append(worked_out(str(row.id), wall, row.zone, answers.get(str(row.id))))
    return walls


def move(
    row: PeerSession,
    to: datetime,
    answers: Mapping[str, str],
    *,
    following: bool,
    seen: str,
    tell: bool,
    by: Person,
    now: datetime,
) -> Together:
    """Move a session to a wall time of its zone, and those that follow by as much. Everyone is told, or nobody."""
    rows = _held(row, seen, now, following=following)
    walls = shifted(rows, to, answers)
    refuse_open(walls)
    told = invited = 0
    for one, wall in zip(rows, walls, strict=True):
        done = change(one, plan_of(one, wall), version=one.version, tell=tell, by=by, now=now)
        told, invited = told + done.told, invited + done.invited.total
    _noted("exchange.sessions_moved", rows, by, now)
    return Together(len(rows), told, invited)


def cancel_together(
    row: PeerSession, *, following: bool, reason: str, seen: str, tell: bool, by: Person, now: datetime
) -> Together:
    """Cancel a session, and those that follow. Who was told of one is told of its end, once for each."""
    rows = _held(row, seen, now, following=following)
    told = sum(cancel(one, reason=reason, tell=tell, version=one.version, by=by, now=now) for one in rows)
    _noted("exchange.sessions_cancelled", rows, by, now)
    return Together(len(rows), told)


def _held(row: PeerSession, seen: str, now: datetime, *, following: bool) -> list[PeerSession]:
    """These sessions with their locks, always in the same order; refused when one is no longer as it was seen."""
    locked(row.exchange)  # nothing is added to the exchange meanwhile, and two such presses wait for each other
    rows = [lock(one.id) for one in in_reach(row, now, following=following)]
    _refuse_what_is_over(rows[0], now)
    if seen_as(rows) != seen:
        raise Conflict(
            _l("Somebody else changed these sessions while you were looking. Nothing of yours was saved yet."),
            saved=[line for one in rows for line in saved_since("session", one.id, 1)][:3],
        )
    return rows


def _refuse_what_is_over(row: PeerSession, now: datetime) -> None:
    if row.status is SessionStatus.CANCELLED:
        raise RuleBroken(_l("This session was cancelled. It cannot be changed any more."))
    if row.is_open and row.is_over(now):
        raise RuleBroken(_l("This session is over. It cannot be changed any more."))


def _noted(action: str, rows: Sequence[PeerSession], by: Person, now: datetime) -> None:
    if len(rows) > 1:
        record(action, "exchange", rows[0].exchange_id, by=by, now=now, changes={"sessions": (None, len(rows))})
