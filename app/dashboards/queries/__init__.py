"""Everything the first pages, the desk and the outbox read: few statements a page, whatever the tables hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, Select, func, select

MOST = 100
"""A count stops here: pages say "99+" instead of counting a million rows."""


def bounded(query: Select[Any], most: int = MOST) -> ScalarSelect[int]:
    """How many rows a query finds, but never more than ``most``; a column of a larger statement."""
    return select(func.count()).select_from(query.limit(most).subquery()).scalar_subquery()


def shown(count: int, most: int = MOST) -> str:
    """A bounded count as pages print it."""
    return str(count) if count < most else f"{most - 1}+"
