"""What the kinds share: how one is described, and how rows name States, organisations and people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.accounts.models import Organisation, Person, fold_address
from app.core.text import fold
from app.extensions import db
from app.tables.writing import Column
from app.transfers.cells import Field, Planned, Row


@dataclass(frozen=True)
class Told:
    """Who imports, when, and with which choices."""

    by: Person
    now: datetime
    update: bool = False
    session_id: UUID | None = None
    call_id: UUID | None = None


def nothing() -> None:
    """What a row does that is left as it is."""


@dataclass(frozen=True)
class Importer:
    """One kind: its columns, how it plans its rows, the columns of the list it leaves in, and how many rows it takes.

    ``plan`` answers what each row without a problem will do, and what is done once after all rows. What our own list
    holds beside the columns of the template is known, and not read.
    """

    fields: Sequence[Field]
    plan: Callable[[list[Row], Told], tuple[list[Planned], Callable[[], None]]]
    leaves_as: Callable[[], Sequence[Column[Any]]]
    most: int = 5000
    writes: bool = False  # do its rows write to people?


@dataclass
class Places:
    """States and organisations by what people call them, read once for a whole table."""

    states: dict[str, Place] = field(default_factory=dict)
    named: dict[tuple[str, UUID | None], Place] = field(default_factory=dict)
    anywhere: dict[str, list[Place]] = field(default_factory=dict)

    def of(self, row: Row, state: str = "state", organisation: str = "organisation") -> Place | None:
        """The organisation a row names, within the State it names; a State alone is itself."""
        where = self.state(row, state)
        said = row.text(organisation)
        if not said:
            return where
        if where is not None and fold(said) == fold(where.name):
            return where
        found = [self.named[key]] if (key := (fold(said), where.id if where else None)) in self.named else []
        if not found and where is None:
            found = self.anywhere.get(fold(said), [])
        if len(found) == 1:
            return found[0]
        row.wrong(
            organisation,
            _("Several organisations are called this. Enter the code of the State too.")
            if found
            else _("No organisation of this name is known there. Add it first, or import organisations first."),
        )
        return None

    def state(self, row: Row, name: str) -> Place | None:
        """The State a row names by its code or a name in any language."""
        said = row.text(name)
        if not said:
            return None
        found = self.states.get(fold(said))
        if found is None:
            row.wrong(name, _("No State is known by this code or name. Enter its two-letter code, such as KE."))
        return found


@dataclass(frozen=True)
class Place:
    """A State or an organisation, as rows need it."""

    id: UUID
    name: str
    zone: str
    state_id: UUID | None  # the State it is or belongs to
    languages: tuple[str, ...]


def places() -> Places:
    """All active States and organisations, in one statement."""
    parent = aliased(Organisation)
    query = select(
        Organisation.id, Organisation.names, Organisation.code, Organisation.zone, Organisation.search, Organisation.parent_id,
        Organisation.un_languages, parent.un_languages, Organisation.kind,
    ).outerjoin(parent, parent.id == Organisation.parent_id).where(Organisation.active)  # fmt: skip
    found = Places()
    for id_, names, code, zone, search, parent_id, languages, of_parent, kind in db.session.execute(query):
        is_state = kind.value == "state"
        name = names.get("en") or next(iter(names.values()), "")
        place = Place(id_, name, zone, id_ if is_state else parent_id, tuple(languages or of_parent or ()))
        if is_state:
            words = {fold(n) for n in names.values()} | set((search or "").split("|")) | ({fold(code)} if code else set())
            for word in words - {""}:
                found.states.setdefault(word, place)
            continue
        for word in {fold(n) for n in names.values()} - {""}:
            found.named.setdefault((word, parent_id), place)
            kept = found.anywhere.setdefault(word, [])
            if place not in kept:
                kept.append(place)
    return found


def people_with(addresses: set[str]) -> dict[str, Person]:
    """The people behind these addresses, in one statement."""
    folded = [f for f in (fold_address(a) for a in addresses) if f]
    found = db.session.scalars(select(Person).where(Person.email_folded.in_(folded))) if folded else ()
    return {p.email_folded: p for p in found if p.email_folded}


def twice(rows: list[Row], key: Callable[[Row], Any], name: str) -> None:
    """Note rows that say the same as an earlier one of the table."""
    seen: dict[Any, int] = {}
    for row in rows:
        said = key(row)
        if not said:
            continue
        if said in seen:
            row.wrong(name, _("Row %(row)s says the same. Keep one of the two.", row=seen[said]))
        else:
            seen[said] = row.number
