"""Wall time and zone to an instant and back, from the pinned tzdata alone.

A wall time that a clock change skips is refused with the next valid one; one that happens twice has to
be told apart by ``fold`` (PEP 495). The operating system's zone files are never read: they differ.
"""

from __future__ import annotations

import importlib
import importlib.resources
import importlib.util
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location
from flask_babel import lazy_gettext as _l

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()  # whatever was read before this line may have come from the system


class UnknownZone(ValueError):
    """No such zone in the pinned data."""


@dataclass(frozen=True)
class Gap(Exception):
    """The wall time never happens; ``next_valid`` is the first wall time after it."""

    next_valid: datetime


@dataclass(frozen=True)
class Fold(Exception):
    """The wall time happens twice; ``first`` and ``second`` are the two instants, in UTC."""

    first: datetime
    second: datetime


@cache
def iana_version() -> str:
    """The release of the pinned time zone data, such as ``2026f``."""
    return str(importlib.import_module("tzdata").IANA_VERSION)


def reads_the_pinned() -> bool:
    """Does this process read zones from the pinned package, and from nowhere else?"""
    return zoneinfo.TZPATH == () and importlib.util.find_spec("tzdata") is not None


@cache
def names() -> tuple[str, ...]:
    """All zone names of the pinned data, sorted."""
    listed = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return tuple(sorted(listed))


@cache
def selectable() -> tuple[str, ...]:
    """The zones a person may choose: Region/City ones, and UTC."""
    regions = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return (*(n for n in names() if n.split("/")[0] in regions), "UTC")


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Each zone that stands for a place, and the codes of the countries it is the zone of."""
    table = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: tuple(row[0].split(",")) for row in rows}


@cache
def listed() -> tuple[str, ...]:
    """The zones a list shows: one for each place, none by its former names, and UTC."""
    return (*(n for n in selectable() if n in _countries()), "UTC")


def likely(known: Iterable[str | None], most: int = 30) -> list[str]:
    """The zones somebody probably means: those that are known, the others of the same countries, UTC."""
    given = [name for name in dict.fromkeys(known) if name in selectable()]
    codes = {code for name in given for code in _countries().get(name, ())}
    beside = [name for name, held in _countries().items() if codes.intersection(held)]
    return list(dict.fromkeys((*given, *beside[:most], "UTC")))


_REGIONS = {"Africa": "002", "America": "019", "Antarctica": "AQ", "Asia": "142", "Australia": "AU", "Europe": "150"}
_OCEANS = {"Atlantic": _l("Atlantic Ocean"), "Indian": _l("Indian Ocean"), "Pacific": _l("Pacific Ocean")}


def region(zone_name: str, locale: str) -> str:
    """The part of the world a zone belongs to, in the reader's language."""
    part = zone_name.split("/")[0]
    if part in _OCEANS:
        return str(_OCEANS[part])
    return str(Locale.parse(locale).territories[_REGIONS[part]]) if part in _REGIONS else part


@lru_cache(maxsize=1024)
def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name; ``UnknownZone`` when the pinned data does not have it."""
    if name not in _known():
        raise UnknownZone(name)
    return zoneinfo.ZoneInfo(name)


@cache
def _known() -> frozenset[str]:
    return frozenset(names())


def to_instant(wall: datetime, zone_name: str, fold: int | None = None) -> datetime:
    """The instant (UTC) at which clocks in the zone show ``wall`` (naive).

    Raises ``Gap`` when they never do, ``Fold`` when they do twice and ``fold`` (0 first, 1 second) is not given.
    """
    tz = zone(zone_name)
    first = wall.replace(tzinfo=tz, fold=0)
    second = wall.replace(tzinfo=tz, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None and after is not None
    if before == after:
        return first.astimezone(UTC)
    if before < after:  # the clock jumped forward over this wall time
        raise Gap(_gap_end(tz, wall - after, wall - before))
    if fold is None:
        raise Fold(first.astimezone(UTC), second.astimezone(UTC))
    return (second if fold else first).astimezone(UTC)


def _gap_end(tz: zoneinfo.ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first wall time after a gap; the change lies between these two (naive UTC) instants."""
    start = low.replace(tzinfo=UTC).astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.replace(tzinfo=UTC).astimezone(tz).utcoffset() == start:
            low = middle
        else:
            high = middle
    high = high.replace(microsecond=0)
    return high.replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)


def to_wall(instant: datetime, zone_name: str) -> datetime:
    """What clocks in the zone show at this instant: an aware datetime in that zone."""
    return instant.astimezone(zone(zone_name))


def offset(instant: datetime, zone_name: str) -> timedelta:
    """The zone's offset from UTC at this instant."""
    return to_wall(instant, zone_name).utcoffset() or timedelta()


def offset_text(instant: datetime, zone_name: str) -> str:
    """The offset as people write it: ``UTC+3``, ``UTC+5:45``, ``UTC−3:30``, ``UTC``."""
    minutes = int(offset(instant, zone_name).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02d}' if rest else ''}"


@cache
def _also_known_as() -> dict[str, tuple[str, ...]]:
    """Other names CLDR knows a zone by: its names are older (Asia/Calcutta for Asia/Kolkata)."""
    others: dict[str, tuple[str, ...]] = {}
    for alias, canonical in get_global("zone_aliases").items():
        others[alias] = (*others.get(alias, ()), canonical)
        others[canonical] = (*others.get(canonical, ()), alias)
    return others


@lru_cache(maxsize=8192)
def city(zone_name: str, locale: str) -> str:
    """The place a zone is named after, in the reader's language ("Nairobi", "نيروبي")."""
    if zone_name in ("UTC", "Etc/UTC"):
        return "UTC"
    parsed = Locale.parse(locale)
    for known_as in (zone_name, *_also_known_as().get(zone_name, ())):
        known = parsed.time_zones.get(known_as, {}).get("city")
        if known:
            return str(known)
    if "/" in zone_name:
        return zone_name.rsplit("/", 1)[1].replace("_", " ")
    return str(get_timezone_location(zone(zone_name), locale=parsed, return_city=True))


def changes_near(instant: datetime, zone_name: str, days: int = 14) -> bool:
    """Do clocks in the zone change within so many days of this instant?"""
    span = timedelta(days=days)
    return len({offset(instant + d, zone_name) for d in (-span, timedelta(), span)}) > 1
