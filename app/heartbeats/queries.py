"""Reading the signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.heartbeats.models import Heartbeat


class Sign(NamedTuple):
    """When something last happened, by which zone data, and what was said of it."""

    at: datetime
    version: str
    told: Mapping[str, Any]


def all_signs() -> ColumnElement[Any]:
    """All of them as one value of a larger statement; ``signs_of`` reads it."""
    row = func.jsonb_build_array(func.extract("epoch", Heartbeat.at), Heartbeat.version, Heartbeat.told)
    query = select(func.jsonb_object_agg(Heartbeat.name, row, type_=JSONB)).where(Heartbeat.at.is_not(None))
    return query.scalar_subquery()


def signs_of(value: Mapping[str, Any] | None) -> dict[str, Sign]:
    """The signs by name."""
    rows = (value or {}).items()
    return {name: Sign(datetime.fromtimestamp(float(at), UTC), version, told) for name, (at, version, told) in rows}
