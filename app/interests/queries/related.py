"""Expressions of interest at the end of a link: how they are called, and the tools they ask for as edges."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, any_, select

from app.accounts.access import P, Viewer
from app.extensions import db
from app.interests.models import Expression, Status
from app.interests.queries.expressions import visible_to
from app.links.kinds import Shown, edge_columns
from app.links.models import LinkType, Ref
from app.links.queries import MOST
from app.practices.models import Tool

_ASKS = edge_columns(("expression", Expression.id), LinkType.ASKS_FOR, ("tool", Tool.id), Expression.submitted_at)


def edges(ref: Ref) -> list[Select[Any]]:
    """Which expressions ask for a tool, or for which tools an expression asks: kept as codes among its own answers."""
    if ref.kind not in ("tool", "expression"):
        return []
    query = select(*_ASKS).join(Tool, Tool.code == any_(Expression.tools))
    query = query.where(Expression.status.not_in((Status.DRAFT, Status.WITHDRAWN)))
    query = query.where(Tool.id == ref.id if ref.kind == "tool" else Expression.id == ref.id)
    return [query.order_by(Expression.submitted_at.desc(), Expression.id, Tool.code).limit(MOST)]


def describe(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """Reference and organisation, for those at the desk who see expressions. Their page is the desk's."""
    if not viewer.can(P.SEE_EXPRESSIONS):
        return {}
    rows = db.session.scalars(visible_to(viewer).where(Expression.id.in_(ids)))
    return {
        row.id: Shown({row.language: row.reference or ""}, "interests.record", {"expression_id": row.id}, row.organisation_name)
        for row in rows
    }
