"""What lies behind a signed link; ``None`` when the link was never ours, was replaced, or is of another purpose."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.core.signing import code_digests, code_matches, matches, row_of
from app.extensions import db
from app.interests.models import Expression, Question, Status

LIFE = timedelta(days=365)
"""How long after the last change of an expression its links work: whoever finds an old mail finds nothing in it."""


def _expression(token: str, now: datetime) -> Expression | None:
    row = row_of(token)
    if row is None:
        return None
    query = select(Expression).options(joinedload(Expression.call)).where(Expression.id == row, Expression.updated_at > now - LIFE)
    return db.session.scalar(query)


def behind_draft(token: str, now: datetime) -> Expression | None:
    """The draft a mailed or shown link leads back to; also once it was sent, so that the page can say so."""
    found = _expression(token, now)
    return found if found is not None and matches("draft", found.id, found.draft_nonce, token) else None


def behind_confirmation(token: str, now: datetime) -> Expression | None:
    """The expression whose address a mailed link confirms."""
    found = _expression(token, now)
    return found if found is not None and matches("confirm", found.id, found.confirm_nonce, token) else None


def behind_status(token: str, now: datetime) -> Expression | None:
    """The expression whose status page this is."""
    found = _expression(token, now)
    return found if found is not None and matches("status", found.id, found.status_nonce, token) else None


def behind_correction(token: str, now: datetime) -> Expression | None:
    """The expression entered on behalf that its contact may correct."""
    found = _expression(token, now)
    mine = found is not None and found.status is not Status.DRAFT and found.entered_by is not None
    return found if mine and found and matches("correct", found.id, found.status_nonce, token) else None


def page_by_code(typed: str, now: datetime) -> tuple[str, uuid.UUID, str] | None:
    """The page a short code opens: its purpose, its expression and the nonce of its link."""
    asked = code_digests(typed)
    kept = (Expression.draft_code_digest, Expression.status_code_digest, Expression.confirm_code_digest)
    query = select(Expression.id, Expression.draft_nonce, Expression.status_nonce, Expression.confirm_nonce).where(
        or_(*(digest.in_(asked) for digest in kept)), Expression.updated_at > now - LIFE
    )
    for row, *nonces in db.session.execute(query):
        for purpose, nonce in zip(("draft", "status", "confirm"), nonces, strict=True):
            if code_matches(purpose, row, nonce, typed):
                return purpose, row, nonce
    return None


def behind_question(token: str, now: datetime) -> Question | None:
    """The question a mailed link answers."""
    row = row_of(token)
    if row is None:
        return None
    query = select(Question).options(joinedload(Question.expression).joinedload(Expression.call))
    query = query.join(Expression).where(Question.id == row, Expression.updated_at > now - LIFE)
    found = db.session.scalar(query)
    return found if found is not None and matches("question", found.id, found.nonce, token) else None
