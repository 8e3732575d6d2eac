"""Load the tools offered for piloting, and the vocabulary below them. Texts that somebody changed stay as they are.

A tool from an earlier release, which had a title and a summary only, gets what it lacks.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert

from app.core.db import uuid7
from app.extensions import db
from app.practices.indexing import index_missing
from app.practices.models import Tool
from app.topics import queries, reference

DATA = Path(__file__).resolve().parent / "data" / "tools.json"
_LOADER = "2"


@cache
def _ours() -> str:
    return reference.fingerprint([DATA], _LOADER)


def load_all(now: datetime) -> bool:
    """Load the vocabulary and the tools; ``False`` when everything was there. The caller commits."""
    changed = reference.load_reference(now)
    if changed:
        queries.forget()
    return load_tools(now) or changed


def load_tools(now: datetime) -> bool:
    """Add the tools that are missing. They are examples until a working group names its own."""
    if reference.already_loaded("tools", _ours()):
        return False
    stamps = {"published_at": now, "created_at": now, "updated_at": now}
    same = {"illustrative": True, "offered": True, "published": True, **stamps}
    rows = [{"id": uuid7(now), **same, **record} for record in reference.read(DATA)]
    query = insert(Tool)
    filled = {name: query.excluded[name] for name in ("audiences", "descriptions", "milestones")}
    bare = (Tool.audiences == {}) & (Tool.descriptions == {}) & (Tool.milestones == [])
    db.session.execute(query.on_conflict_do_update(index_elements=["code"], set_=filled, where=bare), rows)
    db.session.flush()
    index_missing()
    reference.remember_load("tools", _ours(), now)
    return True
