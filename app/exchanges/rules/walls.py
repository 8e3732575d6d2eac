"""Wall times that are worked out for somebody: many dates at once, where clocks may skip the hour or show it twice.

A single session says so at its own fields. Where a press makes or moves many, each date that has to be decided is asked
for by its own key: the first of two hours or the second, the next hour that happens, or to leave the date out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.core import zones
from app.core.errors import RuleBroken
from app.exchanges.models import PeerSession
from app.exchanges.rules.planning import Plan

FIRST, SECOND, NEXT, LEAVE_OUT = "0", "1", "next", "leave"


@dataclass(frozen=True)
class Wall:
    """One wall time in its zone: the instant it comes to, or what has to be chosen first."""

    key: str
    asked: datetime  # what clocks are to show
    zone: str
    local: datetime  # what they will show: another hour only where the one asked for does not happen
    starts_at: datetime | None  # ``None`` while it is open
    fold: int = 0
    question: str = ""  # "gap" or "fold": something has to be chosen, or was
    choices: tuple[tuple[str, datetime | None], ...] = ()  # what can be chosen, with the instant it comes to
    chosen: str = ""

    @property
    def is_open(self) -> bool:
        """Has somebody still to choose?"""
        return bool(self.question) and not self.chosen

    @property
    def is_left_out(self) -> bool:
        """Was the date left out?"""
        return self.chosen == LEAVE_OUT


def worked_out(key: str, wall: datetime, zone: str, chosen: str | None = None, *, may_leave_out: bool = False) -> Wall:
    """The instant of a wall time, by what was chosen where clocks skip it or show it twice."""
    try:
        return Wall(key, wall, zone, wall, zones.to_instant(wall, zone))
    except zones.UnknownZone:
        raise RuleBroken(_l("Choose a time zone from the list."), field="zone") from None
    except zones.Fold as fold:
        choices: tuple[tuple[str, datetime | None], ...] = ((FIRST, fold.first), (SECOND, fold.second))
        picked = chosen if chosen in (FIRST, SECOND) else ""
        starts_at = {FIRST: fold.first, SECOND: fold.second}.get(picked)
        return Wall(key, wall, zone, wall, starts_at, fold=int(picked or 0), question="fold", choices=choices, chosen=picked)
    except zones.Gap as gap:
        return _after_gap(key, wall, zone, gap.next_valid, chosen or "", may_leave_out=may_leave_out)


def _after_gap(key: str, wall: datetime, zone: str, following: datetime, chosen: str, *, may_leave_out: bool) -> Wall:
    instant = zones.to_instant(following, zone, 0)
    choices: tuple[tuple[str, datetime | None], ...] = ((NEXT, instant),)
    if may_leave_out:
        choices = (*choices, (LEAVE_OUT, None))
    picked = chosen if chosen in {word for word, _at in choices} else ""
    local, starts_at = (following, instant) if picked == NEXT else (wall, None)
    return Wall(key, wall, zone, local, starts_at, question="gap", choices=choices, chosen=picked)


def refuse_open(walls: Iterable[Wall]) -> None:
    """Every date that has to be decided is decided."""
    for wall in walls:
        if wall.is_open:
            raise RuleBroken(_l("Choose what holds on each day on which clocks change."), field=f"clock-{wall.key}")


def kept_of(walls: Sequence[Wall]) -> list[Wall]:
    """Those that were not left out; there has to be one."""
    kept = [wall for wall in walls if not wall.is_left_out]
    if not kept:
        raise RuleBroken(_l("No date is left. Choose other dates, or another hour."))
    return kept


def answers_in(fields: Mapping[str, str]) -> dict[str, str]:
    """What was chosen for each key, out of the fields of a form."""
    return {name.removeprefix("clock-"): value for name, value in fields.items() if name.startswith("clock-")}


def plan_of(row: PeerSession, wall: Wall) -> Plan:
    """A session as it stands, at another wall time."""
    return Plan(
        titles=row.titles, purposes=row.purposes, agendas=row.agendas, local_start=wall.local, zone=row.zone, fold=wall.fold,
        keeps_instant=row.keeps_instant, minutes=row.minutes, capacity=row.capacity, languages=tuple(row.languages),
        join_url=row.join_url, dial_in=row.dial_in, test_url=row.test_url, visibility=row.visibility, grounds=tuple(row.grounds),
        invite_accepted=row.invite_accepted, reminders=tuple((r.minutes_before, r.audience) for r in row.reminder_rules),
    )  # fmt: skip
