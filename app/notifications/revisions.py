"""Rooms tell here how to learn the present revision of what their messages speak of."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.extensions import db

if TYPE_CHECKING:
    from app.notifications.models import Message

FRESH_SECONDS = 0.25
"""How old a look at the subjects' revisions may be."""
Subject = tuple[str, uuid.UUID]

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


@dataclass
class Known:
    """The revisions that the senders of one process saw last: thousands of mails speak of the same session, one look serves all."""

    _seen: dict[Subject, tuple[float, int | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, subjects: Iterable[Subject], *, since: float | None = None) -> None:
        """Ask the rooms about these, where nobody did so lately, or ``since`` a moment of the monotonic clock."""
        since = time.monotonic() - FRESH_SECONDS if since is None else since
        with self._lock:  # who waits here finds the answer there
            asked: dict[str, set[uuid.UUID]] = {}
            for kind, one in subjects:
                if kind in checks and self._at((kind, one)) < since:
                    asked.setdefault(kind, set()).add(one)
            for kind, ids in asked.items():
                self._ask(kind, ids)

    def is_fresh(self, subject: Subject) -> bool:
        """Was it looked at lately?"""
        return time.monotonic() - self._at(subject) <= FRESH_SECONDS

    def speaks_of_another(self, subject: Subject, revision: int) -> bool:
        """Is another revision the present one? Not as far as anybody knows of a subject without a check."""
        _, present = self._seen.get(subject, (0.0, revision))
        return present != revision

    def _at(self, subject: Subject) -> float:
        return self._seen.get(subject, (float("-inf"), None))[0]

    def _ask(self, kind: str, ids: set[uuid.UUID]) -> None:
        at = time.monotonic()  # before the question: what changes while it is answered is newer
        try:
            found = checks[kind](ids)
        finally:
            db.session.rollback()
        if len(self._seen) > 5_000:
            self._seen.clear()
        self._seen |= {(kind, one): (at, found.get(one)) for one in ids}
