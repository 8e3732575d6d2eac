"""A former release of the zone data, the real one of 2025, beside the pinned one: ``make setup-dev`` puts it there."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.core import rulebook
from app.exchanges.models import PeerSession
from app.extensions import db

FORMER = Path(sys.prefix) / "former-tzdata"
"""First on ``PYTHONPATH`` it is what a process knows of clocks."""
VERSION = "2025b"


@cache
def book() -> rulebook.Book:
    """Its rules."""
    assert FORMER.is_dir(), f"{FORMER} is missing: run make setup-dev, or scripts/setup zones requirements-tzdata.lock"
    root = FORMER / "tzdata"
    names = (root / "zones").read_text(encoding="ascii").split()
    return rulebook.Book(VERSION, {name: (root / "zoneinfo" / name).read_bytes() for name in names})


def keep(seen_at: datetime) -> None:
    """As if processes had run with it until this moment."""
    row = {"version": VERSION, "files": rulebook.pack(book().files), "kept_at": seen_at, "seen_at": seen_at}
    db.session.add(rulebook.ClockRules(**row))
    db.session.flush()


def by_former_rules(row: PeerSession) -> PeerSession:
    """As if the session had been planned, and told, by it."""
    zone = book().zone(row.zone)
    assert zone is not None
    row.starts_at = row.local_start.replace(tzinfo=zone, fold=row.fold).astimezone(UTC)
    row.tzdb_version = VERSION
    db.session.flush()
    return row
