"""Load the tools offered for piloting, and the vocabulary below them. Texts that somebody changed stay as they are."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy.dialects.postgresql import insert

from app.core.db import uuid7
from app.extensions import db
from app.practices.models import Tool
from app.topics import queries, reference

DATA = Path(__file__).resolve().parent / "data" / "tools.json"
_LOADER = "1"


@cache
def _ours() -> str:
    return reference.fingerprint([DATA], _LOADER)


def load_all(now: datetime) -> bool:
    """Load the vocabulary and the tools; ``False`` when everything was there. The caller commits."""
    changed = reference.load_reference(now)
    changed = load_tools(now) or changed
    if changed:
        queries.forget()
    return changed


def load_tools(now: datetime) -> bool:
    """Add the tools that are missing. They are examples until a working group names its own."""
    if reference.already_loaded("tools", _ours()):
        return False
    rows = [
        {
            "id": uuid7(now),
            "illustrative": True,
            "offered": True,
            "published": True,
            "published_at": now,
            "created_at": now,
            "updated_at": now,
            **record,
        }
        for record in reference.read(DATA)
    ]
    db.session.execute(insert(Tool).on_conflict_do_nothing(index_elements=["code"]), rows)
    reference.remember_load("tools", _ours(), now)
    return True
