"""Rooms tell here how to learn the present revision of what their messages speak of."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping

RevisionCheck = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, int | None]]
checks: dict[str, RevisionCheck] = {}


def register_revision_check(subject_kind: str, check: RevisionCheck) -> None:
    """Let a room tell the present revision of its subjects: ids to revision, ``None`` for one that is gone.

    A sender asks a moment before a mail leaves and cancels what speaks of another revision. The exact fence is
    ``outbox.cancel_waiting`` in the transaction of the change, whose mark is read just before DATA; this one holds
    where a rule forgot it.
    """
    checks[subject_kind] = check
