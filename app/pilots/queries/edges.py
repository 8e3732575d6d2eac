"""How pilots are named where something is tied to them, and the edges this room keeps among its own columns."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, String, cast, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import contains_eager

from app.accounts.access import Viewer
from app.accounts.reader import name_of
from app.extensions import db
from app.links.kinds import Shown
from app.links.models import Edge, LinkType, Ref
from app.pilots.models import Pilot
from app.pilots.queries.pilots import visible_to
from app.practices.models import Tool

MOST = 200


def describe_pilots(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """How pilots are called and shown to this viewer."""
    query = visible_to(viewer).join(Pilot.state).options(contains_eager(Pilot.state)).where(Pilot.id.in_(ids))
    return {p.id: Shown(p.titles, "pilots.pilot", {"pilot_id": p.id}, name_of(p.state)) for p in db.session.scalars(query)}


def tell_edges(ref: Ref) -> list[Edge]:
    """A pilot tests its tools and comes from its expression of interest; read from either end."""
    if ref.kind == "pilot":
        return _of_pilot(ref)
    if ref.kind == "expression":
        query = select(Pilot.id, Pilot.created_at).where(Pilot.expression_id == ref.id)
        return [Edge(Ref("pilot", row.id), LinkType.COMES_FROM, ref, row.created_at) for row in _newest(query)]
    if ref.kind == "tool":
        code = cast(select(Tool.code).where(Tool.id == ref.id).scalar_subquery(), String)
        query = select(Pilot.id, Pilot.created_at).where(Pilot.tools.contains(array([code])))
        return [Edge(Ref("pilot", row.id), LinkType.TESTS, ref, row.created_at) for row in _newest(query)]
    return []


def _newest(query: Select[Any, Any]) -> Iterable[Any]:
    return db.session.execute(query.order_by(Pilot.created_at.desc(), Pilot.id.desc()).limit(MOST))


def _of_pilot(ref: Ref) -> list[Edge]:
    pilot = db.session.get(Pilot, ref.id)
    if pilot is None:
        return []
    tools = db.session.scalars(select(Tool.id).where(Tool.code.in_(pilot.tools)).order_by(Tool.code)) if pilot.tools else ()
    edges = [Edge(ref, LinkType.TESTS, Ref("tool", tool), pilot.created_at) for tool in tools]
    if pilot.expression_id is not None:
        edges.append(Edge(ref, LinkType.COMES_FROM, Ref("expression", pilot.expression_id), pilot.created_at))
    return edges
