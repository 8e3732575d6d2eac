"""What a pilot's page shows, read as columns in two statements: the pilot with its milestones, then what belongs to them.

Which updates and evidence there are to read depends on whose milestones they are, so ``access`` decides between the two.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, String, Uuid, any_, bindparam, func, select
from sqlalchemy.orm import aliased

from app.accounts.access import Viewer
from app.accounts.models import Organisation, Person
from app.audit.queries import Line, lines_of, log_of
from app.core.db import Texts, as_list
from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Expression
from app.links.models import Edge
from app.links.queries import HERE, edges_from, edges_of
from app.pilots.models import Evidence, Milestone, Pilot, Update, Visibility, pilot_partners
from app.pilots.queries.listing import same_for
from app.pilots.queries.pilots import IN_ORDER, visible_to

MOST_UPDATES = 20


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation by its names, and what is asked of the State that runs the pilot."""

    names: Texts
    zone: str = "UTC"
    weekend: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ShownMilestone:
    """Of a milestone what the page of its pilot shows."""

    id: uuid.UUID
    pilot_id: uuid.UUID
    titles: Texts
    baseline_on: date
    due_on: date
    done_on: date | None
    dropped_at: str | None  # only whether
    weight: int
    post: str
    owner_id: uuid.UUID | None
    owner_name: str | None

    @property
    def is_open(self) -> bool:
        """Is it still to be reached?"""
        return self.done_on is None and self.dropped_at is None

    @property
    def slip_days(self) -> int | None:
        """How many calendar days after the baseline it was done, negative when early; ``None`` while it is open."""
        return (self.done_on - self.baseline_on).days if self.done_on is not None else None


@dataclass(frozen=True, slots=True)
class ShownPilot:
    """Of a pilot what its page shows."""

    id: uuid.UUID
    code: str
    titles: Texts
    objectives: Texts
    state_id: uuid.UUID
    lead_name: str
    co_lead_id: uuid.UUID | None
    expression_id: uuid.UUID | None
    grounds: list[str]
    starts_on: date
    ends_on: date
    ended_on: date | None
    end_reason: str | None
    published: bool
    illustrative: bool
    co_lead_name: str | None
    reference: str | None  # of its expression of interest
    lead_names: Texts | None
    partners: list[Texts]
    state: Named
    milestones: list[ShownMilestone]


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """A file or a link that shows what was reached."""

    id: uuid.UUID
    title: str
    url: str | None
    file_id: str | None  # only whether
    visibility: str
    size: int | None  # of the file


