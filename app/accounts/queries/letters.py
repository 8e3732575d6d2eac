"""A letter to a person: the outbox knows addresses, this room knows whose they are."""

from __future__ import annotations

from typing import Any

from app.accounts.models import Person
from app.core.db import Json
from app.notifications.outbox import Letter


def letter_for(person: Person, *, kind: str, key: str, facts: Json, **more: Any) -> Letter:
    """A letter in the person's language and zone, with their form of address; ``more`` as in ``Letter``."""
    return Letter(
        kind=kind,
        key=key,
        facts=facts,
        address=person.email or "",
        locale=person.language,
        zone=person.zone,
        recipient_id=person.id,
        recipient_name=person.full_name,
        salutation=person.salutation(person.language),
        **more,
    )
