"""Pilots and milestones for tests, made by the room's own rules."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organisation, Person
from app.extensions import db
from app.pilots import rules
from app.pilots.models import Milestone, Pilot, Visibility
from app.pilots.rules import MilestonePlan, PilotPlan, Shown
from tests.factories.accounts import make_person, make_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday


def make_plan(state: Organisation, **fields: Any) -> PilotPlan:
    """A pilot from June to March."""
    fields.setdefault("titles", {"en": "Permits after floods", "fr": "Permis après les inondations"})
    fields.setdefault("objectives", {"en": "Permits within ten days."})
    fields.setdefault("starts_on", date(2026, 6, 1))
    fields.setdefault("ends_on", date(2027, 3, 31))
    return PilotPlan(state_id=state.id, **fields)


def make_pilot(
    state: Organisation | None = None, *, by: Person | None = None, now: datetime = NOW, published: bool = False, **fields: Any
) -> Pilot:
    """A pilot of this State, or of a new one with a weekend of Saturday and Sunday."""
    state = state or make_state(zone="Africa/Nairobi", weekend=["6", "7"])
    pilot = rules.start(make_plan(state, **fields), by=by or make_person(), now=now)
    pilot.published = published
    db.session.flush()
    return pilot


def make_milestone(pilot: Pilot, due_on: date, *, now: datetime = NOW, **fields: Any) -> Milestone:
    """A milestone with an owner of its own, due that day."""
    fields.setdefault("titles", {"en": "Officers trained", "fr": "Agents formés"})
    fields.setdefault("post", "Head of Training")
    if "owner_id" not in fields:
        fields["owner_id"] = make_person(zone="Africa/Nairobi").id
    milestone = rules.add_milestone(pilot, MilestonePlan(due_on=due_on, **fields), by=make_person(), now=now)
    db.session.flush()
    return milestone


def a_link(visibility: Visibility = Visibility.STATE, url: str = "https://evidence.example/minutes", **fields: Any) -> Shown:
    """A link that shows something."""
    return Shown(title=fields.pop("title", "Minutes"), visibility=visibility, url=url, **fields)


def finished(milestone: Milestone, on: date, *, by: Person | None = None, now: datetime = NOW, **fields: Any) -> Milestone:
    """The milestone, done that day."""
    rules.finish(
        milestone, on=on, note=fields.pop("note", "All were trained."), version=None, by=by or make_person(), now=now,
        shown=fields.pop("shown", a_link()),
    )  # fmt: skip
    return milestone


def fresh(row: Any) -> Any:
    """The row as it stands in the database."""
    return db.session.scalars(select(type(row)).where(type(row).id == row.id).execution_options(populate_existing=True)).one()
