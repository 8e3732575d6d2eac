"""The secretariat's forms: start a pilot, edit it, show it to the public, end it, plan its milestones."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.once import key_text
from app.extensions import db
from app.interests.models import Expression, Status
from app.interests.queries import expression_in_view
from app.links.models import LinkType, Ref
from app.pilots import queries, rules
from app.pilots.forms import EndForm, MilestoneForm, PilotForm, day_of, to_uuid
from app.pilots.models import Milestone, Pilot
from app.pilots.routes import blueprint
from app.pilots.routes.public import found, shown_page
from app.pilots.routes.shown import differences, page_or_404
from app.practices import rules as practices


@blueprint.route("/desk/pilots/new", methods=["GET", "POST"])
@requires(P.MANAGE_PILOTS)
def desk_new_pilot() -> ResponseReturnValue:
    """Start a pilot, by hand or from an accepted expression of interest."""
    expression = _expression(request.args.get("expression"))
    form = PilotForm(data=_from(expression) if request.method == "GET" else None)
    form.offer(None)
    if request.method == "GET":
        return _pilot_form(form, None, expression)
    if not form.validate():
        return _pilot_form(form, None, expression, 422)
    try:
        pilot = rules.start(
            form.plan(), by=me(), now=clock.now(), expression=expression, with_templates=form.with_templates.data,
            submission_key=key_text(form),
        )  # fmt: skip
        _keep_practices(pilot, form)
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _pilot_form(form, None, _expression(request.args.get("expression")), refused.status)
    db.session.commit()
    flash(_("The pilot is started. Its code is %(code)s.", code=pilot.code), "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot.id), 303)


def _expression(given: str | None) -> Expression | None:
    """The expression of interest in the address; one that is not there or not to be seen is 404."""
    if not given:
        return None
    wanted = to_uuid(given)
    return (expression_in_view(viewer(), wanted) if isinstance(wanted, uuid.UUID) else None) or abort(404)


def _from(expression: Expression | None) -> dict[str, Any]:
    """What an expression of interest says already."""
    if expression is None or expression.status is not Status.ACCEPTED:
        return {"with_templates": True}
    return {
        "state_id": expression.state_id,
        "lead_id": expression.organisation_id,
        "lead_name": "" if expression.organisation_id else expression.organisation_name,
        "tools": expression.tools,
        "grounds": expression.grounds,
        "objectives": {expression.language: expression.aim} if expression.aim else {},
        "starts_on": expression.start_on,
        "with_templates": True,
    }


def _pilot_form(
    form: PilotForm, pilot: Pilot | None, expression: Expression | None, code: int = 200, changes: Any = None
) -> ResponseReturnValue:
    others = queries.pilots_of_expression(viewer(), expression.id) if expression is not None and pilot is None else []
    page = render_template(
        "pilots/form.html", form=form, pilot=pilot, expression=expression, others=others, changes=changes,
        not_accepted=pilot is None and expression is not None and expression.status is not Status.ACCEPTED,
    )  # fmt: skip
    return page, code


@blueprint.route("/desk/pilots/<uuid:pilot_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_PILOTS)
def desk_edit_pilot(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """Edit a pilot's own facts."""
    pilot = found(pilot_id)
    form = PilotForm(data=_data(pilot))
    form.offer(pilot)
    if request.method == "GET":
        return _pilot_form(form, pilot, pilot.expression)
    if not form.validate():
        return _pilot_form(form, pilot, pilot.expression, 422)
    try:
        rules.edit(pilot, form.plan(), version=form.version.data or 0, by=me(), now=clock.now())
        _keep_practices(pilot, form)
    except Conflict as conflict:
        db.session.rollback()
        pilot = found(pilot_id)
        form.version.renew(pilot.version)
        form.form_errors.append(conflict.message)
        return _pilot_form(form, pilot, pilot.expression, 409, differences(conflict))
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        pilot = found(pilot_id)
        return _pilot_form(form, pilot, pilot.expression, refused.status)
    db.session.commit()
    flash(_("The pilot is saved."), "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot_id), 303)


def _keep_practices(pilot: Pilot, form: PilotForm) -> None:
    """Tie the pilot to the practices that were chosen; what a colleague added meanwhile stays."""
    seen = (form.seen.data or "").split()
    chosen = form.inspired_by.data or []
    practices.set_subjects(Ref("pilot", pilot.id), LinkType.INSPIRED_BY, chosen, seen, viewer(), by=me(), now=clock.now())


def _data(pilot: Pilot) -> dict[str, Any]:
    inspired = practices.subjects_of(Ref("pilot", pilot.id), LinkType.INSPIRED_BY)
    names = ("version", "titles", "objectives", "state_id", "lead_id", "lead_name", "co_lead_id", "tools", "grounds", "starts_on")
    return {
        **{n: getattr(pilot, n) for n in names},
        "ends_on": pilot.ends_on,
        "partners": [p.id for p in pilot.partners],
        "inspired_by": inspired,
        "seen": " ".join(inspired),
    }


@blueprint.post("/desk/pilots/<uuid:pilot_id>/publish")
@requires(P.MANAGE_PILOTS)
def desk_publish(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """Show it to the public."""
    return _button(pilot_id, rules.publish, _("The pilot is on the public pages."))


@blueprint.post("/desk/pilots/<uuid:pilot_id>/hide")
@requires(P.MANAGE_PILOTS)
def desk_hide(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """Take it off the public pages."""
    return _button(pilot_id, rules.hide, _("The pilot is off the public pages."))


@blueprint.post("/desk/pilots/<uuid:pilot_id>/resume")
@requires(P.MANAGE_PILOTS)
def desk_resume(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """It goes on after all."""
    return _button(pilot_id, rules.resume, _("The pilot goes on."))


def _button(pilot_id: uuid.UUID, rule: Callable[..., None], said: str) -> ResponseReturnValue:
    rule(found(pilot_id), by=me(), now=clock.now())
    db.session.commit()
    flash(said, "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot_id), 303)


@blueprint.post("/desk/pilots/<uuid:pilot_id>/end")
@requires(P.MANAGE_PILOTS)
def desk_end(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """The pilot is over."""
    page, form = page_or_404(pilot_id, viewer(), clock.now()), EndForm(prefix="x")
    if not form.validate_on_submit():
        return shown_page(page, 422, end_form=form)
    try:
        rules.end(found(pilot_id), on=day_of(form.ended_on), reason=form.end_reason.data or "", by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return shown_page(page_or_404(pilot_id, viewer(), clock.now()), refused.status, end_form=form)
    db.session.commit()
    flash(_("The pilot has ended. Nobody is reminded any more."), "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot_id), 303)


@blueprint.route("/desk/pilots/<uuid:pilot_id>/milestones/new", methods=["GET", "POST"])
@requires(P.MANAGE_PILOTS)
def desk_new_milestone(pilot_id: uuid.UUID) -> ResponseReturnValue:
    """Add a milestone."""
    pilot = found(pilot_id)
    form = MilestoneForm()
    form.offer(pilot, None)
    if request.method == "GET":
        return _milestone_form(form, pilot, None)
    if not form.validate():
        return _milestone_form(form, pilot, None, 422)
    try:
        rules.add_milestone(
            pilot, form.plan(), by=me(), now=clock.now(), submission_key=key_text(form)
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _milestone_form(form, found(pilot_id), None, refused.status)
    db.session.commit()
    flash(_("The milestone is added."), "good")
    return redirect(url_for("pilots.pilot", pilot_id=pilot_id), 303)


@blueprint.route("/desk/pilots/<uuid:pilot_id>/milestones/<uuid:milestone_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_PILOTS)
def desk_edit_milestone(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> ResponseReturnValue:
    """Edit a milestone's words, weight and owner."""
    pilot, milestone = found(pilot_id), _milestone(pilot_id, milestone_id)
    names = ("version", "titles", "weight", "post", "owner_id", "evidence_asked")
    form = MilestoneForm(data={n: getattr(milestone, n) for n in names})
    form.offer(pilot, milestone)
    if request.method == "GET":
        return _milestone_form(form, pilot, milestone)
    if not form.validate():
        return _milestone_form(form, pilot, milestone, 422)
    try:
        rules.edit_milestone(milestone, form.plan(milestone), version=form.version.data or 0, by=me(), now=clock.now())
    except Conflict as conflict:
        db.session.rollback()
        milestone = _milestone(pilot_id, milestone_id)
        form.version.renew(milestone.version)
        form.form_errors.append(conflict.message)
        return _milestone_form(form, found(pilot_id), milestone, 409, differences(conflict))
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _milestone_form(form, found(pilot_id), _milestone(pilot_id, milestone_id), refused.status)
    db.session.commit()
    flash(_("The milestone is saved."), "good")
    return redirect(url_for("pilots.milestone", pilot_id=pilot_id, milestone_id=milestone_id), 303)


def _milestone(pilot_id: uuid.UUID, milestone_id: uuid.UUID) -> Milestone:
    return queries.milestone_in_view(viewer(), pilot_id, milestone_id) or abort(404)


def _milestone_form(
    form: MilestoneForm, pilot: Pilot, milestone: Milestone | None, code: int = 200, changes: Any = None
) -> ResponseReturnValue:
    page = render_template("pilots/milestone_form.html", form=form, pilot=pilot, milestone=milestone, changes=changes)
    return page, code
