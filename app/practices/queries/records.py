"""Tools, practices and resources, one by one and for the desk. Lists begin at ``visible_to``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, literal, select, tuple_, union_all

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.core.db import Texts
from app.core.paging import Page, page_of
from app.extensions import db
from app.links.kinds import Shown
from app.practices.indexing import Record, texts_of
from app.practices.models import Kind, Practice, Resource, Tool
from app.texts.queries import standings
from app.texts.states import Standing

MODELS: dict[Kind, type[Any]] = {Kind.TOOL: Tool, Kind.PRACTICE: Practice, Kind.RESOURCE: Resource}
_TARGETS = Path(__file__).resolve().parent.parent / "data" / "sdg_targets.json"


def visible_to(viewer: Viewer, model: type[Any]) -> Select[Any]:
    """The records of this table that a viewer may see: what is published, and for the office drafts as well."""
    query = select(model)
    return query if viewer.in_office else query.where(model.published)


def by_code(viewer: Viewer, kind: Kind, code: str) -> Record | None:
    """This record, if the viewer may see it. An address may hold anything; no code holds what cannot be printed."""
    if not code.isprintable():
        return None
    model = MODELS[kind]
    found: Record | None = db.session.scalar(visible_to(viewer, model).where(model.code == code))
    return found


def record_by_id(viewer: Viewer, kind: Kind, id_: uuid.UUID) -> Record | None:
    """This record, if the viewer may see it."""
    model = MODELS[kind]
    found: Record | None = db.session.scalar(visible_to(viewer, model).where(model.id == id_))
    return found


def desk_page(viewer: Viewer, kind: Kind, after: tuple[datetime, uuid.UUID] | None = None, size: int = 20) -> Page[Record]:
    """One page of the records of a kind, drafts too, the one changed last at the top."""
    model = MODELS[kind]
    query = visible_to(viewer, model)
    if after is not None:
        query = query.where(tuple_(model.updated_at, model.id) < tuple_(*after))
    found = db.session.scalars(query.order_by(model.updated_at.desc(), model.id.desc()).limit(size + 1)).all()
    return page_of(found, size, lambda row: (row.updated_at.isoformat(), row.id))


def all_written(viewer: Viewer, kind: Kind) -> Iterator[tuple[Record, dict[str, Standing]]]:
    """Every record of a kind the desk lists, the one changed last first, with what is known of its texts by language."""
    model = MODELS[kind]
    query = visible_to(viewer, model).order_by(model.updated_at.desc(), model.id.desc())
    for part in db.session.scalars(query.execution_options(yield_per=100)).partitions():
        found = standings(kind, {row.id: texts_of(row) for row in part})
        for row in part:
            yield row, {s.language: s for s in found[row.id]}


def discussable(viewer: Viewer, most: int = 1000) -> list[tuple[Kind, Record]]:
    """Practices and tools a session can be about, for choosing among them: by code, practices first."""
    found: list[tuple[Kind, Record]] = []
    for kind, model in ((Kind.PRACTICE, Practice), (Kind.TOOL, Tool)):
        query = visible_to(viewer, model).order_by(func.length(model.code), model.code).limit(most)
        found += [(kind, row) for row in db.session.scalars(query)]
    return found


@cache
def sdg_targets() -> Mapping[str, str]:
    """The targets of the 2030 Agenda that matter here: number to English wording, shortened."""
    return {row["code"]: row["en"] for row in json.loads(_TARGETS.read_text(encoding="utf-8"))}


def offered_tools(also: Collection[str] = ()) -> Sequence[Row[str, Texts]]:
    """Code and titles of the tools a government can ask to pilot, by code; ``also`` keeps chosen ones no longer offered."""
    query = select(Tool.code, Tool.titles).where(_OFFERED | Tool.code.in_(also)).order_by(Tool.code) if also else OFFERED
    return db.session.execute(query).all()


_OFFERED = Tool.offered & Tool.published
OFFERED = select(Tool.code, Tool.titles).where(_OFFERED).order_by(Tool.code)
"""Code and titles of the tools a government can ask to pilot, as a statement."""


def milestone_template(tool_code: str) -> list[dict[str, Any]]:
    """The milestones a pilot of this tool begins with: titles, days after its start, weight, evidence, in their order."""
    found = db.session.scalar(select(Tool.milestones).filter_by(code=tool_code))
    return sorted(found or [], key=lambda m: m["after_days"])


def describe(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How practices, tools and resources are called and shown where something is linked to them. One statement."""
    rows = db.session.execute(_named(_OFFICE if viewer.in_office else Viewer()), {"ids": list(ids)})
    return {id_: Shown(titles, f"practices.{kind}", {"code": code}) for kind, id_, code, titles in rows}


_OFFICE = Viewer(roles=frozenset({Role.SECRETARIAT}))
_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))


@cache
def _named(viewer: Viewer) -> Select[Any]:
    """Put together once for those who see drafts and once for everybody else."""
    parts = [
        visible_to(viewer, model).where(model.id == _IDS).with_only_columns(literal(k.value), model.id, model.code, model.titles)
        for k, model in MODELS.items()
    ]
    return select(union_all(*parts).subquery())  # a SELECT is read without a transaction around it, a bare UNION is not
