"""Reading expressions of interest, one by one."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import joinedload, raiseload

from app.accounts.access import P, Viewer
from app.accounts.models import Role
from app.accounts.visibility import seen_by, without_co_lead
from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Call, Expression, Move, Note, Question, Status
from app.interests.queries.opinions import left_out

NEWEST_MOVES = (Move.at.desc(), Move.id.desc())
NEWEST_NOTES = (Note.at.desc(), Note.id.desc())
NEWEST_QUESTIONS = (Question.asked_at.desc(), Question.id.desc())
FILES_IN_ORDER = (StoredFile.created_at, StoredFile.id)


def visible_to(viewer: Viewer) -> Select[Expression]:
    """All that was sent for those who see expressions, those of one's State for a verified focal point, else one's own.

    Drafts are in nobody's list: they are the applicant's, behind their link.
    """
    query = select(Expression).where(Expression.status != Status.DRAFT)
    if viewer.can(P.SEE_EXPRESSIONS):
        return query
    if viewer.person is None:
        return query.where(false())
    return query.where(or_(Expression.contact_id == viewer.person.id, Expression.state_id.in_(viewer.state_ids)))


def expression_in_view(viewer: Viewer, expression_id: uuid.UUID) -> Expression | None:
    """This expression with its call, State and assignee, if the viewer may see it."""
    whole = (
        joinedload(Expression.call),
        joinedload(Expression.state),
        joinedload(Expression.assignee),
        joinedload(Expression.contact),
    )
    return db.session.scalar(visible_to(viewer).options(*whole).where(Expression.id == expression_id))


def expression_to_show(viewer: Viewer, expression_id: uuid.UUID) -> Expression | None:
    """This expression with the titles of its call, for a page that only shows it."""
    query = visible_to(viewer).options(joinedload(Expression.call).load_only(Call.titles, Call.version), raiseload("*"))
    return db.session.scalar(query.where(Expression.id == expression_id))


def by_submission_key(key: str | None) -> Expression | None:
    """What the first sending of a form made."""
    return db.session.scalar(select(Expression).where(Expression.submission_key == key)) if key else None


def history_of(expression: Expression) -> list[Move]:
    """Its moves, newest first, with who made them."""
    query = select(Move).options(joinedload(Move.by)).where(Move.expression_id == expression.id)
    return list(db.session.scalars(query.order_by(*NEWEST_MOVES)))


def notes_of(expression: Expression, viewer: Viewer) -> list[Note]:
    """The notes this viewer may see, newest first."""
    query = select(Note).options(joinedload(Note.author)).join(Expression, Expression.id == Note.expression_id)
    query = query.where(Note.expression_id == expression.id, _seen(viewer, expression, Note.visibility))
    return list(db.session.scalars(query.order_by(*NEWEST_NOTES)))


def questions_of(expression: Expression, viewer: Viewer) -> list[Question]:
    """The questions and answers this viewer may see, newest first."""
    query = select(Question).join(Expression, Expression.id == Question.expression_id)
    query = query.where(Question.expression_id == expression.id, _seen(viewer, expression, Question.visibility))
    return list(db.session.scalars(query.order_by(*NEWEST_QUESTIONS)))


def _seen(viewer: Viewer, expression: Expression, label: Any) -> ColumnElement[bool]:
    return seen_here(viewer, expression.id, viewer.person.id if viewer.person is not None else None, label)


def seen_here(viewer: Viewer, expression_id: Any, me: Any, label: Any) -> ColumnElement[bool]:
    """Who may see a labelled row; a co-lead who is left out sees it as no co-lead. Asked with the rows, not before them.

    ``me`` is the viewer's id or a place for it.
    """
    seen = seen_by(viewer, label, Expression.state_id)
    if Role.CO_LEAD not in viewer.roles:
        return seen
    return or_(and_(~left_out(me, expression_id), seen), seen_by(without_co_lead(viewer), label, Expression.state_id))


def open_question(expression: Expression) -> Question | None:
    """The question that waits for its answer; there is at most one."""
    query = select(Question).where(Question.expression_id == expression.id, Question.answered_at.is_(None))
    return db.session.scalar(query)


def files_of(expression: Expression, viewer: Viewer) -> dict[uuid.UUID, StoredFile]:
    """Those of its files that this viewer may see, by id: endorsement, scan, scans of answers."""
    query = select(StoredFile).join(Expression, Expression.id == StoredFile.object_id)
    query = query.where(
        StoredFile.object_kind == "expression",
        StoredFile.object_id == expression.id,
        _seen(viewer, expression, StoredFile.visibility),
    )
    return {f.id: f for f in db.session.scalars(query.order_by(*FILES_IN_ORDER))}
