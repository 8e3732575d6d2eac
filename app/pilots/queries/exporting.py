"""The list of pilots, and all their milestones, as they leave in a table: read a few hundred at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.accounts.access import Viewer
from app.accounts.models import Organisation
from app.extensions import db
from app.pilots import access, deadlines
from app.pilots.deadlines import Standing
from app.pilots.models import DueChange, Evidence, Milestone, Pilot, Visibility
from app.pilots.queries.listing import Filters, Listed, listed, narrowed
from app.pilots.queries.pilots import changes_of, evidence_of, owns_any, visible_to

_AT_ONCE = 100


@dataclass(frozen=True)
class MilestoneLine:
    """One milestone with its pilot, how it stands, each change of its date, and the evidence the viewer may read."""

    milestone: Milestone
    pilot: Pilot
    standing: Standing
    days_overdue: int
    changes: Sequence[DueChange]
    evidence: Sequence[Evidence]


def all_pilots(viewer: Viewer, wanted: Filters, now: datetime) -> Iterator[Listed[Pilot]]:
    """Every pilot the list shows under these filters, newest first."""
    for pilots, milestones in _parts(viewer, wanted, now):
        for pilot in pilots:
            yield listed(pilot, milestones[pilot.id], now)


def all_milestones(viewer: Viewer, wanted: Filters, now: datetime) -> Iterator[MilestoneLine]:
    """Every milestone of those pilots, in the order of the present dates; the dropped ones too."""
    for pilots, milestones in _parts(viewer, wanted, now):
        every = [m for pilot in pilots for m in milestones[pilot.id]]
        changes, evidence = changes_of(every), evidence_of(every, tuple(Visibility))
        for pilot in pilots:
            today = deadlines.today_in(pilot.state.zone, now)
            seen = access.readable(viewer, pilot, owns_any(viewer, milestones[pilot.id]))
            for row in milestones[pilot.id]:
                readable = [e for e in evidence[row.id] if e.visibility in seen]
                standing, late = deadlines.standing(row, pilot.state, today), deadlines.days_overdue(row, pilot.state, today)
                yield MilestoneLine(row, pilot, standing, late if pilot.ended_on is None else 0, changes[row.id], readable)


def tools_in_use() -> list[str]:
    """The codes of all tools that some pilot tries, also of those that are offered no longer."""
    return list(db.session.scalars(select(func.unnest(Pilot.tools)).distinct()))


def _parts(viewer: Viewer, wanted: Filters, now: datetime) -> Iterator[tuple[list[Pilot], dict[uuid.UUID, list[Milestone]]]]:
    """The pilots with what their lines name, part by part, each with its milestones."""
    query = narrowed(visible_to(viewer).join(Organisation, Organisation.id == Pilot.state_id), wanted)
    whole = (joinedload(Pilot.lead), joinedload(Pilot.co_lead), joinedload(Pilot.expression), selectinload(Pilot.partners))
    query = query.options(contains_eager(Pilot.state), *whole).order_by(Pilot.starts_on.desc(), Pilot.id.desc())
    found = db.session.scalars(query.execution_options(yield_per=_AT_ONCE), deadlines.days_at(now))
    for part in found.partitions():
        pilots = list(part)
        of: dict[uuid.UUID, list[Milestone]] = {p.id: [] for p in pilots}
        theirs = select(Milestone).options(joinedload(Milestone.owner)).where(Milestone.pilot_id.in_(of))
        for milestone in db.session.scalars(theirs.order_by(Milestone.due_on, Milestone.baseline_on, Milestone.id)):
            of[milestone.pilot_id].append(milestone)
        yield pilots, of
