"""Local clocks, from the pinned zone data alone: this package also runs in a process that knows nothing of the app."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

if zoneinfo.TZPATH:  # the system's zone files differ from the pinned ones
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()


@cache
def _names() -> frozenset[str]:
    return frozenset(importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def known(zone: str) -> bool:
    """Does the pinned data have this zone?"""
    return zone in _names()


@lru_cache(maxsize=1024)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


def local(instant: datetime, zone: str) -> datetime:
    """What clocks in the zone show (naive)."""
    return instant.astimezone(_zone(zone)).replace(tzinfo=None)


def offset(instant: datetime, zone: str) -> int:
    """The zone's distance from UTC in minutes."""
    found = instant.astimezone(_zone(zone)).utcoffset() or timedelta()
    return int(found.total_seconds() // 60)


def instants(wall: datetime, zone: str) -> datetime | None:
    """The instant at which clocks show this, the first of two; nothing when they never do."""
    shown = wall.replace(tzinfo=_zone(zone)).astimezone(UTC)
    return shown if local(shown, zone) == wall else None
