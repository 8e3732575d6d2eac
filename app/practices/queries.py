"""Reading tools, practices and resources. Lists begin at ``visible_to``."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select

from app.accounts.access import Viewer
from app.extensions import db
from app.links.kinds import Shown
from app.practices.models import Practice, Resource, Tool

Record = Tool | Practice | Resource


def visible_to(viewer: Viewer, model: type[Any]) -> Select[Any]:
    """The records of this table that a viewer may see: what is published, and for the office drafts as well."""
    query = select(model)
    return query if viewer.in_office else query.where(model.published)


def offered_tools(also: Collection[str] = ()) -> list[Tool]:
    """The tools a government can ask to pilot, by code; ``also`` keeps chosen ones that are offered no longer."""
    query = select(Tool).where((Tool.offered & Tool.published) | Tool.code.in_(also)).order_by(Tool.code)
    return list(db.session.scalars(query))


def milestone_template(tool_code: str) -> list[dict[str, Any]]:
    """The milestones a pilot of this tool begins with: titles, days after its start, weight, evidence, in their order."""
    found = db.session.scalar(select(Tool.milestones).filter_by(code=tool_code))
    return sorted(found or [], key=lambda m: m["after_days"])


def describe_tools(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How tools are called and shown where something is linked to them."""
    return _described(Tool, "practices.tool", ids, viewer)


def describe_practices(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How practices are called and shown where something is linked to them."""
    return _described(Practice, "practices.practice", ids, viewer)


def describe_resources(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How resources are called and shown where something is linked to them."""
    return _described(Resource, "practices.resource", ids, viewer)


def _described(model: type[Any], endpoint: str, ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    rows = db.session.scalars(visible_to(viewer, model).where(model.id.in_(ids)))
    return {row.id: Shown(row.titles, endpoint, {"code": row.code}) for row in rows}
