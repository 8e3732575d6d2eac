"""What reminders and calendars need of milestones, read without the rest of the rows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, Integer, String, Uuid, and_, bindparam, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Person, Role, RoleGrant
from app.core.db import UtcDateTime
from app.extensions import db
from app.pilots.models import Milestone, Pilot

SUBJECT = "milestone"
"""What mails of this room speak of, for the outbox."""
FEED_KEEPS = timedelta(days=120)
"""An open milestone stays in its owner's calendar for so long after its date."""


@dataclass(frozen=True)
class Candidate:
    """An open milestone somebody may have to be reminded of, and who of its people still holds that place."""

    milestone: Milestone
    owner: Person | None
    co_lead: Person | None


def candidates(since: date, until: date, after: uuid.UUID | None, most: int) -> list[Candidate]:
    """Open milestones of going pilots that are due in a span of days, by id, with State, owner and co-lead. Two statements."""
    query = (
        select(Milestone)
        .join(Milestone.pilot)
        .options(
            contains_eager(Milestone.pilot).joinedload(Pilot.state),
            contains_eager(Milestone.pilot).joinedload(Pilot.co_lead),
            joinedload(Milestone.owner),
        )
        .where(
            Milestone.done_on.is_(None),
            Milestone.dropped_at.is_(None),
            Pilot.ended_on.is_(None),
            Milestone.due_on.between(since, until),
        )
        .order_by(Milestone.id)
        .limit(most)
    )
    if after is not None:
        query = query.where(Milestone.id > after)
    rows = db.session.scalars(query).all()
    holds = _co_leads_now({m.pilot.co_lead_id for m in rows if m.pilot.co_lead_id})
    return [
        Candidate(m, _active(m.owner), _active(m.pilot.co_lead) if m.pilot.co_lead_id in holds else None) for m in rows
    ]  # fmt: skip


def _active(person: Person | None) -> Person | None:
    return person if person is not None and person.active else None


def _co_leads_now(ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these people who are co-leads today: who is none any more gets no mail about others' work."""
    if not ids:
        return set()
    query = select(RoleGrant.person_id).where(
        RoleGrant.person_id.in_(ids), RoleGrant.role == Role.CO_LEAD, RoleGrant.ended_at.is_(None)
    )
    return set(db.session.scalars(query))


def present_versions(ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, int | None]:
    """The version of each milestone's date; ``None`` for one that nobody has to reach any more."""
    query = (
        select(Milestone.id, Milestone.due_version, Milestone.done_on, Milestone.dropped_at, Pilot.ended_on)
        .join(Milestone.pilot)
        .where(Milestone.id.in_(ids))
    )
    found: dict[uuid.UUID, int | None] = dict.fromkeys(ids)
    for row in db.session.execute(query):
        over = row.done_on is not None or row.dropped_at is not None or row.ended_on is not None
        found[row.id] = None if over else row.due_version
    return found


_DUE_TO = and_(
    Milestone.owner_id == bindparam("whose", type_=Uuid),
    Milestone.done_on.is_(None),
    Milestone.dropped_at.is_(None),
    Pilot.ended_on.is_(None),
    Milestone.due_on >= bindparam("since", type_=Date),
)
_FEED = (
    select(Milestone)
    .join(Milestone.pilot)
    .options(contains_eager(Milestone.pilot).joinedload(Pilot.state))
    .where(_DUE_TO)
    .order_by(Milestone.due_on, Milestone.id)
    .limit(bindparam("most", type_=Integer))
)
_ONE = func.concat_ws(
    "/", *(cast(piece, String) for piece in (Milestone.id, Milestone.due_version, Milestone.updated_at, Pilot.updated_at))
)
_STANDING = select(
    select(func.md5(func.string_agg(_ONE, aggregate_order_by(literal(";"), Milestone.due_on, Milestone.id))))
    .select_from(Milestone)
    .join(Milestone.pilot)
    .where(_DUE_TO)
    .scalar_subquery(),
    func.greatest(
        select(func.max(Milestone.updated_at)).scalar_subquery(),
        select(func.max(Pilot.updated_at)).scalar_subquery(),
        type_=UtcDateTime(),
    ),
)
"""Put together once: every program that reads a person's calendar asks."""


def feed_milestones(person_id: uuid.UUID, today: date, most: int = 500) -> list[Milestone]:
    """What a person has to reach, for their calendar: open milestones of going pilots, soonest first."""
    return list(db.session.scalars(_FEED, {"whose": person_id, "since": today - FEED_KEEPS, "most": most}))


def feed_due(person_id: uuid.UUID, today: date) -> tuple[str, datetime | None]:
    """How these stand, and when any milestone or pilot last changed.

    One that left somebody's calendar is not found by its owner any more, so all of them are asked.
    """
    mark, changed = db.session.execute(_STANDING, {"whose": person_id, "since": today - FEED_KEEPS}).one()
    return mark or "", changed
