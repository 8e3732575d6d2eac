"""Asking the co-leads, the page on which a co-lead says what they think, and who may see what from now on."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.models import Role
from app.accounts.visibility import WORDS, Label
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db
from app.files.models import StoredFile
from app.interests import queries, rules
from app.interests.forms.desk import AskOpinionsForm, ConflictForm, LabelForm, OpinionForm, WithdrawConflictForm
from app.interests.models import Expression, Note, Question
from app.interests.opinion_models import Opinion
from app.interests.routes import blueprint, opinions, shown
from app.interests.routes.desk import done, found
from app.interests.words import STATUSES


@blueprint.post("/desk/expressions/<uuid:expression_id>/opinions")
@requires(P.REVIEW_EXPRESSIONS)
def ask_opinions(expression_id: uuid.UUID) -> ResponseReturnValue:
    """Ask the co-leads."""
    expression, form = found(expression_id), AskOpinionsForm(prefix="o")

    def do() -> Any:
        assert form.due_on.data is not None
        label = form.visibility.data
        rules.ask_opinions(expression, form.due_on.data, text=form.text.data or "", visibility=label, by=me(), now=clock.now())
        return _("The co-leads are asked.")

    return done(expression, form, "opinions_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/labels/<uuid:row_id>")
@requires(P.REVIEW_EXPRESSIONS)
def relabel(expression_id: uuid.UUID, row_id: uuid.UUID) -> ResponseReturnValue:
    """Change who may see a note, a question with its answer, or a file of this record."""
    expression, form = found(expression_id), LabelForm()
    row = _labelled(expression, row_id)
    if row is None:
        abort(404)

    def do() -> Any:
        rules.relabel(expression, row, form.visibility.data, by=me(), now=clock.now())
        return _("Saved.")

    return done(expression, form, "label_form", do)


def _labelled(expression: Expression, row_id: uuid.UUID) -> Note | Question | StoredFile | None:
    """The note, question or file of this very record."""
    row = db.session.get(Note, row_id) or db.session.get(Question, row_id)
    if row is not None:
        return row if row.expression_id == expression.id else None
    return queries.files_of(expression, viewer()).get(row_id)


def _mine(expression: Expression) -> Opinion | None:
    """What the reader was asked as a co-lead; nothing for those who were never asked, or are none any more."""
    return queries.opinion_of(me(), expression) if Role.CO_LEAD in viewer().roles else None


@blueprint.route("/desk/expressions/<uuid:expression_id>/opinion", methods=["GET", "POST"])
@requires(P.SEE_EXPRESSIONS)
def opinion(expression_id: uuid.UUID) -> ResponseReturnValue:
    """A co-lead says what they think."""
    expression = found(expression_id)
    mine = _mine(expression)
    if mine is None:
        abort(404)
    form = OpinionForm(data={"view": mine.view, "reason": mine.reason})
    if not form.is_submitted():
        return _page(expression, mine, form)
    if not form.validate():
        return _page(expression, mine, form, 422)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        changed = rules.give_opinion(mine, form.view.data, reason=form.reason.data or "", by=me(), now=clock.now())
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
        return _again(expression_id, form)
    answer = sending.leads_to(url_for("interests.opinion", expression_id=expression_id))
    db.session.commit()
    flash(_("Thank you. The secretariat has your opinion.") if changed else _("Nothing was changed."), "good")
    return answer


@blueprint.post("/desk/expressions/<uuid:expression_id>/conflict")
@requires(P.SEE_EXPRESSIONS)
def declare_conflict(expression_id: uuid.UUID) -> ResponseReturnValue:
    """A co-lead declares a conflict of interest."""
    expression = found(expression_id)
    # twice is once; whoever is no co-lead has no such page
    shown_to = opinions.facts(expression, viewer(), queries.voices_of(expression))
    if not shown_to.may_declare and not queries.is_left_out(me().id, expression):
        abort(404)
    form = ConflictForm(prefix="c")

    def do() -> Any:
        rules.declare_conflict(expression, me(), reason=form.reason.data or "", now=clock.now())
        return _("You are left out of this expression of interest.")

    return done(expression, form, "conflict_form", do)


@blueprint.post("/desk/expressions/<uuid:expression_id>/conflicts/<uuid:declaration_id>/take-back")
@requires(P.SEE_EXPRESSIONS)
def withdraw_conflict(expression_id: uuid.UUID, declaration_id: uuid.UUID) -> ResponseReturnValue:
    """A declaration was made in error: the co-lead who made it or the secretariat takes it back."""
    expression, form = found(expression_id), WithdrawConflictForm.of(declaration_id)
    declaration = queries.declaration(expression, declaration_id)
    if declaration is None or not opinions.may_withdraw(viewer(), declaration):
        abort(404)

    def do() -> Any:
        rules.withdraw_conflict(declaration_id, expression, reason=form.reason.data or "", by=me(), now=clock.now())
        return _("The declaration is taken back.")

    return done(expression, form, "withdraw_form", do)


def _again(expression_id: uuid.UUID, form: OpinionForm) -> ResponseReturnValue:
    expression = found(expression_id)
    mine = _mine(expression)
    return _page(expression, mine, form, 409) if mine is not None else abort(404)


def _page(expression: Expression, mine: Opinion, form: OpinionForm, code: int = 200) -> ResponseReturnValue:
    seen, now = viewer(), clock.now()
    page = render_template(
        "interests/opinion.html",
        expression=expression,
        mine=mine,
        form=form,
        conflict_form=ConflictForm(formdata=None, prefix="c"),
        facts=opinions.facts(expression, seen, queries.voices_of(expression)),
        ends=rules.time_left(mine, now),
        readers=WORDS[Label(mine.request.visibility)],
        state=shown.state_name(expression),
        STATUSES=STATUSES,
    )
    return page, code
