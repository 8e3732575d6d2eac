"""Is the platform well? From what is known to what is wrong, most serious first. Pure: the desk, the page, monitors and the
command ask the same function, and ``wording`` says it in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.dashboards.queries.wellbeing import Facts
from app.heartbeats.models import BEAT, MAILBOX, RELAY, RELAY_AWAY, RESTORE, SWEEP

LIMITS: Mapping[str, timedelta] = {"urgent": timedelta(minutes=1), "normal": timedelta(minutes=2), "bulk": timedelta(minutes=10)}
"""How long a mail of a lane may be due before something is wrong."""
SWEPT_WITHIN = timedelta(seconds=60)
HEARD_WITHIN = timedelta(minutes=2)
READ_WITHIN = timedelta(minutes=5)
PROVEN_WITHIN = timedelta(days=8)
"""A week between two proofs, and a day to do it."""
MEGABYTE = 1_000_000
FULL = 200 * MEGABYTE
LOW = 1000 * MEGABYTE
LOW_SHARE = 10
"""Of a small disk a tenth is little."""


class Severity(StrEnum):
    """How bad it is."""

    TROUBLE = "trouble"  # something does not happen that should
    LOOK = "look"  # all happens, later or with a risk: somebody should look


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: a machine word, since when, and what its sentence says."""

    code: str
    severity: Severity
    since: datetime | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def findings(facts: Facts) -> list[Finding]:
    """What is wrong, most serious first; nothing when everything is well."""
    return [*_trouble(facts), *_to_look_at(facts)]


def verdict(found: list[Finding]) -> str:
    """All of it in a word: well, look or trouble."""
    return str(found[0].severity) if found else "well"


def _trouble(facts: Facts) -> Iterator[Finding]:
    if facts.migration != facts.release and facts.release_knows:
        yield Finding("database-behind", Severity.TROUBLE)
    if facts.frozen_since is not None:
        yield Finding("frozen", Severity.TROUBLE, facts.frozen_since)
    silent, away = _late(facts, SWEEP, SWEPT_WITHIN), _relay_away(facts)
    if silent:
        yield Finding("no-sweep", Severity.TROUBLE, _last(facts, SWEEP))
    if away is not None:
        yield Finding("relay-away", Severity.TROUBLE, away)
    if facts.frozen_since is None and not silent and away is None:  # else that is why they wait
        for lane, limit in LIMITS.items():
            due = facts.oldest.get(lane)
            if due is not None and facts.now - due > limit:
                yield Finding(f"late-{lane}", Severity.TROUBLE, due)
    if facts.disk_free < FULL:
        yield Finding("disk-full", Severity.TROUBLE, values={"free": facts.disk_free // MEGABYTE})


def _to_look_at(facts: Facts) -> Iterator[Finding]:
    look = Severity.LOOK
    if facts.mailbox and _late(facts, MAILBOX, READ_WITHIN):
        yield Finding("mailbox", look, _last(facts, MAILBOX))
    if FULL <= facts.disk_free < min(LOW, facts.disk_size // LOW_SHARE):
        yield Finding("disk-low", look, values={"free": facts.disk_free // MEGABYTE})
    there = facts.signs.get(SWEEP)
    if there is not None and there.version not in ("", facts.zones_here):
        yield Finding("zones-of-worker", look, values={"theirs": there.version, "ours": facts.zones_here})
    if facts.zones_of_sessions is not None:
        yield Finding("zones-of-sessions", look, values={"theirs": facts.zones_of_sessions, "ours": facts.zones_here})
    if not facts.broker:
        yield Finding("broker", look)
    elif _late(facts, BEAT, HEARD_WITHIN):  # without the broker nobody can hear it
        yield Finding("no-beat", look, _last(facts, BEAT))
    if not facts.release_knows:
        yield Finding("database-ahead", look)
    if facts.production and _late(facts, RESTORE, PROVEN_WITHIN):
        yield Finding("not-proven", look, _last(facts, RESTORE))
    if facts.undelivered:
        yield Finding("undelivered", look, values={"count": facts.undelivered})


def _last(facts: Facts, name: str) -> datetime | None:
    sign = facts.signs.get(name)
    return sign.at if sign is not None else None


def _late(facts: Facts, name: str, within: timedelta) -> bool:
    """Has it not happened for so long, or never?"""
    last = _last(facts, name)
    return last is None or facts.real - last > within


def _relay_away(facts: Facts) -> datetime | None:
    """When a worker last failed to reach the relay, if none has reached it since and a mail waits for it."""
    failed, reached = _last(facts, RELAY_AWAY), _last(facts, RELAY)
    if failed is None or (reached is not None and reached >= failed) or not any(facts.oldest.values()):
        return None
    return failed
