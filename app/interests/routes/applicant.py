"""What an applicant sees behind mailed links: where it stands, the address to confirm, a question, a copy to correct."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, public, signed_in, viewer
from app.accounts.reader import link_page
from app.core import clock
from app.core.errors import LinkOver, RuleBroken
from app.core.once import Sending
from app.core.signing import settings
from app.extensions import db
from app.files import rules as files
from app.interests import queries, rules
from app.interests.forms.steps import AnswerForm, CorrectionForm, SendForm, WithdrawForm
from app.interests.messages import question_link
from app.interests.models import Expression, Status
from app.interests.routes import blueprint, shown, ways
from app.interests.rules.behalf import refuse_unless_correctable
from app.interests.rules.review import refuse_unless_open
from app.interests.words import NEXT, STATUSES


def _unknown() -> ResponseReturnValue:
    said = _("Check that the link is whole: mail programs sometimes cut long lines. The newest mail has the link that works.")
    return ways.no_such_link(said)


def _closed(title: Any, sentence: Any, expression: Expression) -> ResponseReturnValue:
    """An end that still has the status page to go to."""
    return ways.over(title, sentence, [(ways.status_address(expression), _("See where it stands"))])


@blueprint.get("/status/<token>")
@public
def status(token: str) -> ResponseReturnValue:
    """Where it stands, step by step, and what comes next."""
    expression = queries.behind_status(token, clock.now())
    if expression is None or expression.status is Status.DRAFT:
        return _unknown()
    return link_page(_status_page(expression, token, WithdrawForm(), 200))


def _status_page(expression: Expression, token: str, form: WithdrawForm, code: int) -> ResponseReturnValue:
    question = queries.open_question(expression)
    moves = [m for m in queries.history_of(expression) if m.told]
    page = render_template(
        "interests/status.html",
        expression=expression,
        token=token,
        form=form,
        question_url=question_link(question) if question else "",
        moves=moves,
        sections=shown.sections(expression),
        objectives=shown.objectives(expression),
        contact=settings().contact_address,
        Withdrawn=Status.WITHDRAWN,
        STATUSES=STATUSES,
        NEXT=NEXT,
    )
    return page, code


@blueprint.post("/status/<token>/withdraw")
@public
def withdraw(token: str) -> ResponseReturnValue:
    """Its contact withdraws it."""
    expression = queries.behind_status(token, clock.now())
    if expression is None or expression.status is Status.DRAFT:
        return _unknown()
    form = WithdrawForm()
    if not form.validate_on_submit():
        return link_page(_status_page(expression, token, form, 422))
    rules.withdraw(expression, reason=form.reason.data or "", now=clock.now())
    db.session.commit()
    flash(_("The expression of interest is withdrawn."))
    return link_page(redirect(url_for("interests.status", token=token), 303))


@blueprint.post("/status/<token>/confirm-again")
@public
def confirm_again(token: str) -> ResponseReturnValue:
    """Mail the confirmation once more."""
    expression = queries.behind_status(token, clock.now())
    if expression is None:
        return _unknown()
    ways.limit_mail(expression.contact_email, clock.now())
    rules.ask_to_confirm_again(expression, now=clock.now())
    db.session.commit()
    flash(_("A new mail with the button is on its way."), "good")
    return link_page(redirect(url_for("interests.status", token=token), 303))


@blueprint.route("/confirmations/<token>", methods=["GET", "POST"])
@public
def confirmation(token: str) -> ResponseReturnValue:
    """Confirm the address: opening the link changes nothing, the button does."""
    expression = queries.behind_confirmation(token, clock.now())
    if expression is None:
        return _unknown()
    form = SendForm()
    if form.validate_on_submit():
        try:
            rules.confirm_address(expression, now=clock.now())
        except LinkOver as error:
            return _closed(_("There is nothing to confirm"), error.message, expression)
        db.session.commit()
        flash(_("Thank you. Your address is confirmed."), "good")
        return link_page(redirect(ways.status_address(expression), 303))
    if expression.email_confirmed_at is not None:
        return _closed(_("This address is confirmed already"), _("There is nothing more to do here."), expression)
    return link_page(render_template("interests/confirm.html", form=form, expression=expression, token=token))


@blueprint.route("/questions/<token>", methods=["GET", "POST"])
@public
def question(token: str) -> ResponseReturnValue:
    """Answer a question of the secretariat."""
    asked = queries.behind_question(token, clock.now())
    if asked is None:
        return _unknown()
    expression, form = asked.expression, AnswerForm()
    try:
        valid = form.validate_on_submit()
        sending = Sending(form, clock.now()) if valid else None
        if sending is not None and sending.before:
            return link_page(sending.again())
        refuse_unless_open(asked)
        if sending is not None:
            rules.answer(asked, form.answer.data or "", now=clock.now())
            answer = sending.leads_to(ways.kept_status_address(expression))
            db.session.commit()
            flash(_("Thank you. The secretariat has your answer."), "good")
            return link_page(answer)
    except LinkOver as error:
        return _closed(_("This question is closed"), error.message, expression)
    except RuleBroken as error:
        db.session.rollback()
        form.refuse(error)
    page = render_template("interests/question.html", form=form, question=asked, expression=expression, token=token)
    return link_page((page, 422 if form.has_errors else 200))


@blueprint.route("/corrections/<token>", methods=["GET", "POST"])
@public
def correction(token: str) -> ResponseReturnValue:
    """Correct what the secretariat entered."""
    expression = queries.behind_correction(token, clock.now())
    if expression is None:
        return _unknown()
    form = CorrectionForm(obj=expression)
    try:
        refuse_unless_correctable(expression)
        if form.validate_on_submit():
            changes = rules.correct(expression, form.said(), now=clock.now())
            db.session.commit()
            flash(_("Thank you. Your corrections are saved.") if changes else _("Nothing was changed."), "good")
            return link_page(redirect(url_for("interests.correction", token=token), 303))
    except LinkOver as error:
        return _closed(_("This copy is closed"), error.message, expression)
    state = shown.state_name(expression)
    page = render_template("interests/correct.html", form=form, expression=expression, token=token, state=state)
    return link_page((page, 422 if form.has_errors else 200))


@blueprint.get("/expressions/<uuid:expression_id>")
@signed_in
def expression(expression_id: uuid.UUID) -> ResponseReturnValue:
    """The page for a focal point of its State, and for its contact; the office goes on to the record."""
    if viewer().can(P.SEE_EXPRESSIONS):
        return redirect(url_for("interests.record", expression_id=expression_id))
    seen = queries.expression_in_view(viewer(), expression_id)
    if seen is None:
        abort(404)
    moves = [m for m in queries.history_of(seen) if m.told]
    return render_template(
        "interests/expression.html",
        expression=seen,
        notes=queries.notes_of(seen, viewer()),
        questions=queries.questions_of(seen, viewer()),
        files=list(queries.files_of(seen, viewer()).values()),
        size_words=shown.size_words,
        moves=moves,
        sections=shown.sections(seen),
        objectives=shown.objectives(seen),
        STATUSES=STATUSES,
        NEXT=NEXT,
    )


@blueprint.get("/expressions/<uuid:expression_id>/files/<uuid:file_id>")
@signed_in
def expression_file(expression_id: uuid.UUID, file_id: uuid.UUID) -> ResponseReturnValue:
    """A file that its label opens to this reader, as a download."""
    seen = queries.expression_in_view(viewer(), expression_id)
    stored = queries.files_of(seen, viewer()).get(file_id) if seen is not None else None
    return files.response(stored) if stored else abort(404)
