"""A pilot begins, from an accepted expression of interest or by hand: a code that is never given again, its first milestones."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Organisation, OrganisationKind, Person
from app.core.db import Texts, uuid7
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.zones import to_wall
from app.extensions import db
from app.interests.models import Expression, ReferenceCounter, Status
from app.pilots.models import Pilot
from app.pilots.queries import by_submission_key
from app.pilots.rules.common import line
from app.pilots.rules.milestones import MilestonePlan, add_milestone
from app.practices import queries as practices


@dataclass(frozen=True)
class PilotPlan:
    """What is said of a pilot."""

    titles: Texts
    state_id: uuid.UUID
    starts_on: date
    ends_on: date
    objectives: Texts
    lead_id: uuid.UUID | None = None
    lead_name: str = ""
    partner_ids: tuple[uuid.UUID, ...] = ()
    co_lead_id: uuid.UUID | None = None
    tools: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The plan as columns of a pilot; partners are rows of their own."""
        return {
            "titles": self.titles,
            "objectives": self.objectives,
            "state_id": self.state_id,
            "lead_id": self.lead_id,
            "lead_name": "" if self.lead_id else self.lead_name,
            "co_lead_id": self.co_lead_id,
            "tools": sorted(set(self.tools)),
            "grounds": sorted(set(self.grounds)),
            "starts_on": self.starts_on,
            "ends_on": self.ends_on,
        }


def start(
    plan: PilotPlan,
    *,
    by: Person | None,
    now: datetime,
    expression: Expression | None = None,
    with_templates: bool = False,
    submission_key: str | None = None,
    illustrative: bool = False,
) -> Pilot:
    """A new pilot. The same form sent twice makes one; ``with_templates`` takes the milestones of its tools along."""
    before = by_submission_key(submission_key)
    if before is not None:
        return before
    check(plan)
    if expression is not None and expression.status is not Status.ACCEPTED:
        raise RuleBroken(_l("This expression of interest is not accepted. A pilot starts from an accepted one, or by hand."))
    try:
        with db.session.begin_nested():
            pilot = Pilot(
                id=uuid7(now),
                code=_next_code(now),
                expression_id=expression.id if expression else None,
                submission_key=submission_key,
                illustrative=illustrative,
                created_at=now,
                updated_at=now,
                partners=organisations(plan.partner_ids),
                **plan.columns(),
            )
            db.session.add(pilot)
            db.session.flush()
    except IntegrityError:  # the same form was being saved by another request
        before = by_submission_key(submission_key)
        if before is None:
            raise
        return before
    came = {"expression": (None, expression.reference)} if expression else {}
    line("started", pilot, by=by, now=now, changes={"code": (None, pilot.code), **came, "titles": (None, plan.titles)})
    if with_templates:
        for code in plan.tools:
            take_template(pilot, code, by=by, now=now)
    return pilot


def take_template(pilot: Pilot, tool_code: str, *, by: Person | None, now: datetime) -> int:
    """The milestones of a tool's template, counted from the pilot's first day; answers how many."""
    taken = 0
    for step in practices.milestone_template(tool_code):
        plan = MilestonePlan(
            titles=step["titles"],
            due_on=pilot.starts_on + timedelta(days=int(step["after_days"])),
            weight=int(step["weight"]),
            evidence_asked=step.get("evidence") or {},
        )
        add_milestone(pilot, plan, by=by, now=now)
        taken += 1
    return taken


def _next_code(now: datetime) -> str:
    """PL-2026-003. The counter's row stays locked until the transaction ends and never goes back: no code is given twice."""
    prefix = f"PL-{to_wall(now, settings().default_zone).year}"
    fresh = insert(ReferenceCounter).values(prefix=prefix, last=1)
    one_more = fresh.on_conflict_do_update(index_elements=["prefix"], set_={"last": ReferenceCounter.last + 1})
    number = db.session.scalar(one_more.returning(ReferenceCounter.last))
    return f"{prefix}-{number:03d}"


def check(plan: PilotPlan) -> None:
    """Refuse what cannot be a pilot, at its field."""
    if not plan.titles:
        raise RuleBroken(_l("Enter a title in at least one language."), field="titles")
    if plan.ends_on < plan.starts_on:
        raise RuleBroken(_l("Enter a last day that is not before the first."), field="ends_on")
    state = db.session.get(Organisation, plan.state_id)
    if state is None or state.kind is not OrganisationKind.STATE:
        raise RuleBroken(_l("Choose the State that runs the pilot."), field="state_id")


def organisations(ids: Sequence[uuid.UUID]) -> list[Organisation]:
    """These organisations, in a total order."""
    if not ids:
        return []
    query = select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.sort_name, Organisation.id)
    return list(db.session.scalars(query))
