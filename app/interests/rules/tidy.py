"""What is kept no longer than was said: drafts for thirty days, what was sent for twenty-four months."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, exists, select, update

from app.audit.rules import record
from app.core.events import announce
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.interests.events import ExpressionsErased
from app.interests.models import Call, Expression, Move, Note, Question, Status
from app.interests.opinion_models import LeftOut, Opinion, OpinionRecord, OpinionRequest, WithdrawnConflict
from app.notifications.models import Message, State

YEARS = 2
"""How long an expression of interest is kept after its call closed, or after its last step if that is later."""
_EMPTY = (
    "organisation_unit", "contact_honorific", "contact_given_name", "contact_family_name", "contact_post", "contact_email",
    "contact_phone", "aim", "constraints",
)  # fmt: skip
_NONE = ("contact_id", "source_number", "source_scan_id", "endorsement_file_id", "decision_reason", "email_confirmed_at")
_UNDER_WAY = (State.QUEUED, State.SENDING)


def clear_expired_drafts(now: datetime, most: int = 500) -> int:
    """Delete expired drafts, what was uploaded to them and the mails that led back to them; answers how many.

    Bytes without a row are swept as well.
    """
    over = select(Expression.id).where(Expression.status == Status.DRAFT, Expression.draft_expires_at <= now)
    ids = list(db.session.scalars(over.order_by(Expression.draft_expires_at).limit(most).with_for_update(skip_locked=True)))
    if ids:
        db.session.execute(delete(Expression).where(Expression.id.in_(ids)))
        _delete_beside(ids)
    files.sweep(now)
    return len(ids)


def erase_old_expressions(now: datetime, most: int = 200) -> int:
    """Take names, addresses, texts, files and mails out of what was kept as long as we said; answers how many.

    The State, the grounds, the steps and their dates stay for the statistics, and a line in the audit log says what happened.
    """
    limit = _years_before(now)
    old = (
        select(Expression)
        .join(Call, Call.id == Expression.call_id)
        .where(
            Expression.status != Status.DRAFT,
            Expression.erased_at.is_(None),
            Expression.submitted_at < limit,
            Call.closes_at < limit,
            ~exists().where(Move.expression_id == Expression.id, Move.at >= limit),
        )
        .order_by(Expression.submitted_at, Expression.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=Expression)
    )
    found = list(db.session.scalars(old))
    for expression in found:
        _erase(expression, now)
    if found:
        ids = [e.id for e in found]
        db.session.execute(delete(Note).where(Note.expression_id.in_(ids)))
        _delete_opinions(ids)
        db.session.execute(delete(Question).where(Question.expression_id.in_(ids)))
        db.session.execute(update(Move).where(Move.expression_id.in_(ids)).values(reason=None))
        _delete_beside(ids)
        announce(ExpressionsErased(tuple(ids), now))
    return len(found)


def _erase(expression: Expression, now: datetime) -> None:
    for name in _EMPTY:
        setattr(expression, name, "")
    for name in _NONE:
        setattr(expression, name, None)
    expression.contact_zone = "UTC"
    expression.draft_nonce, expression.confirm_nonce, expression.status_nonce = fresh_nonce(), fresh_nonce(), fresh_nonce()
    expression.draft_code_digest = expression.status_code_digest = expression.confirm_code_digest = None
    expression.erased_at = now
    db.session.flush()
    record("expression.erased", "expression", expression.id, by=None, now=now)


def _delete_opinions(ids: list[uuid.UUID]) -> None:
    """What co-leads thought, with its history; and whose interests were in conflict."""
    requests = select(OpinionRequest.id).where(OpinionRequest.expression_id.in_(ids))
    opinions = select(Opinion.id).where(Opinion.request_id.in_(requests))
    db.session.execute(delete(OpinionRecord).where(OpinionRecord.opinion_id.in_(opinions)))
    db.session.execute(delete(Opinion).where(Opinion.request_id.in_(requests)))
    db.session.execute(delete(OpinionRequest).where(OpinionRequest.expression_id.in_(ids)))
    db.session.execute(delete(LeftOut).where(LeftOut.expression_id.in_(ids)))
    db.session.execute(delete(WithdrawnConflict).where(WithdrawnConflict.expression_id.in_(ids)))


def _delete_beside(ids: list[uuid.UUID]) -> None:
    """Files and mails that speak of these; a mail on its way is left to those who send it."""
    db.session.flush()
    db.session.execute(delete(StoredFile).where(StoredFile.object_kind == "expression", StoredFile.object_id.in_(ids)))
    of_these = Message.subject_kind == "expression", Message.subject_id.in_(ids)
    db.session.execute(delete(Message).where(*of_these, Message.state.not_in(_UNDER_WAY)))


def _years_before(now: datetime) -> datetime:
    """The same day so many years ago; the last of February for a 29th."""
    try:
        return now.replace(year=now.year - YEARS)
    except ValueError:
        return now.replace(year=now.year - YEARS, day=28)
