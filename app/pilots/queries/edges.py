"""How pilots are named where something is tied to them, and the edges this room keeps among its own columns."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, String, any_, cast, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import contains_eager

from app.accounts.access import Viewer
from app.accounts.reader import name_of
from app.extensions import db
from app.links.kinds import Shown, edge_columns
from app.links.models import LinkType, Ref
from app.pilots.models import Pilot
from app.pilots.queries.pilots import visible_to
from app.practices.models import Tool

MOST = 200
_TESTS = edge_columns(("pilot", Pilot.id), LinkType.TESTS, ("tool", Tool.id), Pilot.created_at)
_COMES = edge_columns(("pilot", Pilot.id), LinkType.COMES_FROM, ("expression", Pilot.expression_id), Pilot.created_at)


def describe_pilots(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How pilots are called and shown to this viewer."""
    query = visible_to(viewer).join(Pilot.state).options(contains_eager(Pilot.state)).where(Pilot.id.in_(ids))
    return {p.id: Shown(p.titles, "pilots.pilot", {"pilot_id": p.id}, name_of(p.state)) for p in db.session.scalars(query)}


def tell_edges(ref: Ref) -> list[Select[Any]]:
    """A pilot tests its tools and comes from its expression of interest; read from either end."""
    if ref.kind == "pilot":
        tests = select(*_TESTS).join(Tool, Tool.code == any_(Pilot.tools)).where(Pilot.id == ref.id).order_by(Tool.code)
        return [tests, select(*_COMES).where(Pilot.id == ref.id, Pilot.expression_id.is_not(None))]
    if ref.kind == "expression":
        return [_newest(select(*_COMES).where(Pilot.expression_id == ref.id))]
    if ref.kind == "tool":
        code = cast(select(Tool.code).where(Tool.id == ref.id).scalar_subquery(), String)
        return [_newest(select(*_TESTS).join(Tool, Tool.id == ref.id).where(Pilot.tools.contains(array([code]))))]
    return []


def _newest(query: Select[Any]) -> Select[Any]:
    return query.order_by(Pilot.created_at.desc(), Pilot.id.desc()).limit(MOST)
