"""What edges say, read from either end."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register
from app.links.models import LinkType

T = LinkType
_FORWARDS: dict[LinkType, Any] = {
    T.ASKS_FOR: _l("Tools it asks for"),
    T.DISCUSSED: _l("Practices it discusses"),
    T.TESTS: _l("Tools it tests"),
    T.INSPIRED_BY: _l("Inspired by"),
    T.COMES_FROM: _l("Comes from"),
    T.LED_TO: _l("Led to"),
    T.ABOUT: _l("About"),
}
_OF_A_KIND: dict[tuple[LinkType, str], Any] = {(T.DISCUSSED, "tool"): _l("Tools it discusses")}
"""Where what stands at the end is of more than one kind."""
_BACKWARDS: dict[LinkType, Any] = {
    T.ASKS_FOR: _l("Asked for in expressions of interest"),
    T.DISCUSSED: _l("Sessions about it"),
    T.TESTS: _l("Pilots that test it"),
    T.INSPIRED_BY: _l("Pilots inspired by it"),
    T.COMES_FROM: _l("Pilots that came of it"),
    T.LED_TO: _l("Sessions that led to it"),
    T.ABOUT: _l("Resources about it"),
}
_ORDER = (T.COMES_FROM, T.TESTS, T.INSPIRED_BY, T.LED_TO, T.DISCUSSED, T.ABOUT, T.ASKS_FOR)

register(
    actions={"links.made": _l("Linked with another record"), "links.ended": _l("Link with another record ended")},
    fields={t.value: label for t, label in _FORWARDS.items()},
)


def label(type_: LinkType, *, forwards: bool, kind: str) -> Any:
    """The heading over the records at the other end."""
    return _OF_A_KIND.get((type_, kind), _FORWARDS[type_]) if forwards else _BACKWARDS[type_]


def order(way: tuple[LinkType, bool, str]) -> tuple[int, bool, str]:
    """Where a group stands on a page: pilots first, then sessions, then the rest."""
    return (_ORDER.index(way[0]), not way[1], way[2])
