"""The list of pilots: filtered, newest first, paged by key, never counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, func, not_, select, tuple_

from app.accounts.access import Permission, Viewer
from app.accounts.models import Organisation, OrganisationKind, Person, Role
from app.core.db import Texts, as_list
from app.core.paging import Page, page_of
from app.extensions import db
from app.pilots import deadlines
from app.pilots.deadlines import Progress, Standing
from app.pilots.models import Milestone, Pilot
from app.pilots.queries.choices import CO_LEADS
from app.pilots.queries.pilots import IN_ORDER, visible_to
from app.practices.models import Tool
from app.practices.queries import OFFERED

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

    due_on: date
    done_on: str | None  # only whether
    dropped_at: str | None
    weight: int
    titles: Texts  # of those that are still to be reached

    @property
    def is_open(self) -> bool:
        """Is it still to be reached?"""
        return self.done_on is None and self.dropped_at is None


@dataclass(frozen=True, slots=True)
class OfState:
    """Of a pilot's State what the list needs."""

    names: Texts
    zone: str
    weekend: list[str]


@dataclass(frozen=True, slots=True)
class Line:
    """Of a pilot what the list shows."""

    id: uuid.UUID
    code: str
    titles: Texts
    starts_on: date
    ends_on: date
    ended_on: date | None
    published: bool
    state: OfState


Of = TypeVar("Of", Line, Pilot)


@dataclass(frozen=True)
class Listed(Generic[Of]):
    """One pilot of the list, with what its milestones say."""

    pilot: Of
    standing: Standing
    progress: Progress
    next: Step | Milestone | None  # the open milestone that is due first


_TITLES = case((and_(Milestone.done_on.is_(None), Milestone.dropped_at.is_(None)), Milestone.titles), else_=None)
_STEPS = as_list(
    select(Milestone).where(Milestone.pilot_id == Pilot.id).correlate(Pilot).order_by(*IN_ORDER),
    Milestone.due_on, Milestone.done_on, Milestone.dropped_at, Milestone.weight, _TITLES,
)  # fmt: skip
_SHOWN = (
    Pilot.id, Pilot.code, Pilot.titles, Pilot.starts_on, Pilot.ends_on, Pilot.ended_on, Pilot.published, Organisation.names,
    Organisation.zone, Organisation.weekend, _STEPS,
)  # fmt: skip


def pilots_page(
    viewer: Viewer, wanted: Filters, now: datetime, after: tuple[date, uuid.UUID] | None = None, size: int = SIZE
) -> Page[Listed[Line]]:
    """One page in one statement: the pilots with their States and their milestones."""
    query = _lines(viewer)
    if wanted != Filters():
        query = narrowed(query, wanted)
    if after is not None:
        query = query.where(tuple_(Pilot.starts_on, Pilot.id) < tuple_(*after))
    found = db.session.execute(query, {**deadlines.days_at(now), "most": size + 1}).all()
    page = page_of(found, size, lambda row: (row.starts_on, row.id))
    return Page([_of_row(row, now) for row in page.rows], page.after)


def _of_row(row: Any, now: datetime) -> Listed[Line]:
    *facts, names, zone, weekend, found = row
    steps = [Step(date.fromisoformat(due), done, dropped, weight, titles) for due, done, dropped, weight, titles in found]
    return listed(Line(*facts, OfState(names, zone, weekend)), steps, now)  # type: ignore[call-arg]


@dataclass(frozen=True)
class Choices:
    """What the list's filters offer: value and name of each."""

    states: list[tuple[str, Texts]]
    tools: list[tuple[str, Texts]]
    co_leads: list[tuple[str, str]]  # for those who see all pilots


def choices(viewer: Viewer) -> Choices:
    """The States that run a pilot the viewer may see, the tools on offer, and who leads. One statement."""
    states, tools, *people = db.session.execute(_choices(viewer)).one()
    return Choices(states, tools, people[0] if people else [])


def same_for(viewer: Viewer) -> Viewer:
    """Those who see the same whoever they are, as one viewer: their statements are put together once."""
    if viewer.can(Permission.SEE_ALL_PILOTS):
        return _SEES_ALL
    return _NOBODY if viewer.person is None else viewer


_SEES_ALL, _NOBODY = Viewer(roles=frozenset({Role.SECRETARIAT})), Viewer()


def _lines(viewer: Viewer) -> Select[Any]:
    same = same_for(viewer)
    return _lines_once(same) if same is not viewer else _lines_of(viewer)


def _lines_of(viewer: Viewer) -> Select[Any]:
    query = visible_to(viewer).join(Organisation, Organisation.id == Pilot.state_id).with_only_columns(*_SHOWN)
    return query.order_by(Pilot.starts_on.desc(), Pilot.id.desc()).limit(bindparam("most", type_=Integer))


def _choices(viewer: Viewer) -> Select[Any]:
    same = same_for(viewer)
    return _choices_once(same) if same is not viewer else _choices_of(viewer)


def _choices_of(viewer: Viewer) -> Select[Any]:
    theirs = visible_to(viewer).where(Pilot.state_id == Organisation.id).correlate(Organisation).exists()
    states = select(Organisation).where(Organisation.kind == OrganisationKind.STATE, theirs)
    states = states.order_by(Organisation.sort_name, Organisation.id)  # one look at the index for each State
    named = func.trim(Person.given_name + " " + Person.family_name)
    people = [as_list(CO_LEADS, Person.id, named)] if viewer.can(Permission.SEE_ALL_PILOTS) else []
    return select(as_list(states, Organisation.id, Organisation.names), as_list(OFFERED, Tool.code, Tool.titles), *people)


_lines_once, _choices_once = lru_cache(maxsize=4)(_lines_of), lru_cache(maxsize=4)(_choices_of)


def listed(pilot: Of, milestones: Sequence[Step | Milestone], now: datetime) -> Listed[Of]:
    """A line of the list; the milestones in the order of their present dates."""
    today = deadlines.today_in(pilot.state.zone, now)
    return Listed(
        pilot,
        deadlines.whole(pilot, milestones, today),
        deadlines.progress(milestones),
        next((m for m in milestones if m.is_open), None) if pilot.ended_on is None else None,
    )


def narrowed(query: Select[Any], wanted: Filters) -> Select[Any]:
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
