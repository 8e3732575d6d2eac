"""What one transaction writes to people: mail to many goes in the slow lane, and is looked at before it leaves.

Whatever queues a mail notes it here. Just before the transaction is committed the notes are complete: then the lane of all
is known, and whoever watches (``watch``) may stop the commit and show first what it would do.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import SmallInteger, Uuid, any_, cast, event, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.extensions import db
from app.notifications.models import Message, Priority

MANY = 20
"""More mails than this are mail to many: they let all others go first, and leave only after a person has seen them."""
_NOTES = "mails_leaving"


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody who is meant and gets no mail of their own: why, as a machine word, and who gets it in their place."""

    name: str
    why: str
    instead: str = ""


@dataclass(slots=True)
class Leaving:
    """The rows that the present transaction wrote or hurried, and those whom none of them reaches."""

    ids: list[uuid.UUID] = field(default_factory=list)
    quick: list[uuid.UUID] = field(default_factory=list)  # those that are not in the slow lane
    normal: list[uuid.UUID] = field(default_factory=list)  # those of them that answer to nothing a person just did
    missed: list[Missed] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # sentences that whoever confirms should read

    @property
    def to_many(self) -> bool:
        """Is this mail to many?"""
        return len(self.ids) > MANY


def lane(priority: int, count: int) -> int:
    """The lane of a mail that goes out with so many others."""
    return max(int(priority), Priority.BULK) if count > MANY else int(priority)


def note(rows: Iterable[tuple[uuid.UUID, int]]) -> None:
    """These rows, each with its lane, leave when the transaction is committed."""
    notes = _notes(db.session())
    for one, priority in rows:
        notes.ids.append(one)
        if priority < Priority.BULK:
            notes.quick.append(one)
        if priority == Priority.NORMAL:
            notes.normal.append(one)


def without(missed: Iterable[Missed]) -> None:
    """These people are meant and get no mail of their own."""
    _notes(db.session()).missed.extend(missed)


def remark(sentences: Iterable[str]) -> None:
    """What whoever confirms should know beside."""
    _notes(db.session()).remarks.extend(sentences)


def of_now() -> Leaving:
    """What the present transaction has written so far."""
    return _notes(db.session())


def _notes(session: Session) -> Leaving:
    found: Leaving = session.info.setdefault(_NOTES, Leaving())
    return found


_watchers: list[Callable[[Leaving], None]] = []


def watch(watcher: Callable[[Leaving], None]) -> None:
    """Be told of the mails of each transaction before it is committed; whoever raises stops it."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def slow_down(ids: Sequence[uuid.UUID]) -> None:
    """These rows let all others go first."""
    if ids:
        chosen = Message.id == any_(cast(list(ids), ARRAY(Uuid)))
        slow = cast(Priority.BULK.value, SmallInteger)
        db.session.execute(update(Message).where(chosen).values(priority=slow).execution_options(synchronize_session=False))


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    notes: Leaving | None = session.info.get(_NOTES)
    if notes is None or not notes.ids or session.in_nested_transaction():
        return
    if notes.to_many:
        slow_down(notes.quick)
    for watcher in _watchers:
        watcher(notes)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_NOTES, None)


@event.listens_for(Session, "after_soft_rollback")
def _rolled_back(session: Session, previous_transaction: Any) -> None:
    if not previous_transaction.nested:
        session.info.pop(_NOTES, None)
