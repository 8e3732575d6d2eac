"""Files of a record, one line of versions for each language. A new version stands before the old ones, it replaces no bytes."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.practices.indexing import Record, kind_of
from app.practices.models import Document
from app.practices.queries.documents import versions_of


def add_document(row: Record, upload: FileStorage, language: str, *, note: str = "", by: Person | None, now: datetime) -> Document:
    """Keep an upload as the next version in this language. The very file that is the newest one is not added again."""
    if not upload or not upload.filename:
        raise RuleBroken(_l("Choose a file."), field="file")
    kind = kind_of(row)
    stored = files.store(upload, "library", kind, row.id, by, now)
    return keep_document(row, stored, language, note=note, by=by, now=now)


def keep_document(row: Record, stored: StoredFile, language: str, *, note: str = "", by: Person | None, now: datetime) -> Document:
    """The next version in a language, from a file that is kept already."""
    if language not in LANGUAGES:
        raise RuleBroken(_l("Choose one from the list."), field="language")
    db.session.flush()
    db.session.refresh(row, with_for_update=True)  # two uploads at once get two numbers
    kind = kind_of(row)
    versions = versions_of(kind, row.id, language)
    newest = next((d for d in versions if d.removed_at is None), None)
    if newest is not None and newest.file.sha256 == stored.sha256:
        files.discard(stored)
        return newest
    stored.visibility, stored.version = "public", len(versions) + 1
    made = Document(
        kind=kind, object_id=row.id, language=language, version=stored.version, file=stored, note=note, added_at=now,
        added_by=by.id if by else None,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    told = f"{stored.original_name}, {language}, {made.version}"
    record(f"{kind.value}.document_added", kind, row.id, by=by, now=now, changes={"document": (None, told)})
    return made


def remove_document(row: Record, document: Document, *, by: Person, now: datetime) -> None:
    """Take a version away: nobody can load it any more. Its number is not given again. Twice is once."""
    if document.removed_at is not None:
        return
    document.removed_at = now
    kind = kind_of(row)
    told = f"{document.file.original_name}, {document.language}, {document.version}"
    record(f"{kind.value}.document_removed", kind, row.id, by=by, now=now, changes={"document": (told, None)})
    db.session.flush()
