"""Calls: the public list and page; write, change, publish and hide them at the desk."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, public, requires, viewer
from app.accounts.reader import language
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import OnceForm
from app.core.once import Sending
from app.core.paging import instant, key_of
from app.extensions import db
from app.interests import queries, rules
from app.interests.forms.desk import CallForm
from app.interests.models import Call
from app.interests.routes import blueprint
from app.interests.routes.sizes import form_sizes
from app.interests.words import ASKS, KINDS
from app.texts.queries import shown_of, source_of_row


class BeginForm(OnceForm):
    """The button that begins a draft; its key makes two clicks one draft."""


def found(call_id: uuid.UUID) -> Call:
    """The call, or 404."""
    return queries.call_in_view(viewer(), call_id) or abort(404)


@blueprint.get("/calls")
@public
def calls() -> ResponseReturnValue:
    """Open calls, those to come, those that are closed."""
    after = request.args.get("after")
    page = queries.public_calls(clock.now(), after)
    parts = {phase: [one.call for one in page.rows if one.phase is phase] for phase in queries.Phase}
    return render_template("interests/calls.html", parts=parts, Phase=queries.Phase, page=page, goes_on=after is not None)


@blueprint.get("/calls/<uuid:call_id>")
@public
def call(call_id: uuid.UUID) -> ResponseReturnValue:
    """One call: what it asks for, who may apply, until when."""
    shown = found(call_id)
    form = BeginForm() if shown.is_open(clock.now()) else None
    return render_template("interests/call.html", call=shown, begin=form, ASKS=ASKS, KINDS=KINDS, sizes=form_sizes(shown))


@blueprint.get("/desk/calls")
@requires(P.MANAGE_CALLS)
def desk_calls() -> ResponseReturnValue:
    """Every call, newest first."""
    after = key_of(request.args.get("after"), (instant, uuid.UUID))
    page = queries.calls_page(viewer(), (after[0], after[1]) if after else None)
    return render_template("interests/desk_calls.html", page=page)


@blueprint.route("/desk/calls/new", methods=["GET", "POST"])
@requires(P.MANAGE_CALLS)
def new_call() -> ResponseReturnValue:
    """Write a call."""
    form = CallForm(data={"source": language()})
    if form.validate_on_submit():
        sending = Sending(form, clock.now())
        if sending.before:
            return sending.again()
        try:
            made = rules.create_call(form.fields(), source=form.source.data, by=me(), now=clock.now())
            answer = sending.leads_to(url_for("interests.edit_call", call_id=made.id))
            db.session.commit()
            flash(_("The call is saved."), "good")
            return answer
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
    return render_template(
        "interests/edit_call.html", form=form, call=None, conflict=None, lines=[], texts=None
    ), 422 if form.has_errors else 200


@blueprint.route("/desk/calls/<uuid:call_id>", methods=["GET", "POST"])
@requires(P.MANAGE_CALLS)
def edit_call(call_id: uuid.UUID) -> ResponseReturnValue:
    """Change a call. The second of two editors sees what the first one changed."""
    shown = found(call_id)
    form = CallForm(data=_as_typed(shown))
    conflict = None
    if form.validate_on_submit():
        try:
            version = form.version.data or 0
            rules.change_call(shown, form.fields(), version=version, source=form.source.data, by=me(), now=clock.now())
            db.session.commit()
            flash(_("The call is saved."), "good")
            return redirect(url_for("interests.edit_call", call_id=shown.id), 303)
        except Conflict as error:
            db.session.rollback()
            conflict = error
            form.version.renew(found(call_id).version)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
    code = 409 if conflict else 422 if form.has_errors else 200
    lines = lines_about("call", shown.id) if viewer().can(P.READ_AUDIT) else []
    page = render_template(
        "interests/edit_call.html", form=form, call=shown, conflict=conflict, lines=lines, texts=shown_of(shown)
    )  # fmt: skip
    return page, code


@blueprint.post("/desk/calls/<uuid:call_id>/publish")
@requires(P.MANAGE_CALLS)
def publish_call(call_id: uuid.UUID) -> ResponseReturnValue:
    """Put it on the site."""
    rules.publish(found(call_id), by=me(), now=clock.now())
    db.session.commit()
    flash(_("The call is on the site."), "good")
    return redirect(url_for("interests.edit_call", call_id=call_id), 303)


@blueprint.post("/desk/calls/<uuid:call_id>/hide")
@requires(P.MANAGE_CALLS)
def hide_call(call_id: uuid.UUID) -> ResponseReturnValue:
    """Take it off the site."""
    rules.hide(found(call_id), by=me(), now=clock.now())
    db.session.commit()
    flash(_("The call is off the site. What was sent to it stays."))
    return redirect(url_for("interests.edit_call", call_id=call_id), 303)


def _as_typed(call: Call) -> dict[str, object]:
    """The call as the form shows it."""
    return {
        "version": call.version,
        "source": source_of_row(call),
        "titles": call.titles,
        "texts": call.texts,
        "zone": call.zone,
        "opens_on": call.opens_local.date(),
        "opens_time": call.opens_local.time(),
        "closes_on": call.closes_local.date(),
        "closes_time": call.closes_local.time(),
        "asks": call.asks,
        "who_may_apply": call.who_may_apply,
    }
