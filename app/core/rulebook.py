"""The rules of clocks as each release of the zone data has them, kept so that the hours people were told can be told again.

When the pinned data are replaced the former ones are gone from the disk. What a session's hour was under them is asked
here: each process keeps the release it runs with, once, as the files of the package in fifty kilobytes.
"""

from __future__ import annotations

import io
import json
import re
import threading
import zlib
import zoneinfo
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from flask import current_app
from sqlalchemy import LargeBinary, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core import zones
from app.core.db import Base

SEEN_EVERY = timedelta(minutes=1)
"""How often a process notes that it is still there with its release."""


class ClockRules(Base):
    """One release of the zone data: its files, and when a process was last seen to run with it."""

    __tablename__ = "clock_rules"

    version: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]  # when all sessions to come were last held against it


@dataclass
class Book:
    """The rules of one release."""

    version: str
    files: dict[str, bytes]
    _zones: dict[str, zoneinfo.ZoneInfo | None] = field(default_factory=dict)

    def zone(self, name: str) -> zoneinfo.ZoneInfo | None:
        """The zone as this release has it; ``None`` where it does not know the name."""
        if name not in self._zones:
            data = self.files.get(name)
            self._zones[name] = zoneinfo.ZoneInfo.from_file(io.BytesIO(data), key=name) if data is not None else None
        return self._zones[name]

    def wall(self, instant: datetime, name: str) -> datetime | None:
        """What clocks in the zone showed at this instant by these rules, without a zone."""
        tz = self.zone(name)
        return instant.astimezone(tz).replace(tzinfo=None) if tz is not None else None

    def offset(self, instant: datetime, name: str) -> timedelta | None:
        """The zone's offset from UTC at this instant by these rules."""
        tz = self.zone(name)
        return instant.astimezone(tz).utcoffset() if tz is not None else None

    def twice(self, wall: datetime, name: str) -> bool:
        """Does this wall time come twice by these rules?"""
        tz = self.zone(name)
        if tz is None:
            return False
        first, second = (wall.replace(tzinfo=tz, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
        return first > second

    def differs_from(self, other: Book) -> frozenset[str]:
        """The zones whose rules are not the same in both."""
        return frozenset(n for n in {*self.files, *other.files} if self.files.get(n) != other.files.get(n))


def rank(version: str) -> tuple[int, int, str]:
    """Releases in the order they came: ``2025b`` before ``2026a``, ``2026z`` before ``2026za``."""
    found = re.fullmatch(r"(\d{4})([a-z]*)", version)
    return (int(found[1]), len(found[2]), found[2]) if found else (0, 0, version)


_books: dict[str, Book | None] = {}
_lock = threading.Lock()


def present() -> Book:
    """The rules this process runs with."""
    return _known(zones.iana_version(), _read)  # type: ignore[return-value]


def book(version: str) -> Book | None:
    """The rules of a release; ``None`` of one that nobody kept."""
    if version == zones.iana_version():
        return present()
    return _known(version, lambda: _opened(version))


def _known(version: str, make: Any) -> Book | None:
    with _lock:
        if version in _books:
            return _books[version]
    made: Book | None = make()
    if made is not None:  # one that is not there yet may be kept later
        with _lock:
            _books[version] = made
    return made


def _read() -> Book:
    root = resources.files("tzdata").joinpath("zoneinfo")
    return Book(zones.iana_version(), {name: root.joinpath(*name.split("/")).read_bytes() for name in zones.names()})


def _opened(version: str) -> Book | None:
    packed = _session().scalar(select(ClockRules.files).where(ClockRules.version == version))
    return Book(version, unpack(packed)) if packed is not None else None


def pack(files: dict[str, bytes]) -> bytes:
    """Many small files as one: those that are alike (most names are other names of a place) are held once."""
    held = sorted(set(files.values()))
    places = {data: number for number, data in enumerate(held)}
    head = {"sizes": [len(data) for data in held], "names": {name: places[files[name]] for name in sorted(files)}}
    told = json.dumps(head, separators=(",", ":")).encode()
    return zlib.compress(len(told).to_bytes(4, "big") + told + b"".join(held), 9)


def unpack(packed: bytes) -> dict[str, bytes]:
    """The files again."""
    raw = zlib.decompress(packed)
    start = 4 + int.from_bytes(raw[:4], "big")
    head = json.loads(raw[4:start])
    held = []
    for size in head["sizes"]:
        held.append(raw[start : start + size])
        start += size
    return {name: held[number] for name, number in head["names"].items()}


def keep(now: datetime) -> None:
    """Keep the release this process runs with, and note that it is here. Written by the caller's transaction."""
    version = zones.iana_version()
    noted = update(ClockRules).where(ClockRules.version == version, ClockRules.seen_at < now - SEEN_EVERY).values(seen_at=now)
    if _session().execute(noted).rowcount or _session().scalar(select(ClockRules.version).where(ClockRules.version == version)):
        return
    row = {"version": version, "files": pack(present().files), "kept_at": now, "seen_at": now}
    _session().execute(insert(ClockRules).values(row).on_conflict_do_nothing())


def _session() -> Any:
    """The session, asked of the app: nothing down here knows the extensions."""
    return current_app.extensions["sqlalchemy"].session
