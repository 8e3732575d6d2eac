"""Reading tools."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from app.extensions import db
from app.practices.models import Tool


def offered_tools(also: Collection[str] = ()) -> list[Tool]:
    """The tools a government can ask to pilot, by code; ``also`` keeps chosen ones that are offered no longer."""
    query = select(Tool).where(Tool.offered | Tool.code.in_(also)).order_by(Tool.code)
    return list(db.session.scalars(query))
