"""Write a sign of life: one short statement on a connection of its own transaction, at most every few seconds."""

from __future__ import annotations

import json
import logging
import os
from datetime import timedelta
from typing import Any

import psycopg

from app.core import clock, zones

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=5)
"""Within this time a second sign of the same kind is not written."""

_BEAT = """
INSERT INTO heartbeats AS h (name, at, "by", version, told) VALUES (%(name)s, %(at)s, %(by)s, %(version)s, %(told)s)
ON CONFLICT (name) DO UPDATE SET at = excluded.at, "by" = excluded."by", version = excluded.version, told = excluded.told
WHERE h.at IS NULL OR h.at < %(before)s
"""
_CLAIM = """
INSERT INTO heartbeats AS h (name, claimed_at) VALUES (%(name)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET claimed_at = excluded.claimed_at
WHERE coalesce(greatest(h.at, h.claimed_at), '-infinity') < %(stale)s
"""


def beat(connection: psycopg.Connection[Any], name: str, *, told: dict[str, Any] | None = None, at: Any = None) -> None:
    """It happened just now, or at ``at``. What cannot be written is no reason to stop what was going on."""
    now = at or clock.unshifted()
    values = {
        "name": name, "at": now, "before": now - EVERY, "by": f"{os.uname().nodename}:{os.getpid()}",
        "version": zones.iana_version(), "told": json.dumps(told or {}),
    }  # fmt: skip
    try:
        connection.execute(_BEAT, values)
    except psycopg.Error as problem:
        log.warning("no sign of life of %s was written: %s", name, type(problem).__name__)


def take_over(connection: psycopg.Connection[Any], name: str, after: timedelta) -> bool:
    """Did it not happen for so long, and nobody is at it? Then it is the caller's; of several who ask at once, one's."""
    now = clock.unshifted()
    return connection.execute(_CLAIM, {"name": name, "now": now, "stale": now - after}).rowcount == 1
