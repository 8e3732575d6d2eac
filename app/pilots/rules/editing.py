"""A pilot's own facts change; it is shown to the public or not; it ends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.models import Organisation, Person
from app.audit.rules import differences
from app.core.errors import RuleBroken
from app.extensions import db
from app.notifications import outbox
from app.pilots import deadlines
from app.pilots.models import Milestone, Pilot
from app.pilots.queries import SUBJECT, milestones_of
from app.pilots.rules.common import Changes, line, lock_pilot, refuse_if_changed
from app.pilots.rules.starting import PilotPlan, check, organisations


def edit(pilot: Pilot, plan: PilotPlan, *, version: int | None, by: Person, now: datetime) -> bool:
    """Save what was edited; ``False`` when it says what stands there already, as the second of two clicks does."""
    lock_pilot(pilot)
    columns = plan.columns()
    changes: dict[str, tuple[Any, Any]] = dict(differences(pilot, columns))
    partners = organisations(plan.partner_ids)
    if {p.id for p in partners} != {p.id for p in pilot.partners}:
        changes["partners"] = (list(pilot.partners), partners)
    if not changes:
        return False
    refuse_if_changed(pilot, version, _in_words(changes))
    check(plan)
    said = _in_words(changes)
    for name in changes:
        if name != "partners":
            setattr(pilot, name, columns[name])
    if "partners" in changes:
        pilot.partners = partners
    pilot.updated_at = now
    line("changed", pilot, by=by, now=now, changes=said)
    db.session.flush()
    if "co_lead_id" in changes:
        _take_back(milestones_of(pilot), now, kinds=("pilot-overdue-lead",))
    db.session.expire(pilot, ["state", "lead", "co_lead"])
    return True


def _in_words(changes: Changes) -> dict[str, tuple[Any, Any]]:
    """Ids of people and organisations as their rows, which have names."""
    kinds: dict[str, type[Any]] = {"state_id": Organisation, "lead_id": Organisation, "co_lead_id": Person}
    return {
        name: tuple(db.session.get(kinds[name], i) if i else None for i in pair) if name in kinds else pair  # type: ignore[misc]
        for name, pair in changes.items()
    }


def publish(pilot: Pilot, *, by: Person, now: datetime) -> None:
    """Show it to the public, without owners' names, notes and reasons. Twice is once."""
    _show(pilot, True, by, now)


def hide(pilot: Pilot, *, by: Person, now: datetime) -> None:
    """Take it off the public pages."""
    _show(pilot, False, by, now)


def _show(pilot: Pilot, published: bool, by: Person, now: datetime) -> None:
    lock_pilot(pilot)
    if pilot.published == published:
        return
    pilot.published, pilot.updated_at = published, now
    line("published" if published else "hidden", pilot, by=by, now=now, changes={"published": (not published, published)})
    db.session.flush()


def end(pilot: Pilot, *, on: date, reason: str, by: Person, now: datetime) -> None:
    """It is over: nothing is due any more, and reminders that wait are taken back. Twice is once."""
    lock_pilot(pilot)
    if pilot.ended_on is not None:
        return
    if on > deadlines.today_in(pilot.state.zone, now):
        raise RuleBroken(_l("Enter a day that is not in the future."), field="ended_on")
    if not reason:
        raise RuleBroken(_l("Write in a sentence how it ended."), field="end_reason")
    pilot.ended_on, pilot.end_reason, pilot.updated_at = on, reason, now
    line("ended", pilot, by=by, now=now, changes={"ended_on": (None, on), "reason": (None, reason)})
    db.session.flush()
    _take_back(milestones_of(pilot), now)


def resume(pilot: Pilot, *, by: Person, now: datetime) -> None:
    """It goes on after all."""
    lock_pilot(pilot)
    if pilot.ended_on is None:
        return
    before, pilot.ended_on, pilot.end_reason, pilot.updated_at = pilot.ended_on, None, None, now
    line("resumed", pilot, by=by, now=now, changes={"ended_on": (before, None)})
    db.session.flush()


def _take_back(milestones: list[Milestone], now: datetime, kinds: tuple[str, ...] | None = None) -> None:
    for milestone in milestones:
        outbox.cancel_waiting(SUBJECT, milestone.id, kinds=kinds, now=now)
