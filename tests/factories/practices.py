"""Practices, tools and resources for tests: plain rows, no rules."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from app.extensions import db
from app.practices.models import Level, Measure, Practice, PracticeType, Resource, ResourceType, Tool

_number = itertools.count(101)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _made(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def _shared(prefix: str, title: str, fields: dict[str, Any]) -> dict[str, Any]:
    number = next(_number)
    fields.setdefault("code", f"{prefix}-{number}")
    fields.setdefault("titles", {"en": title or f"{prefix} number {number}"})
    fields.setdefault("summaries", {"en": "What was done, and what came of it."})
    fields.setdefault("published", True)
    if fields["published"]:
        fields.setdefault("published_at", NOW)
    return fields


def make_practice(title: str = "", **fields: Any) -> Practice:
    """A published practice of one invented State."""
    fields.setdefault("type", PracticeType.POLICY)
    fields.setdefault("level", Level.NATIONAL)
    fields.setdefault("measure", Measure.STAY)
    return _made(Practice(**_shared("PR", title, fields)))


def make_tool(title: str = "", **fields: Any) -> Tool:
    """A published tool on offer."""
    fields.setdefault("code", f"tool_{next(_number)}")
    return _made(Tool(**_shared("TL", title, fields)))


def make_resource(title: str = "", **fields: Any) -> Resource:
    """A published report."""
    fields.setdefault("type", ResourceType.REPORT)
    return _made(Resource(**_shared("RS", title, fields)))
