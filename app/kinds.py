"""The one table of kinds: how records of each are called and shown, and which edges rooms keep among their own data."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from app.links import kinds

SHOWN: dict[str, str] = {
    "tool": "app.practices.queries:describe_tools",
    "practice": "app.practices.queries:describe_practices",
    "resource": "app.practices.queries:describe_resources",
    "expression": "app.interests.queries.related:describe",
    "session": "app.exchanges.queries.related:describe",
    "pilot": "app.pilots.queries:describe_pilots",
}
"""Kind, as the audit log knows it, to the function that describes records of it to a viewer."""

TOLD: tuple[str, ...] = ("app.interests.queries.related:edges", "app.pilots.queries:tell_edges")
"""Functions that tell the edges of a record which a room keeps among its own data."""


def _found(name: str) -> Callable[..., Any]:
    module, function = name.split(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


def register_all() -> None:
    """Tell the room of links about every kind; called once by the factory."""
    for kind, name in SHOWN.items():
        kinds.register(kind, _found(name))
    for name in TOLD:
        kinds.register_teller(_found(name))
