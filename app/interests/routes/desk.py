"""The record of one expression of interest at the secretariat's desk, and what is done there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask import abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.visibility import WORDS
from app.core import clock
from app.core.db import reading
from app.core.errors import Conflict, LinkOver, RuleBroken
from app.core.forms import Form, when_shown
from app.core.once import Sending
from app.extensions import db
from app.files import rules as files
from app.interests import queries, rules
from app.interests.forms.desk import (
    AskOpinionsForm,
    AssigneeForm,
    BehalfAnswerForm,
    ConflictForm,
    DecisionForm,
    EndorsementForm,
    LabelForm,
    NoteForm,
    QuestionForm,
    WithdrawConflictForm,
)
from app.interests.messages import DECIDED
from app.interests.models import MOVES, Expression, Question, Status
from app.interests.routes import blueprint, opinions, shown
from app.interests.rules import Came
from app.interests.words import ENDORSEMENTS, SOURCES, STATUSES


def found(expression_id: uuid.UUID) -> Expression:
    """The expression, or 404."""
    return queries.expression_in_view(viewer(), expression_id) or abort(404)


@blueprint.get("/desk/expressions/<uuid:expression_id>")
@requires(P.SEE_EXPRESSIONS)
@reading
def record(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Everything about one: what it says, likely duplicates, notes, questions, the decision, its log."""
    return record_page(queries.expression_to_show(viewer(), expression_id) or abort(404))


