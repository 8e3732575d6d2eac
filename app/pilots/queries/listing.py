"""The list of pilots: filtered, newest first, paged by key, never counted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, Text, and_, cast, not_, select, tuple_
from sqlalchemy.orm import contains_eager, load_only, raiseload

from app.accounts.access import Viewer
from app.accounts.models import Organisation, OrganisationKind
from app.core.db import Texts
from app.core.paging import Page, page_of
from app.extensions import db
from app.pilots import deadlines
from app.pilots.deadlines import Progress, Standing
from app.pilots.models import Milestone, Pilot
from app.pilots.queries.pilots import visible_to

SIZE = 20
FILTERED = (Standing.OVERDUE, Standing.DUE_SOON, Standing.ON_TRACK, Standing.DONE, Standing.ENDED)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    standing: Standing | None = None
    state_id: uuid.UUID | None = None
    tool: str = ""
    ground: str = ""
    co_lead_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Of a milestone what the list needs: a page reads a hundred of them and shows the titles of twenty."""

    pilot_id: uuid.UUID
    due_on: date
    done_on: date | None
    dropped_at: datetime | None
    weight: int
    texts: str

    @property
    def is_open(self) -> bool:
        """Is it still to be reached?"""
        return self.done_on is None and self.dropped_at is None

    @property
    def titles(self) -> Texts:
        """Its title in each language."""
        found: Texts = json.loads(self.texts)
        return found


@dataclass(frozen=True)
class Listed:
    """One pilot of the list, with what its milestones say."""

    pilot: Pilot
    standing: Standing
    progress: Progress
    next: Step | Milestone | None  # the open milestone that is due first


def pilots_page(
    viewer: Viewer, wanted: Filters, now: datetime, after: tuple[date, uuid.UUID] | None = None, size: int = SIZE
) -> Page[Listed]:
    """One page in two statements: the pilots with their States, and the milestones of those."""
    query = visible_to(viewer).join(Organisation, Organisation.id == Pilot.state_id)
    query = query.options(_LISTED, contains_eager(Pilot.state).load_only(*_STATE), raiseload("*"))
    query = narrowed(query, wanted)
    if after is not None:
        query = query.where(tuple_(Pilot.starts_on, Pilot.id) < tuple_(*after))
    query = query.order_by(Pilot.starts_on.desc(), Pilot.id.desc()).limit(size + 1)
    found = db.session.scalars(query, deadlines.days_at(now)).all()
    page = page_of(found, size, lambda p: (p.starts_on, p.id))
    of: dict[uuid.UUID, list[Step]] = {p.id: [] for p in page.rows}
    for row in db.session.execute(_STEPS.where(Milestone.pilot_id.in_(of))) if of else ():
        of[row.pilot_id].append(Step(*row))
    return Page([listed(p, of[p.id], now) for p in page.rows], page.after)


def states_with_pilots(viewer: Viewer) -> list[Organisation]:
    """The States that run a pilot the viewer may see, for the list's filter; one look at the index for each State."""
    theirs = visible_to(viewer).where(Pilot.state_id == Organisation.id).correlate(Organisation).exists()
    query = select(Organisation).options(load_only(Organisation.names, Organisation.sort_name), raiseload("*"))
    query = query.where(Organisation.kind == OrganisationKind.STATE, theirs)
    return list(db.session.scalars(query.order_by(Organisation.sort_name, Organisation.id)))


_LISTED = load_only(Pilot.code, Pilot.titles, Pilot.state_id, Pilot.starts_on, Pilot.ends_on, Pilot.ended_on, Pilot.published)
_STATE = (Organisation.names, Organisation.zone, Organisation.weekend)
_STEPS = select(
    Milestone.pilot_id, Milestone.due_on, Milestone.done_on, Milestone.dropped_at, Milestone.weight, cast(Milestone.titles, Text)
).order_by(Milestone.due_on, Milestone.baseline_on, Milestone.id)


def listed(pilot: Pilot, milestones: Sequence[Step | Milestone], now: datetime) -> Listed:
    """A line of the list; the milestones in the order of their present dates."""
    today = deadlines.today_in(pilot.state.zone, now)
    return Listed(
        pilot,
        deadlines.whole(pilot, milestones, today),
        deadlines.progress(milestones),
        next((m for m in milestones if m.is_open), None) if pilot.ended_on is None else None,
    )


def narrowed(query: Select[Pilot], wanted: Filters) -> Select[Pilot]:
    """The pilots that fit the filters; the statement joins the pilot's State and is given ``deadlines.days_at(now)``."""
    if wanted.standing is not None:
        query = query.where(_stands(wanted.standing))
    if wanted.state_id is not None:
        query = query.where(Pilot.state_id == wanted.state_id)
    if wanted.tool:
        query = query.where(Pilot.tools.contains([wanted.tool]))
    if wanted.ground:
        query = query.where(Pilot.grounds.contains([wanted.ground]))
    if wanted.co_lead_id is not None:
        query = query.where(Pilot.co_lead_id == wanted.co_lead_id)
    return query


def _some(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Has the pilot of the outer row a milestone of which this is true?"""
    return select(Milestone.id).where(Milestone.pilot_id == Pilot.id, *conditions).correlate(Pilot, Organisation).exists()


def _stands(wanted: Standing) -> ColumnElement[bool]:
    """``deadlines.whole`` in SQL."""
    overdue, soon = _some(deadlines.overdue_in_sql()), _some(deadlines.due_soon_in_sql())
    is_open = _some(Milestone.done_on.is_(None), Milestone.dropped_at.is_(None))
    done = and_(not_(is_open), _some(Milestone.done_on.is_not(None)))
    return {
        Standing.OVERDUE: overdue,
        Standing.DUE_SOON: and_(soon, not_(overdue)),
        Standing.ON_TRACK: and_(Pilot.ended_on.is_(None), is_open, not_(overdue), not_(soon)),
        Standing.DONE: done,
        Standing.ENDED: and_(Pilot.ended_on.is_not(None), not_(done)),
    }[wanted]
