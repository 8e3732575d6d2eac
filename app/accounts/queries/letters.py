"""A letter to a person: the outbox knows addresses, this room knows whose they are."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sqlalchemy import or_, select

from app.accounts.models import Membership, Organisation, Person, form_of_address
from app.core.db import Json
from app.extensions import db
from app.notifications.outbox import Letter


class Addressee(Protocol):
    """What a letter needs of a person: a loaded row has it, and so has a ``Card``."""

    @property
    def id(self) -> uuid.UUID:
        """The person."""

    @property
    def email(self) -> str | None:
        """The address, if there is one."""

    @property
    def language(self) -> str:
        """The language of mails."""

    @property
    def zone(self) -> str:
        """The zone of hours in mails."""

    @property
    def full_name(self) -> str:
        """Given and family name."""

    def salutation(self, language: str) -> str:
        """The form of address in this language, or nothing."""


@dataclass(frozen=True, slots=True)
class Card:
    """A person as letters need them, read without the rest of the row: there may be ten thousand."""

    id: uuid.UUID
    email: str | None
    language: str
    zone: str
    full_name: str
    form: str

    def salutation(self, language: str) -> str:
        """The form of address; a card knows the one of the person's own language only."""
        return self.form if language == self.language else ""


def cards_of(organisation: Organisation, today: date) -> list[Card]:
    """The active members of an organisation on this day; not those of its parts."""
    belongs = select(Membership.person_id).where(
        Membership.organisation_id == organisation.id,
        Membership.valid_from <= today,
        or_(Membership.valid_to.is_(None), Membership.valid_to >= today),
    )
    rows = db.session.execute(
        select(
            Person.id, Person.email, Person.language, Person.zone, Person.given_name, Person.family_name,
            Person.forms_of_address[Person.language].astext, Person.honorifics[Person.language].astext,
        )
        .where(Person.id.in_(belongs), Person.active)
        .order_by(Person.id)
    )  # fmt: skip
    return [
        Card(key, email, language, zone, f"{given} {family}".strip(), form_of_address(chosen, honorific, family))
        for key, email, language, zone, given, family, chosen, honorific in rows
    ]


def letter_for(person: Addressee, *, kind: str, key: str, facts: Json, **more: Any) -> Letter:
    """A letter in the person's language and zone, with their form of address; ``more`` as in ``Letter``.

    To whoever's record is closed nothing is sent: the outbox shows the letter and says why.
    """
    language = person.language
    return Letter(
        kind=kind,
        key=key,
        facts=facts,
        address=person.email or "",
        locale=language,
        zone=person.zone,
        recipient_id=person.id,
        recipient_name=person.full_name,
        salutation=person.salutation(language),
        closed=not getattr(person, "active", True),  # a card is made of active people only
        **more,
    )
