"""News travels upstairs: a room announces what happened, rooms above react, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Listener = Callable[[Any], None]
_listeners: dict[type, list[Listener]] = {}


def subscribe(event: type, listener: Listener) -> None:
    """Let ``listener`` hear every announced ``event``. Subscribing twice changes nothing."""
    heard = _listeners.setdefault(event, [])
    if listener not in heard:
        heard.append(listener)


def announce(event: object) -> None:
    """Tell all listeners now, in the caller's transaction: when one fails, the change is not saved."""
    for listener in _listeners.get(type(event), ()):
        listener(event)


def heard() -> dict[type, tuple[Listener, ...]]:
    """Who listens to what; the architecture test reads it."""
    return {event: tuple(listeners) for event, listeners in _listeners.items()}
