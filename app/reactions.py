"""The one table of news: which room hears what."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, util
from typing import Any

from app.accounts.events import AddressChanged, HandedOver, PersonClosed
from app.core.events import subscribe
from app.interests.events import ExpressionAccepted, ExpressionsErased
from app.notifications.events import AddressFailed, ReplyReceived

_KEEPING = ("interests", "exchanges", "pilots")
"""Rooms that keep something for a person."""
_WRITING = ("letters", "circulars")
"""Rooms whose mail to a person moves with what the person held."""
NEWS: dict[type, tuple[str, ...]] = {
    ExpressionAccepted: ("app.exchanges.reactions:invite_to_open_sessions",),
    ExpressionsErased: ("app.letters.reactions:forget_applicants",),
    HandedOver: tuple(f"app.{room}.reactions:take_over" for room in (*_KEEPING, *_WRITING)),
    AddressChanged: tuple(f"app.{room}.reactions:renew_links" for room in (*_KEEPING, "circulars")),
    AddressFailed: ("app.accounts.reactions:mark_unreachable",),
    PersonClosed: ("app.exchanges.reactions:let_go",),
    ReplyReceived: ("app.exchanges.reactions:judge_reply",),
}
"""Event to the functions that hear it, by name: this table composes, the rooms import nothing upstairs."""


def _found(name: str) -> Callable[[Any], None]:
    module, function = name.split(":")
    listener: Callable[[Any], None] = getattr(import_module(module), function)
    return listener


def subscribe_all() -> None:
    """Bind every listener; called once by the factory."""
    for event, names in NEWS.items():
        for name in names:
            if util.find_spec(name.split(":")[0]) is not None:
                subscribe(event, _found(name))
