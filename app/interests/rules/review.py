"""What the secretariat does with an expression of interest, and what its contact answers."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from app.accounts.models import Person
from app.accounts.rules import find_or_make_contact
from app.accounts.visibility import Label
from app.audit.rules import record
from app.core.errors import LinkOver, RuleBroken
from app.core.events import announce
from app.extensions import db
from app.interests import messages
from app.interests.events import ExpressionAccepted
from app.interests.models import WITH_THE_SECRETARIAT, Expression, Move, Note, Question, Status
from app.interests.queries import open_question
from app.interests.rules.moving import REASON, STATUS, lock, make_move, refuse_if_changed
from app.interests.rules.opinions import close_request, refuse_early
from app.interests.words import STATUSES


def assign(expression: Expression, person: Person | None, *, by: Person, now: datetime) -> None:
    """Give it to somebody of the secretariat, or to nobody. The applicant is not told: nothing changed for them."""
    lock(expression)
    former = expression.assignee.full_name if expression.assignee else None
    if (person.id if person else None) == expression.assignee_id:
        return
    expression.assignee = person
    changes = {"assignee": (former, person.full_name if person else None)}
    record("expression.assigned", "expression", expression.id, by=by, now=now, changes=changes)
    db.session.flush()


def note(expression: Expression, text: str, *, visibility: Label = Label.SECRETARIAT, by: Person, now: datetime) -> Note:
    """A note for those whom its label names; its words stay out of the audit log."""
    if not text:
        raise RuleBroken(_("Write the note first."), field="text")
    written = Note(expression_id=expression.id, author_id=by.id, at=now, text=text, visibility=visibility.value)
    db.session.add(written)
    changes = {"visibility": (None, visibility)}
    record("expression.noted", "expression", expression.id, by=by, now=now, changes=changes)
    db.session.flush()
    return written


def begin_review(expression: Expression, *, by: Person, now: datetime, version: int | None = None) -> Move:
    """Take it up, and tell the applicant that somebody reads it."""
    return _decide(expression, Status.UNDER_REVIEW, None, by, now, version)


def reopen(expression: Expression, *, reason: str = "", by: Person, now: datetime, version: int | None = None) -> Move:
    """Look again at what was declined."""
    move = _decide(expression, Status.UNDER_REVIEW, reason, by, now, version)
    expression.decided_at = expression.decision_reason = None
    db.session.flush()
    return move


def ask(
    expression: Expression, text: str, *, by: Person, now: datetime, version: int | None = None,
    visibility: Label = Label.SECRETARIAT,
) -> Question:  # fmt: skip
    """Ask the applicant; one question at a time, so that an answer belongs to it. The label is for others than them."""
    if not text:
        raise RuleBroken(_("Write the question first."), field="text")
    lock(expression)
    refuse_if_changed(expression, version, [(STATUS, STATUSES[expression.status][0], STATUSES[Status.CLARIFICATION_ASKED][0])])
    if open_question(expression) is not None:
        raise RuleBroken(_("A question waits for its answer already. Ask the next one after it."), field="text")
    make_move(expression, Status.CLARIFICATION_ASKED, by=by, now=now, tell=False)
    question = Question(
        expression=expression, expression_id=expression.id, asked_by=by.id, asked_at=now, text=text, visibility=visibility.value
    )
    db.session.add(question)
    db.session.flush()
    messages.ask(question, now)
    return question


def answer(question: Question, text: str, *, now: datetime) -> None:
    """The applicant's answer on the page behind the mailed link; the review goes on."""
    lock(question.expression)
    db.session.refresh(question)
    refuse_unless_open(question)
    if not text:
        raise RuleBroken(_("Write your answer first."), field="answer")
    question.answer, question.answered_at, question.answered_via = text, now, "page"
    record("expression.answered", "expression", question.expression_id, by=None, now=now)
    db.session.flush()
    make_move(question.expression, Status.UNDER_REVIEW, by=None, now=now)


def refuse_unless_open(question: Question) -> None:
    """A question that was answered, or needs no answer any more, says so in its own sentence."""
    if question.answered_via == "closed":
        raise LinkOver(_("This question needs no answer any more: the expression of interest was decided meanwhile."))
    if question.answered_at is not None:
        raise LinkOver(_("This question was answered already."))


