"""Before anybody is invited: is the session on a day off of many? Then somebody has to want it all the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Organisation, Person
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.exchanges.models import PeerSession
from app.exchanges.queries.days_off import DaysOff, days_off
from app.extensions import db


class OnADayOff(RuleBroken):
    """More than a quarter of the States do not work that day, and nobody said that it is meant."""

    def __init__(self, found: DaysOff) -> None:
        super().__init__(
            _l("This is a day off for more than a quarter of the invited States. Say that you know, or choose another day."),
            field="day_off",
        )
        self.found = found


def is_seen(row: PeerSession) -> bool:
    """Did somebody want the present time of this session although it is a day off of many?"""
    seen = row.day_off_seen or {}
    return seen.get("schedule_version") == row.schedule_version and seen.get("starts_at") == row.starts_at.isoformat()


def refuse_days_off(row: PeerSession, more: Iterable[Organisation]) -> None:
    """No invitation goes out on such a day unless somebody said that it is meant; it then holds for this time of the session."""
    if is_seen(row):
        return
    found = days_off(row, more)
    if found.is_many:
        raise OnADayOff(found)


def see_days_off(row: PeerSession, more: Iterable[Organisation], *, by: Person, now: datetime) -> None:
    """Whoever invites has read on whose day off it is, and wants it so. The log keeps who, and how many States that were."""
    found = days_off(row, more)
    if is_seen(row) or not found.is_many:
        return
    told: dict[str, Any] = {
        "schedule_version": row.schedule_version, "starts_at": row.starts_at.isoformat(), "by": str(by.id), "at": now.isoformat(),
        "off": len(found.off), "of": found.asked,
    }  # fmt: skip
    row.day_off_seen = told
    db.session.flush()
    changes = {"states_off": (None, len(found.off)), "states_asked": (None, found.asked)}
    record("session.day_off_meant", "session", row.id, by=by, now=now, changes=changes)
