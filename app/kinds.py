"""The one table of kinds: how records of each are called and shown, and which edges rooms keep among their own data."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from app.audit import words as log
from app.links import kinds
from app.texts import kinds as texts
from app.wordings import reviews
from app.wordings import words as _wordings  # noqa: F401 - what the audit log says of them

SHOWN: dict[str, str] = {
    "tool": "app.practices.queries:describe",
    "practice": "app.practices.queries:describe",
    "resource": "app.practices.queries:describe",
    "expression": "app.interests.queries.related:describe",
    "session": "app.exchanges.queries.related:describe",
    "pilot": "app.pilots.queries:describe_pilots",
}
"""Kind, as the audit log knows it, to the function that describes records of it to a viewer; a function that stands beside
several kinds is asked once for all of them."""

TOLD: tuple[str, ...] = ("app.interests.queries.related:edges", "app.pilots.queries:tell_edges")
"""Functions that tell, as statements, the edges of a record which a room keeps among its own data."""

WRITTEN: tuple[str, ...] = (
    "app.interests.written:CALLS",
    "app.exchanges.written:EXCHANGES",
    "app.exchanges.written:SESSIONS",
    "app.practices.written:PRACTICES",
    "app.practices.written:TOOLS",
    "app.practices.written:RESOURCES",
    "app.circulars.written:CIRCULARS",
)
"""Kinds of records whose texts are written in several languages: their gaps are listed, their forms show each state."""

TEMPLATES: tuple[str, ...] = ("app.notifications.samples:MAILS",)
"""Sorts of templates that a named person reads in each language before they are relied on."""


NAMED: dict[str, tuple[str, ...]] = {
    "app.accounts.queries.people:names_of": ("person", "person_id", "owner_id", "co_lead_id", "assignee_id"),
    "app.accounts.queries.organisations:organisation_names": (
        "state", "state_id", "organisation", "organisation_id", "parent_id", "lead_id", "partners", "hosts",
    ),
    "app.accounts.queries.designations:designated": ("replaces",),
}  # fmt: skip
"""Functions that tell what records are called whose ids stand in these fields of the audit log."""


def _found(name: str) -> Any:
    module, function = name.split(":")
    return getattr(import_module(module), function)


def register_all() -> None:
    """Tell the room of links about every kind; called once by the factory."""
    for name, fields in NAMED.items():
        log.register_names(fields, _found(name))
    for kind, name in SHOWN.items():
        kinds.register(kind, _found(name))
    for name in TOLD:
        kinds.register_teller(_found(name))
    for name in WRITTEN:
        texts.register(_found(name))
    for name in TEMPLATES:
        reviews.register(_found(name))