def accept(
    expression: Expression, *, reason: str = "", by: Person, now: datetime, version: int | None = None, tell: bool = True,
    despite: bool = False,
) -> Move:  # fmt: skip
    """Accept it: its contact becomes a person the network writes to, rooms above hear of it in the same transaction.

    ``despite`` decides although the co-leads still have time to give their opinion.
    """
    lock(expression)
    refuse_if_changed(expression, version, _beside(expression, Status.ACCEPTED, reason))
    if expression.may(Status.ACCEPTED):
        refuse_early(expression, Status.ACCEPTED, despite=despite, now=now)
    if expression.may(Status.ACCEPTED) and expression.contact_id is None:
        _link_contact(expression, by, now)
    move = _decide(expression, Status.ACCEPTED, reason, by, now, None, tell=tell, despite=despite)
    announce(ExpressionAccepted(expression.id))
    return move


def waitlist(
    expression: Expression, *, reason: str, by: Person, now: datetime, version: int | None = None, despite: bool = False
) -> Move:
    """Put it on the waiting list, with the reason."""
    return _decide(expression, Status.WAITLISTED, _needed(reason), by, now, version, despite=despite)


def decline(
    expression: Expression, *, reason: str, by: Person, now: datetime, version: int | None = None, despite: bool = False
) -> Move:
    """Decline it, with the reason the applicant reads."""
    return _decide(expression, Status.DECLINED, _needed(reason), by, now, version, despite=despite)


def withdraw(
    expression: Expression, *, now: datetime, reason: str = "", by: Person | None = None, version: int | None = None
) -> Move | None:
    """Withdraw it: by its contact on the status page (``by`` None), or by the secretariat on their word. Twice is once."""
    lock(expression)
    if expression.status is Status.WITHDRAWN:
        return None
    refuse_if_changed(expression, version, _beside(expression, Status.WITHDRAWN, reason))
    behalf = expression.contact_name if by else None
    close_request(expression, now=now)
    return make_move(expression, Status.WITHDRAWN, by=by, now=now, reason=reason, on_behalf_of=behalf)


def _decide(
    expression: Expression, after: Status, reason: str | None, by: Person, now: datetime, version: int | None, *,
    tell: bool = True, despite: bool = False,
) -> Move:  # fmt: skip
    lock(expression)
    refuse_if_changed(expression, version, _beside(expression, after, reason))
    if expression.may(after):
        refuse_early(expression, after, despite=despite, now=now)
    move = make_move(expression, after, by=by, now=now, reason=reason, tell=tell)
    if after in messages.DECIDED:
        expression.decided_at, expression.decision_reason = now, reason or None
        close_request(expression, now=now)
    if expression.assignee_id is None and after is Status.UNDER_REVIEW:
        expression.assignee = by
    db.session.flush()
    return move


def _beside(expression: Expression, after: Status, reason: str | None) -> list[tuple[object, object, object]]:
    found: list[tuple[object, object, object]] = [(STATUS, STATUSES[expression.status][0], STATUSES[after][0])]
    if reason:
        found.append((REASON, expression.decision_reason or "", reason))
    return found


def _needed(reason: str) -> str:
    if not reason:
        raise RuleBroken(_("Write the reason. The applicant reads it."), field="reason")
    return reason


def _link_contact(expression: Expression, by: Person, now: datetime) -> None:
    """The contact as a person: known by address or made new, without any right over the State they wrote for."""
    if not (expression.contact_email or expression.contact_family_name):
        return
    language = expression.language
    expression.contact = find_or_make_contact(
        email=expression.contact_email,
        given_name=expression.contact_given_name,
        family_name=expression.contact_family_name,
        by=by,
        now=now,
        language=language,
        zone=expression.contact_zone,
        posts={language: expression.contact_post} if expression.contact_post else {},
        honorifics={language: expression.contact_honorific} if expression.contact_honorific else {},
        phone=expression.contact_phone or None,
    )
    db.session.flush()


def open_for_corrections(expression: Expression) -> bool:
    """Is it still with the secretariat, undecided?"""
    return expression.status in WITH_THE_SECRETARIAT
