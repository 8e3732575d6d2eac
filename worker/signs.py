"""Signs of life of the periodic tasks: which of them ran, and when."""

from __future__ import annotations

from datetime import datetime

from app.extensions import db
from app.heartbeats import rules as heartbeats
from app.heartbeats.models import BEAT
from worker.schedule import beat_schedule

PERIODIC = frozenset(entry["task"] for entry in beat_schedule.values()) - {"notifications.beat"}
"""The tasks that a worker may also start by itself. Beat's own sign is beat's alone."""


def note(name: str, at: datetime | None = None) -> None:
    """Write down that it happened, in a transaction of its own."""
    connection = db.engine.raw_connection()
    try:
        heartbeats.beat(connection.driver_connection, name, at=at)  # type: ignore[arg-type]
        connection.commit()
    finally:
        connection.close()


__all__ = ["BEAT", "PERIODIC", "note"]
