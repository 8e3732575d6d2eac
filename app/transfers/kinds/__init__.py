"""What each kind of table asks for, and what its rows do. Planning only reads; doing goes through the rooms' rules."""

from __future__ import annotations

from app.transfers.kinds import calendars, expressions, organisations, participants, people
from app.transfers.kinds.base import Importer, Told
from app.transfers.models import Kind

IMPORTERS: dict[Kind, Importer] = {
    Kind.PEOPLE: people.IMPORTER,
    Kind.ORGANISATIONS: organisations.IMPORTER,
    Kind.PARTICIPANTS: participants.IMPORTER,
    Kind.EXPRESSIONS: expressions.IMPORTER,
    Kind.CALENDARS: calendars.IMPORTER,
}

__all__ = ["IMPORTERS", "Importer", "Told"]
