"""Reading what is known of the texts of one record, or of many at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.extensions import db
from app.texts.kinds import TextKind, kind_of
from app.texts.models import TextMark
from app.texts.states import Fields, Standing, State, digest, field_state, source_language, standing


def marks_of(kind: str, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[TextMark]]:
    """The marks on the texts of these records, in one statement."""
    found: dict[uuid.UUID, list[TextMark]] = {}
    query = select(TextMark).where(TextMark.kind == kind, TextMark.object_id.in_(list(ids)))
    for mark in db.session.scalars(query.order_by(TextMark.object_id, TextMark.field, TextMark.language)):
        found.setdefault(mark.object_id, []).append(mark)
    return found


_SAID = (
    TextMark.object_id, TextMark.field, TextMark.language, TextMark.digest, TextMark.source_language, TextMark.source_digest,
    TextMark.written_at, TextMark.reviewed_at, TextMark.reviewed_name,
)  # fmt: skip
"""What a standing is made of: lists read it as narrow rows, hundreds a page."""


def source_of(kind: str, id_: uuid.UUID, fields: Fields) -> str:
    """The language a record was written in first."""
    return source_language(fields, marks_of(kind, [id_]).get(id_, []), settings().language_order)


def source_of_row(row: Any) -> str:
    """The same of a record of a registered kind."""
    kind = kind_of(row)
    return source_of(kind.name, row.id, kind.texts(row))


def standings(kind: str, records: Mapping[uuid.UUID, Fields]) -> dict[uuid.UUID, list[Standing]]:
    """For each record what is known in each of the six languages, the source first."""
    marks: dict[uuid.UUID, list[Any]] = {}
    for mark in db.session.execute(select(*_SAID).where(TextMark.kind == kind, TextMark.object_id.in_(list(records)))):
        marks.setdefault(mark.object_id, []).append(mark)
    return {id_: _six(fields, marks.get(id_, [])) for id_, fields in records.items()}


def standings_of(kind: str, id_: uuid.UUID, fields: Fields) -> list[Standing]:
    """What is known of one record in each of the six languages, the source first."""
    return standings(kind, {id_: fields})[id_]


def in_language(found: Sequence[Standing], language: str) -> Standing:
    """The one of these in a language."""
    return next(s for s in found if s.language == language)


def mark_of_page(fields: Fields, source: str, language: str) -> str:
    """What a reviewer had on the page: the texts in a language and in the source."""
    return digest(
        "\n".join(f"{name}\t{texts.get(source, '')}\t{texts.get(language, '')}" for name, texts in sorted(fields.items()))
    )


@dataclass(frozen=True)
class Shown:
    """What a form shows of a record's languages."""

    kind: TextKind
    id: uuid.UUID
    standings: list[Standing]
    states: dict[tuple[str, str], State]  # by field and language
    seen: dict[str, str]  # what a review of each language speaks of

    def state(self, field: str, language: str) -> State | None:
        """The state of one text."""
        return self.states.get((field, language))


def shown_of(row: Any) -> Shown:
    """The languages of a record of a registered kind, for its form."""
    kind = kind_of(row)
    fields = kind.texts(row)
    marks = marks_of(kind.name, [row.id]).get(row.id, [])
    source = source_language(fields, marks, settings().language_order)
    by_place = {(mark.field, mark.language): mark for mark in marks}
    states = {
        (name, language): field_state(texts, language, source, by_place.get((name, language)))
        for name, texts in fields.items()
        for language in LANGUAGES
    }
    seen = {language: mark_of_page(fields, source, language) for language in LANGUAGES}
    return Shown(kind, row.id, _six(fields, marks), states, seen)


def _six(fields: Fields, marks: Sequence[TextMark]) -> list[Standing]:
    source = source_language(fields, marks, settings().language_order)
    by_place = {(mark.field, mark.language): mark for mark in marks}
    found = [standing(fields, language, source, by_place) for language in LANGUAGES]
    return sorted(found, key=lambda s: s.language != source)
