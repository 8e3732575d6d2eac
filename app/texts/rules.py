"""Keep the marks in step when texts are saved, and say that a translation was reviewed. The caller commits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from app.audit.rules import Actor, record
from app.core.signing import settings
from app.extensions import db
from app.texts.indexing import judge
from app.texts.kinds import kind_of
from app.texts.models import TextMark
from app.texts.queries import marks_of
from app.texts.states import Fields, digest, source_language


def written(kind: str, id_: uuid.UUID, fields: Fields, *, source: str, by: Actor | None, now: datetime) -> None:
    """Note the texts of a record as they are saved, ``source`` being the language written first.

    A text that changed is a draft again, made from the source as it is now. One that did not change keeps what it
    was made from: if the source is another by now, it is out of date. A text that was taken away loses its mark.
    """
    there = {(mark.field, mark.language): mark for mark in marks_of(kind, [id_]).get(id_, [])}
    for field, texts in fields.items():
        for language, text in texts.items():
            if text.strip():
                mark = there.pop((field, language), None)
                _mark(kind, id_, field, texts, language, mark, source, by, now)
    for gone in there.values():
        db.session.delete(gone)
    db.session.flush()
    judge(kind, id_)


def saved(row: Any, *, former: Fields | None, source: str | None, by: Actor | None, now: datetime) -> None:
    """Note the texts of a record of a registered kind as they are saved; ``former`` is what stood there before.

    A record from before marks were kept gets them from its former texts first: what changes with this saving then
    shows as changed. Without a ``source`` the language it was written in first stays.
    """
    kind = kind_of(row)
    if former is not None and source is None and former == kind.texts(row):
        return  # nothing that anybody wrote changed
    db.session.flush()
    marks = marks_of(kind.name, [row.id]).get(row.id, [])
    fields = kind.texts(row)
    was = source_language(former if former is not None else fields, marks, settings().language_order)
    source = source or was
    if not any(texts.get(source, "").strip() for texts in fields.values()):  # nothing stands in it: it cannot be the source
        source = source_language(fields, [], (source, *settings().language_order))
    if former is not None and not marks:
        written(kind.name, row.id, former, source=was, by=None, now=now)
    written(kind.name, row.id, fields, source=source, by=by, now=now)


def _mark(
    kind: str, id_: uuid.UUID, field: str, texts: dict[str, str], language: str, mark: TextMark | None, source: str,
    by: Actor | None, now: datetime,
) -> None:  # fmt: skip
    fresh, source_digest = digest(texts[language]), digest(texts.get(source))
    if mark is not None and mark.digest == fresh:
        if mark.source_language != source:  # another language is the source from now on; what is there was read with it
            mark.source_language, mark.source_digest = source, source_digest
        elif language == source:
            mark.source_digest = source_digest
        return
    if mark is None:
        mark = _new(kind, id_, field, language, now)
    mark.digest, mark.source_language, mark.source_digest = fresh, source, source_digest
    mark.written_at, mark.written_by, mark.written_name = now, by.id if by else None, by.full_name if by else ""
    mark.reviewed_at = mark.reviewed_by = mark.reviewed_name = None


def reviewed(kind: str, id_: uuid.UUID, fields: Fields, language: str, *, by: Actor, now: datetime) -> bool:
    """Somebody read the texts in this language beside their source and says that they are right, as both are now.

    ``False`` when there is nothing to review, or when it was said already of these very texts.
    """
    marks = marks_of(kind, [id_]).get(id_, [])
    source = source_language(fields, marks, settings().language_order)
    there = {mark.field: mark for mark in marks if mark.language == language}
    said = False
    for field, texts in fields.items():
        if language == source or not texts.get(language, "").strip():
            continue
        mark = there.get(field)
        if mark is None:  # written before marks were kept
            mark = _new(kind, id_, field, language, now)
        fresh = (digest(texts[language]), source, digest(texts.get(source)))
        if mark.reviewed_at is None or (mark.digest, mark.source_language, mark.source_digest) != fresh:
            mark.digest, mark.source_language, mark.source_digest = fresh
            mark.reviewed_at, mark.reviewed_by, mark.reviewed_name = now, by.id, by.full_name
            said = True
    if said:
        record("texts.reviewed", kind, id_, by=by, now=now, changes={"language": (None, language)})
        db.session.flush()
        judge(kind, id_)
    return said


def _new(kind: str, id_: uuid.UUID, field: str, language: str, now: datetime) -> TextMark:
    mark = TextMark(kind=kind, object_id=id_, field=field, language=language, written_at=now, written_name="")
    db.session.add(mark)
    return mark
