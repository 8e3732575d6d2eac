"""News of people that rooms above hear: who took over from whom, whose address changed, whose record was closed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class HandedOver:
    """Somebody took over everything another held; what a room keeps for the former moves in the same transaction."""

    from_id: uuid.UUID
    to_id: uuid.UUID
    state_id: uuid.UUID | None
    designation_id: uuid.UUID | None
    by_id: uuid.UUID
    mails: tuple[uuid.UUID, ...] = ()  # waited for the former, and were taken back


@dataclass(frozen=True)
class AddressChanged:
    """A person's address is another one: links that went to the former end, and new ones go to the new."""

    person_id: uuid.UUID
    former: str
    by_id: uuid.UUID


@dataclass(frozen=True)
class PersonClosed:
    """A person's record was closed; ``uninvite`` takes their invitations to sessions to come back."""

    person_id: uuid.UUID
    by_id: uuid.UUID
    uninvite: bool