@blueprint.post("/desk/expressions/<uuid:expression_id>/decision")
@requires(P.REVIEW_EXPRESSIONS)
def decide(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Decide, with a reason."""
    expression = found(expression_id)
    # an allowed choice of a minute ago may not be one now: the rule says so better than the list of choices would
    form = DecisionForm(possible=frozenset(Status))

    def do() -> Any:
        verb = _VERBS[form.decision.data]
        early = {"despite": form.despite_opinions.data} if form.decision.data in DECIDED else {}
        verb(expression, reason=form.reason.data or "", by=me(), now=clock.now(), version=form.version.data or 0, **early)
        return _("The decision is recorded, and the applicant is told.")

    return done(expression, form, "decision_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/questions")
@requires(P.REVIEW_EXPRESSIONS)
def ask(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Ask the applicant."""
    expression, form = found(expression_id), QuestionForm(prefix="q")

    def do() -> Any:
        label = form.visibility.data
        rules.ask(expression, form.text.data or "", by=me(), now=clock.now(), version=form.version.data or 0, visibility=label)
        return _("The question is on its way.")

    return done(expression, form, "question_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/notes")
@requires(P.REVIEW_EXPRESSIONS)
def add_note(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Write a note."""
    expression, form = found(expression_id), NoteForm(prefix="n")

    def do() -> Any:
        rules.note(expression, form.text.data or "", visibility=form.visibility.data, by=me(), now=clock.now())
        return _("The note is saved.")

    return done(expression, form, "note_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/assignee")
@requires(P.REVIEW_EXPRESSIONS)
def assign(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Give it to somebody."""
    expression = found(expression_id)
    form = _assignee_form(expression, [(str(p.id), p.full_name) for p in queries.staff()])

    def do() -> Any:
        people = {p.id: p for p in queries.staff()}
        rules.assign(expression, people.get(form.assignee_id.data), by=me(), now=clock.now())
        return _("Saved.")

    return done(expression, form, "assignee_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/endorsement")
@requires(P.REVIEW_EXPRESSIONS)
def endorse(expression_id: uuid.UUID) -> ResponseReturnValue:
    """The letter came."""
    expression, form = found(expression_id), EndorsementForm(prefix="e")

    def do() -> Any:
        label = form.visibility.data
        rules.receive_endorsement(expression, form.file.data or None, visibility=label, by=me(), now=clock.now())
        return _("The letter is recorded.")

    return done(expression, form, "endorsement_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/answers/<uuid:question_id>")
@requires(P.REVIEW_EXPRESSIONS)
def enter_answer(expression_id: uuid.UUID, question_id: uuid.UUID) -> ResponseReturnValue:
    """Enter an answer that came by note verbale, e-mail or phone."""
    expression = found(expression_id)
    question = db.session.get(Question, question_id)
    if question is None or question.expression_id != expression.id:
        abort(404)
    form = BehalfAnswerForm(prefix="a")

    def do() -> Any:
        came = Came(form.source.data, form.source_number.data or "", form.source_date.data, form.scan.data or None)
        rules.answer_on_behalf(question, form.text.data or "", came, by=me(), now=clock.now())
        return _("The answer is recorded, and the applicant is told.")

    return done(expression, form, "answer_form", do)


@blueprint.get("/desk/expressions/<uuid:expression_id>/files/<uuid:file_id>")
@requires(P.SEE_EXPRESSIONS)
def record_file(expression_id: uuid.UUID, file_id: uuid.UUID) -> ResponseReturnValue:
    """A file of this expression, as a download; another record's file is not found here."""
    stored = queries.files_of(found(expression_id), viewer()).get(file_id)
    return files.response(stored) if stored else abort(404)


def done(expression: Expression, form: Form, name: str, do: Any) -> ResponseReturnValue:
    """Validate, do, commit, go back to the record; refused: the record again with what was typed."""
    expression_id = expression.id
    if not form.validate_on_submit():
        return record_page(expression, 422, **{name: form})
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        said = do()
        answer = sending.leads_to(url_for("interests.record", expression_id=expression_id))
        db.session.commit()
    except LinkOver as error:
        db.session.rollback()
        form.form_errors.append(error.message)
        return record_page(found(expression_id), 409, **{name: form})
    except Conflict as error:
        db.session.rollback()
        return record_page(found(expression_id), 409, conflict=error, **{name: form})
    except RuleBroken as error:
        db.session.rollback()
        if error.status != 409:
            raise
        form.refuse(error)
        return record_page(found(expression_id), 409, **{name: form})
    flash(said, "good")
    return answer


def _assignee_form(expression: Expression, staff: Iterable[tuple[str, str]]) -> AssigneeForm:
    form = AssigneeForm(prefix="w", data={"assignee_id": expression.assignee_id})
    form.assignee_id.choices = [("", _("Nobody")), *staff]
    return form


def record_page(expression: Expression, code: int = 200, conflict: Conflict | None = None, **tried: Form) -> ResponseReturnValue:
    """The page, with the form that was refused in its place among fresh ones."""
    version = {"version": expression.version}
    seen = viewer()
    may_review = seen.can(P.REVIEW_EXPRESSIONS)
    beside = queries.beside(expression, seen)
    forms: dict[str, Form] = {}
    if may_review:
        forms = {
            "decision_form": DecisionForm(formdata=None, data=version, possible=MOVES[expression.status]),
            "question_form": when_shown(QuestionForm, data=version, prefix="q"),
            "note_form": NoteForm(formdata=None, prefix="n"),
            "assignee_form": _assignee_form(expression, beside.staff),
            "endorsement_form": when_shown(EndorsementForm, prefix="e"),
            "answer_form": when_shown(BehalfAnswerForm, prefix="a"),
            "opinions_form": when_shown(AskOpinionsForm, prefix="o"),
            "label_form": when_shown(LabelForm),
        }
    elif seen.can(P.SEE_EXPRESSIONS):
        forms = {"conflict_form": ConflictForm(formdata=None, prefix="c")}
    for name, form in tried.items():
        forms[name] = form
        if isinstance(form, DecisionForm):
            form.offer(MOVES[expression.status])
        if isinstance(form, DecisionForm | QuestionForm):
            form.version.renew(expression.version)
    about_opinions = opinions.facts(expression, seen, beside.voices, beside.co_leads)
    stored = beside.files
    letter = stored.get(expression.endorsement_file_id) if expression.endorsement_file_id else None
    page = render_template(
        "interests/record.html",
        expression=expression,
        conflict=conflict,
        has_errors=any(f.errors for f in tried.values()),
        refused=[f for f in tried.values() if f.errors],
        sections=shown.sections(
            expression, letter.original_name if letter else "", reachable=seen.can(P.SEE_PEOPLE), tools=beside.tools
        ),
        objectives=shown.objectives(expression),
        state=shown.state_name(expression),
        letter=letter,
        scan=stored.get(expression.source_scan_id) if expression.source_scan_id else None,
        files={str(key): f for key, f in stored.items()},
        size_words=shown.size_words,
        duplicates=beside.duplicates,
        moves=beside.moves,
        notes=beside.notes,
        questions=beside.questions,
        opinions=about_opinions,
        withdraw_forms=_withdraw_forms(about_opinions.may_withdraw, tried.get("withdraw_form")),
        others=[f for f in stored.values() if f.id not in {expression.endorsement_file_id, expression.source_scan_id}],
        lines=beside.lines,
        may_review=may_review,
        Asked=Status.CLARIFICATION_ASKED,
        ENDORSEMENTS=ENDORSEMENTS,
        LABELS=WORDS,
        SOURCES=SOURCES,
        STATUSES=STATUSES,
        **{name: forms.get(name) for name in _FORMS},
    )
    return page, code


def _withdraw_forms(declarations: Iterable[uuid.UUID], tried: Form | None) -> dict[uuid.UUID, WithdrawConflictForm]:
    """One form for each declaration that the reader may take back; the one that was refused as it was typed."""
    forms = {one: WithdrawConflictForm.of(one, formdata=None) for one in declarations}
    return forms | ({tried.declaration_id: tried} if isinstance(tried, WithdrawConflictForm) else {})


_VERBS: dict[Any, Any] = {
    Status.UNDER_REVIEW: rules.reopen,
    Status.ACCEPTED: rules.accept,
    Status.WAITLISTED: rules.waitlist,
    Status.DECLINED: rules.decline,
    Status.WITHDRAWN: rules.withdraw,
}
_FORMS = (
    "decision_form", "question_form", "note_form", "assignee_form", "endorsement_form", "answer_form", "opinions_form",
    "label_form", "conflict_form", "withdraw_form",
)  # fmt: skip
