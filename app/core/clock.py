"""The only place that asks the time. The demonstration may shift it; nothing else can."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_shift_file: Path | None = None
_seen: tuple[int, timedelta] = (-1, timedelta())


def configure(shift_file: Path | None) -> None:
    """Name the file that holds the demo clock's shift in seconds; ``None`` means real time only."""
    global _shift_file, _seen
    _shift_file, _seen = shift_file, (-1, timedelta())


def shift() -> timedelta:
    """How far the clock is moved. Read again whenever the file changed, so all processes agree."""
    global _seen
    if _shift_file is None:
        return timedelta()
    try:
        stamp = os.stat(_shift_file).st_mtime_ns
        if stamp != _seen[0]:
            _seen = (stamp, timedelta(seconds=int(_shift_file.read_text().strip() or 0)))
    except FileNotFoundError:
        return timedelta()
    return _seen[1]


def advance(by: timedelta) -> timedelta:
    """Move the demo's clock forward in every process; answers the whole shift."""
    if _shift_file is None:
        raise RuntimeError("the clock can be moved in the demonstration only")
    total = shift() + by
    fresh = _shift_file.with_suffix(".new")
    fresh.write_text(str(int(total.total_seconds())))
    fresh.replace(_shift_file)
    return total


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC) + shift()


def unshifted() -> datetime:
    """This moment by the machine's own clock: for what is about processes, which the demonstration does not move."""
    return now() - shift()