@dataclass(frozen=True, slots=True)
class ShownUpdate:
    """A few words on how it goes."""

    at: datetime
    text: str
    visibility: str
    author_name: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to a pilot and its milestones, as far as the viewer may read it."""

    evidence: Mapping[uuid.UUID, list[ShownEvidence]]  # by milestone, oldest first
    updates: list[ShownUpdate]  # newest first
    edges: list[Edge]
    lines: list[Line]  # of the log, for those who may read it


def _name(person: Any) -> ColumnElement[str]:
    return func.trim(person.given_name + " " + person.family_name)


_LEAD, _OWNER = aliased(Organisation), aliased(Person)
_PARTNERS = as_list(
    select(Organisation)
    .join(pilot_partners, pilot_partners.c.organisation_id == Organisation.id)
    .where(pilot_partners.c.pilot_id == Pilot.id)
    .correlate(Pilot)
    .order_by(Organisation.sort_name, Organisation.id),
    Organisation.names,
)
_MILESTONES = as_list(
    select(Milestone)
    .outerjoin(_OWNER, _OWNER.id == Milestone.owner_id)
    .where(Milestone.pilot_id == Pilot.id)
    .correlate(Pilot)
    .order_by(*IN_ORDER),
    Milestone.id, Milestone.titles, Milestone.baseline_on, Milestone.due_on, Milestone.done_on, Milestone.dropped_at,
    Milestone.weight, Milestone.post, Milestone.owner_id, _name(_OWNER),
)  # fmt: skip
_PILOT = (
    Pilot.id, Pilot.code, Pilot.titles, Pilot.objectives, Pilot.state_id, Pilot.lead_name, Pilot.co_lead_id, Pilot.expression_id,
    Pilot.grounds, Pilot.starts_on, Pilot.ends_on, Pilot.ended_on, Pilot.end_reason, Pilot.published, Pilot.illustrative,
    _name(Person), Expression.reference, _LEAD.names, _PARTNERS, Organisation.names, Organisation.zone, Organisation.weekend,
    _MILESTONES,
)  # fmt: skip


def _whole(viewer: Viewer) -> Select[Any]:
    query = visible_to(viewer).join(Organisation, Organisation.id == Pilot.state_id).outerjoin(_LEAD, _LEAD.id == Pilot.lead_id)
    query = query.outerjoin(Person, Person.id == Pilot.co_lead_id).outerjoin(Expression, Expression.id == Pilot.expression_id)
    return query.where(Pilot.id == bindparam("pilot", type_=Uuid)).with_only_columns(*_PILOT)


_whole_once = lru_cache(maxsize=4)(_whole)


def pilot_to_show(viewer: Viewer, pilot_id: uuid.UUID) -> ShownPilot | None:
    """This pilot with its milestones, if the viewer may see it. One statement."""
    same = same_for(viewer)
    query = _whole_once(same) if same is not viewer else _whole(viewer)
    row = db.session.execute(query, {"pilot": pilot_id}).one_or_none()
    if row is None:
        return None
    *facts, partners, names, zone, weekend, found = row
    milestones = [_milestone(pilot_id, *m) for m in found]
    return ShownPilot(*facts, [one for (one,) in partners], Named(names, zone, weekend), milestones)  # type: ignore[call-arg]


def _milestone(
    pilot_id: uuid.UUID, id_: str, titles: Texts, baseline: str, due: str, done: str | None, dropped: str | None, *rest: Any
) -> ShownMilestone:
    weight, post, owner_id, owner_name = rest
    return ShownMilestone(
        uuid.UUID(id_), pilot_id, titles, date.fromisoformat(baseline), date.fromisoformat(due),
        date.fromisoformat(done) if done else None, dropped, weight, post, uuid.UUID(owner_id) if owner_id else None, owner_name,
    )  # fmt: skip


_CLASSES = any_(bindparam("classes", type_=ARRAY(String)))
_EVIDENCE = as_list(
    select(Evidence)
    .outerjoin(StoredFile, StoredFile.id == Evidence.file_id)
    .where(Evidence.milestone_id == any_(bindparam("milestones", type_=ARRAY(Uuid))), Evidence.visibility == _CLASSES)
    .order_by(Evidence.added_at, Evidence.id),
    Evidence.milestone_id, Evidence.id, Evidence.title, Evidence.url, Evidence.file_id, Evidence.visibility, StoredFile.size,
)  # fmt: skip
_UPDATES = as_list(
    select(Update)
    .join(Person, Person.id == Update.author_id)
    .where(Update.pilot_id == HERE, Update.visibility == _CLASSES)
    .order_by(Update.at.desc(), Update.id.desc())
    .limit(MOST_UPDATES),
    Update.at, Update.text, Update.visibility, _name(Person),
)  # fmt: skip


@lru_cache(maxsize=2)
def _beside(with_log: bool) -> Select[Any]:
    log = [log_of("pilot", HERE)] if with_log else []
    return select(_EVIDENCE, _UPDATES, edges_of("pilot"), *log)


def beside(pilot: ShownPilot, milestones: Collection[ShownMilestone], classes: Collection[Visibility], *, with_log: bool) -> Beside:
    """Evidence of these milestones and the newest updates, of the classes the viewer may read; what the pilot is tied to; and
    its log where it is asked for. One statement."""
    asked = {"here": pilot.id, "milestones": [m.id for m in milestones], "classes": [c.value for c in classes]}
    evidence, updates, edges, *log = db.session.execute(_beside(with_log), asked).one()
    of: dict[uuid.UUID, list[ShownEvidence]] = {m.id: [] for m in milestones}
    for milestone_id, id_, *rest in evidence:
        of[uuid.UUID(milestone_id)].append(ShownEvidence(uuid.UUID(id_), *rest))
    written = [ShownUpdate(datetime.fromisoformat(at).astimezone(UTC), *rest) for at, *rest in updates]
    return Beside(of, written, edges_from(edges), lines_of("pilot", pilot.id, log[0]) if log else [])
