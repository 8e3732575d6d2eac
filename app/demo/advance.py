"""Move the demonstration's clock: how far, in the words people use, and who has to be woken."""

from __future__ import annotations

import re
from datetime import timedelta

from app.core import clock
from app.exchanges.reminders import queue_due
from app.notifications import nudge

UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
FARTHEST = timedelta(days=366)
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


def advance(by: timedelta) -> int:
    """Move the clock in all processes, and write the reminders that fell due. Answers how many; the caller commits."""
    clock.advance(by)
    written = queue_due(clock.now())
    nudge.after_commit()
    return written
