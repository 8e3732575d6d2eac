"""Rooms tell here how to learn the present revision of what their messages speak of."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.notifications.models import Message

RevisionCheck = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, int | None]]
checks: dict[str, RevisionCheck] = {}


def register_revision_check(subject_kind: str, check: RevisionCheck) -> None:
    """Let a room tell the present revision of its subjects: ids to revision, ``None`` for one that is gone.

    A sender asks a moment before a mail leaves and cancels what speaks of another revision. The exact fence is
    ``outbox.cancel_waiting`` in the transaction of the change, whose mark is read just before DATA; this one holds
    where a rule forgot it.
    """
    checks[subject_kind] = check


_standing: dict[str, Callable[[Message], bool]] = {}


def register_standing_check(subject_kind: str, check: Callable[[Message], bool]) -> None:
    """Let a room say whether what one of its mails tells a person still holds for them."""
    _standing[subject_kind] = check


def still_stands(message: Message) -> bool:
    """May a mail that was held be let go? Not when the room says that something else holds by now."""
    check = _standing.get(message.subject_kind or "")
    return check is None or check(message)
