"""Move the demonstration's clock: how far, in the words people use, with a stop wherever a reminder falls due."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.rules import digests
from app.core import clock
from app.exchanges import poll_reminders as of_polls
from app.exchanges import reminders as of_sessions
from app.extensions import db
from app.interests import reminders as of_opinions
from app.notifications import digests as gathered
from app.notifications import nudge
from app.notifications.models import Message, State
from app.pilots import reminders as of_milestones

UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
FARTHEST = timedelta(days=366)
PATIENCE = 10.0  # seconds the worker gets at a stop
_PART = re.compile(r"([0-9]{1,6})([wdhm])")


class NotASpan(ValueError):
    """The words name no length of time."""


def span(words: str) -> timedelta:
    """ "7d", "36h", "90m", "1w2d" as a length of time, at most a year."""
    bare = words.replace(" ", "").lower()
    parts = _PART.findall(bare)
    if not parts or "".join(n + u for n, u in parts) != bare:
        raise NotASpan(words)
    total = timedelta()
    for number, unit in parts:
        total += timedelta(**{UNITS[unit]: int(number)})
    if not timedelta() < total <= FARTHEST:
        raise NotASpan(words)
    return total


def stops(start: datetime, by: timedelta) -> Iterator[datetime]:
    """The moments to stop at: each at which a reminder falls due, and the end. A leap over them would leave them unsaid."""
    end = start + by
    rooms = (of_sessions, of_polls, of_opinions, of_milestones, gathered)
    due = {moment for room in rooms for moment in room.moments_between(start, end)}
    for moment in sorted(due):
        if moment < end:
            yield moment + timedelta(seconds=1)
    yield end


def move_to(moment: datetime) -> int:
    """Set the clock of all processes to this moment, and write the reminders that are due then. The caller commits."""
    ahead = moment - clock.now()
    if ahead > timedelta():
        clock.advance(ahead)
    nudge.after_commit()
    now = clock.now()
    said = of_sessions.queue_due(now) + of_polls.queue_due(now) + of_opinions.queue_due(now) + of_milestones.queue_due(now)
    return said + digests.write_due(now)


def wait_for_the_worker(patience: float = PATIENCE) -> bool:
    """Let everything that is due leave before the clock moves on; ``False`` when nobody sends."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        waiting = db.session.scalar(
            select(Message.id).where(Message.state.in_((State.QUEUED, State.SENDING)), Message.due_at <= clock.now()).limit(1)
        )
        db.session.rollback()
        if waiting is None:
            return True
        time.sleep(0.1)
    return False
