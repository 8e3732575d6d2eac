"""What one invitation came to: every answer ever given, and the letters that answers and delegates came by."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from app.accounts.access import Viewer
from app.accounts.visibility import seen_by
from app.exchanges.models import AnswerRecord, Invitation
from app.extensions import db
from app.files.models import StoredFile


def answers_of(invitation: Invitation, most: int = 100) -> Sequence[AnswerRecord]:
    """Every answer, newest first."""
    return db.session.scalars(
        select(AnswerRecord)
        .where(AnswerRecord.invitation_id == invitation.id)
        .order_by(AnswerRecord.at.desc(), AnswerRecord.id.desc())
        .limit(most)
    ).all()


def scans_of(invitation: Invitation, viewer: Viewer) -> dict[uuid.UUID, StoredFile]:
    """Scans of notes verbales and letters about this invitation that the viewer may see, by id, oldest first."""
    query = select(StoredFile).join(Invitation, Invitation.id == StoredFile.object_id)
    query = query.where(
        StoredFile.object_kind == "invitation",
        StoredFile.object_id == invitation.id,
        seen_by(viewer, StoredFile.visibility, Invitation.organisation_id),
    )
    return {f.id: f for f in db.session.scalars(query.order_by(StoredFile.created_at, StoredFile.id))}
