"""One dated step of an expression of interest: allowed by the table, written down, told to the applicant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.accounts.models import Person
from app.audit.queries import saved_since
from app.audit.rules import record
from app.core.errors import Conflict, RuleBroken
from app.extensions import db
from app.interests import messages
from app.interests.models import Expression, Move, Question, Status
from app.interests.words import STATUSES
from app.notifications.outbox import cancel_waiting

STATUS = _l("Status")
REASON = _l("Reason")


def lock(expression: Expression) -> None:
    """Read the row again and hold it until the transaction ends: two decisions at once are two in a row."""
    db.session.flush()  # reading again would forget what is not written yet
    db.session.refresh(expression, with_for_update={"of": Expression})


def refuse_if_changed(expression: Expression, version: int | None, wanted: list[tuple[Any, Any, Any]]) -> None:
    """Somebody else was faster: say what is there now beside what was wanted. ``None`` does not ask."""
    if version is not None and expression.version != version:
        raise Conflict(
            _("Somebody else changed this expression of interest while you were deciding."),
            wanted,
            saved_since("expression", expression.id, expression.version - version),
        )


def make_move(
    expression: Expression,
    after: Status,
    *,
    by: Person | None,
    now: datetime,
    reason: str | None = None,
    tell: bool = True,
    on_behalf_of: str | None = None,
) -> Move:
    """Move it, date it, write the audit line; ``tell`` queues the letter that says so."""
    if not expression.may(after):
        raise RuleBroken(
            _(
                "This is not possible any more: the expression of interest is now “%(status)s”.",
                status=STATUSES[expression.status][0],
            )
        )
    move = Move(
        expression_id=expression.id, before=expression.status, after=after, at=now, by_id=by.id if by else None,
        reason=reason or None, told=tell,
    )  # fmt: skip
    changes: dict[str, tuple[Any, Any]] = {"status": (expression.status, after)}
    if reason:
        changes["reason"] = (None, reason)
    expression.status = after
    db.session.add(move)
    db.session.flush()
    record(f"expression.{after.value}", "expression", expression.id, by=by, now=now, changes=changes, on_behalf_of=on_behalf_of)
    if after is not Status.CLARIFICATION_ASKED:
        _close_questions(expression, now)
    if tell:
        messages.moved(expression, move, now)
    return move


def _close_questions(expression: Expression, now: datetime) -> None:
    """A step beyond an open question needs no answer to it: its page says so."""
    db.session.execute(
        update(Question)
        .where(Question.expression_id == expression.id, Question.answered_at.is_(None))
        .values(answered_at=now, answered_via="closed")
    )
    cancel_waiting("expression", expression.id, kinds={"expression-question"}, now=now)
