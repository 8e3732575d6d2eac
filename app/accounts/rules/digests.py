"""The digests of those who chose one: at eight in the morning where they are, in their language, to their present address."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import datetime

from app.accounts import messages
from app.accounts.models import Person
from app.core.db import Json
from app.extensions import db
from app.notifications import digests
from app.notifications.outbox import Letter

log = logging.getLogger(__name__)


def due(now: datetime) -> Iterator[uuid.UUID]:
    """For whom there is something to do now, one after the other: whoever asks commits after each."""
    yield from digests.due(now)
    yield from digests.stale(now)


def write(person_id: uuid.UUID, now: datetime) -> bool:
    """Write one person's digest, if it is time, and work out their next morning."""
    person = db.session.get(Person, person_id)
    if person is None:
        return False
    return digests.gather(person.id, person.zone, person.language, lambda key, facts: _letter(person, key, facts), now=now)


def _letter(person: Person, key: str, facts: Json) -> Letter:
    """To the address of this moment: the choices are locked by now, so whoever corrects it readdresses this mail too."""
    db.session.refresh(person)
    return messages.digest(person, key, facts)


def write_due(now: datetime) -> int:
    """Everybody's, in the present transaction: for a clock that is moved by hand."""
    return sum(write(person_id, now) for person_id in list(due(now)))
