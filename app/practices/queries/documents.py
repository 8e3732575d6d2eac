"""The files of a record: the latest version in each language, and the versions before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.access import Viewer
from app.core.languages import LANGUAGES
from app.extensions import db
from app.practices.models import Document, Kind
from app.practices.queries.records import MODELS, visible_to


def documents_of(kind: Kind, id_: uuid.UUID) -> list[Document]:
    """All files of a record that were not taken away: by language, the newest version first."""
    query = select(Document).options(joinedload(Document.file)).filter_by(kind=kind, object_id=id_, removed_at=None)
    found = db.session.scalars(query.order_by(Document.version.desc()))
    return sorted(found, key=lambda d: LANGUAGES.index(d.language))


def latest(documents: Sequence[Document]) -> list[Document]:
    """The newest version in each language."""
    return list({d.language: d for d in reversed(documents)}.values())[::-1]


def versions_of(kind: Kind, id_: uuid.UUID, language: str) -> list[Document]:
    """Every version in one language, also those taken away, newest first."""
    query = select(Document).options(joinedload(Document.file)).filter_by(kind=kind, object_id=id_, language=language)
    return list(db.session.scalars(query.order_by(Document.version.desc())))


def document_in_view(viewer: Viewer, document_id: uuid.UUID) -> Document | None:
    """This file, if the viewer may see the record it belongs to and it was not taken away."""
    query = select(Document).options(joinedload(Document.file)).where(Document.id == document_id, Document.removed_at.is_(None))
    found = db.session.scalar(query)
    if found is None:
        return None
    model = MODELS[found.kind]
    return found if db.session.scalar(visible_to(viewer, model).where(model.id == found.object_id)) is not None else None
