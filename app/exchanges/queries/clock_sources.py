"""Who else knows clock rules on this machine, and where they would tell another hour for sessions to come.

Nobody else is ever asked for an hour: this is only to be shown, since other programs beside the platform do ask them.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select, text

from app.accounts.models import Person
from app.core import rulebook, zones
from app.exchanges.models import ClockChange, Invitation, PeerSession, SessionStatus
from app.exchanges.queries.clocks import releases
from app.extensions import db

SYSTEM = tuple(Path(place) for place in ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"))
MOST = 20_000
"""So many pairs of zone and moment are held against the others; the soonest first."""


class Standing(NamedTuple):
    """What the page of the platform's health shows of clock rules."""

    version: str  # of the zone data this process runs with
    newest: str  # the newest that any process ran with
    checked_at: datetime | None  # when all sessions to come were last held against the newest
    older_seen: str | None  # an older release that some process ran with in the last ten minutes
    undecided: int


def standing(now: datetime) -> Standing:
    """How clock rules stand, in two statements."""
    kept = sorted(releases(), key=lambda one: rulebook.rank(one.version))
    own = zones.iana_version()
    newest = kept[-1] if kept else None
    lately = [one.version for one in kept[:-1] if one.seen_at > now - timedelta(minutes=10)]
    return Standing(
        own, newest.version if newest else own, newest.checked_at if newest else None, lately[-1] if lately else None, undecided()
    )


def undecided() -> int:
    """How many sessions wait for somebody to decide about their hour."""
    return db.session.scalar(select(func.count()).select_from(ClockChange).where(ClockChange.decision.is_(None))) or 0


class Disagreement(NamedTuple):
    """A zone for which others tell another hour."""

    zone: str
    system: bool
    database: bool

    def who(self) -> str:
        """Who tells another hour."""
        return " and ".join(n for n, differs in (("the operating system", self.system), ("the database", self.database)) if differs)


@dataclass(frozen=True)
class Sources:
    """What was found beside the pinned data."""

    system: str  # "2025b"; "" where the machine has none
    database: str  # its release
    zones: tuple[Disagreement, ...]


def disagreements(now: datetime) -> Sources:
    """The zones of sessions to come, and of those who are invited, for which the system or the database differ then."""
    pairs = _asked(now)
    system, database = _system_offsets(pairs), _database_offsets(pairs)
    found: dict[str, Disagreement] = {}
    for pair in pairs:
        own = zones.offset(pair[1], pair[0])
        before = found.get(pair[0], Disagreement(pair[0], False, False))
        found[pair[0]] = Disagreement(
            pair[0], before.system or system.get(pair, own) != own, before.database or database.get(pair, own) != own
        )
    differing = tuple(one for one in sorted(found.values()) if one.system or one.database)
    return Sources(system_version(), str(db.session.scalar(text("SHOW server_version")) or "").split()[0], differing)


Pair = tuple[str, datetime]


def _asked(now: datetime) -> list[Pair]:
    """Zone and moment of each session to come: of its own wall time, and of the people who are invited."""
    to_come = (PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > now)
    own = select(PeerSession.zone, PeerSession.starts_at).where(*to_come)
    theirs = (
        select(Person.zone, PeerSession.starts_at)
        .join(Invitation, Invitation.person_id == Person.id)
        .join(PeerSession, PeerSession.id == Invitation.peer_session_id)
        .where(*to_come, Invitation.uninvited_at.is_(None))
    )
    both = own.union(theirs).subquery()
    rows = db.session.execute(select(both).order_by(both.c.starts_at, both.c.zone).limit(MOST))
    known = set(zones.names())
    return [(zone, moment) for zone, moment in rows if zone in known]


@lru_cache(maxsize=1)
def _system_root() -> Path | None:
    return next((place for place in SYSTEM if place.is_dir()), None)


def system_version() -> str:
    """The release of the operating system's zone files, as far as they say; ``""`` where there are none."""
    root = _system_root()
    if root is None:
        return ""
    for name, pattern in (("tzdata.zi", r"# version (\S+)"), ("+VERSION", r"(\S+)"), ("version", r"(\S+)")):
        file = root / name
        if file.is_file():
            with file.open(encoding="ascii", errors="replace") as lines:
                found = re.match(pattern, lines.readline())
            if found:
                return found[1]
    return "unknown"


def _system_offsets(pairs: list[Pair]) -> dict[Pair, timedelta]:
    root = _system_root()
    if root is None:
        return {}
    read: dict[str, zoneinfo.ZoneInfo | None] = {}
    found = {}
    for zone, moment in pairs:
        if zone not in read:
            file = root / zone
            read[zone] = _from_file(file, zone) if file.is_file() else None
        tz = read[zone]
        if tz is not None:
            found[zone, moment] = moment.astimezone(tz).utcoffset() or timedelta()
    return found


def _from_file(file: Path, zone: str) -> zoneinfo.ZoneInfo | None:
    try:
        with file.open("rb") as data:
            return zoneinfo.ZoneInfo.from_file(data, key=zone)
    except (OSError, ValueError):  # not ours to mend
        return None


_DATABASE = text(
    """
    SELECT asked.zone, asked.moment, EXTRACT(EPOCH FROM (asked.moment AT TIME ZONE asked.zone) - (asked.moment AT TIME ZONE 'UTC'))
    FROM unnest(CAST(:zones AS text[]), CAST(:moments AS timestamptz[])) AS asked(zone, moment)
    WHERE asked.zone IN (SELECT name FROM pg_timezone_names)
    """
)
"""The one place where the database is asked for an hour: to see whether it would tell another one."""


def _database_offsets(pairs: list[Pair]) -> dict[Pair, timedelta]:
    if not pairs:
        return {}
    rows = db.session.execute(_DATABASE, {"zones": [p[0] for p in pairs], "moments": [p[1] for p in pairs]})
    return {(zone, moment): timedelta(seconds=int(seconds)) for zone, moment, seconds in rows}
