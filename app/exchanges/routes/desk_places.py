"""The secretariat says who may come by which way, and holds a session a second time."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires
from app.accounts.reader import best
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import joined
from app.core.once import Sending
from app.exchanges import queries, rules
from app.exchanges.forms import SeatsForm, SittingForm
from app.exchanges.models import Line, PeerSession, Registration
from app.exchanges.queries import places
from app.exchanges.routes import planning
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.extensions import db


@blueprint.route("/desk/sessions/<uuid:session_id>/places", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_places(session_id: uuid.UUID) -> ResponseReturnValue:
    """Who may ask for a place, what each State may have, in what order the waiting list moves."""
    row = places.governing(session_or_404(session_id))
    form = SeatsForm(data=_data_of(row))
    if request.method == "GET":
        return _page(form, row)
    if not form.validate():
        return _page(form, row), 422
    try:
        version = int(text) if (text := form.version.data or "").isdecimal() else -1
        changed = rules.set_places(row, _rules_of(form), version=version, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        row = places.governing(session_or_404(session_id))
        form.refuse(refused)
        form.version.data = str(row.version)
        return _page(form, row, refused.saved if isinstance(refused, Conflict) else ()), refused.status
    db.session.commit()
    flash(_("The rules about places are saved.") if changed else _("Nothing was changed."), "good")
    return redirect(url_for("exchanges.desk_session", session_id=session_id), 303)


def _data_of(row: PeerSession) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for number, one in enumerate(places.quotas(row)):
        own |= {f"own_who_{number}": str(one.organisation_id), f"own_most_{number}": one.most}
    return {
        "version": str(row.version), "registration": row.registration.value, "hosts_approve": row.hosts_approve,
        "quota": row.quota, "line": row.line.value, "offer_hours": row.offer_hours, "delegation_whole": row.delegation_whole,
        **own,
    }  # fmt: skip


def _rules_of(form: SeatsForm) -> rules.PlaceRules:
    own: dict[uuid.UUID, int] = {}
    for who, most in form.own_pairs():
        if who.data and most.data is None:
            raise RuleBroken(_("Enter how many seats this State or organisation may have."), field=most.name)
        if who.data:
            own[uuid.UUID(who.data)] = most.data
    return rules.PlaceRules(
        registration=Registration(form.registration.data), hosts_approve=form.hosts_approve.data, quota=form.quota.data, own=own,
        line=Line(form.line.data), offer_hours=form.offer_hours.data, delegation_whole=form.delegation_whole.data,
    )  # fmt: skip


def _page(form: SeatsForm, row: PeerSession, saved: Any = ()) -> str:
    filled = [n for n, (who, most) in enumerate(form.own_pairs()) if who.data or most.data is not None]
    shown = form.own_pairs()[: (filled[-1] + 1 if filled else 0) + 2]
    states = [(sitting, places.by_state(sitting)) for sitting in places.sittings_of(row)]
    return render_template(
        "exchanges/desk_places.html", form=form, row=row, saved=saved, own=shown, title=best(row.titles), states=states,
        now_is=clock.now(),
    )  # fmt: skip


@blueprint.route("/desk/sessions/<uuid:session_id>/second-sitting", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_second_sitting(session_id: uuid.UUID) -> ResponseReturnValue:
    """Hold the session at a second hour too."""
    row = session_or_404(session_id)
    form = SittingForm(data={"zone": row.zone, "capacity": row.capacity, "join_url": row.join_url, "dial_in": row.dial_in,
                             "test_url": row.test_url})  # fmt: skip
    told = queries.counts(row).told if row.is_open else 0
    form.tell.choices = planning.tell_choices(told) if told else []
    if request.method == "GET":
        return render_template("exchanges/desk_second_sitting.html", form=form, row=row)
    if not form.validate():
        return render_template("exchanges/desk_second_sitting.html", form=form, row=row), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        if told and form.tell.data not in ("everyone", "nobody"):
            raise RuleBroken(_("Choose whether people are told of the change."), field="tell")
        second = rules.add_sitting(row, _hour(form), tell=form.tell.data == "everyone", by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        if isinstance(refused, rules.ClockFold):
            planning.ask_fold(form, refused)
        form.refuse(refused)
        return render_template("exchanges/desk_second_sitting.html", form=form, row=session_or_404(session_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_session", session_id=second.id))
    db.session.commit()
    flash(_("The second sitting is planned."), "good")
    return answer


def _hour(form: SittingForm) -> rules.Hour:
    start = joined(form.start_date.data, form.start_time.data)
    assert start is not None  # both are needed fields
    return rules.Hour(
        local_start=start, zone=form.zone.data, capacity=form.capacity.data or 0,
        fold=int(form.fold.data) if form.fold.data in ("0", "1") else None,
        join_url=form.join_url.data or "", dial_in=form.dial_in.data or "", test_url=form.test_url.data or "",
    )  # fmt: skip
