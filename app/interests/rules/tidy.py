"""Drafts that nobody touched for thirty days go, with the letters in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.interests.models import Expression, Status


def clear_expired_drafts(now: datetime, most: int = 500) -> int:
    """Delete expired drafts and what was uploaded to them; answers how many. Bytes without a row are swept as well."""
    over = select(Expression.id).where(Expression.status == Status.DRAFT, Expression.draft_expires_at <= now)
    ids = list(db.session.scalars(over.order_by(Expression.draft_expires_at).limit(most).with_for_update(skip_locked=True)))
    if ids:
        db.session.execute(delete(Expression).where(Expression.id.in_(ids)))
        db.session.execute(delete(StoredFile).where(StoredFile.object_kind == "expression", StoredFile.object_id.in_(ids)))
    files.sweep(now)
    return len(ids)
