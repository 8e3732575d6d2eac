"""Times without sessions: everybody's own, and those of a State by its focal point. Nobody else sees them."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, signed_in, viewer
from app.accounts.models import Organisation, Person
from app.accounts.queries.organisations import organisation_in_view
from app.calendars import queries
from app.calendars.forms import OWN_FORMS
from app.calendars.routes import blueprint
from app.calendars.routes.desk import choice_form, save_choice
from app.calendars.rules import times
from app.core import clock
from app.core.errors import RuleBroken
from app.core.forms import joined
from app.core.once import Sending
from app.core.signing import settings
from app.extensions import db

_MINE = "/my-times"
_STATES = "/my-times/<uuid:state_id>"


def _owner(state_id: uuid.UUID | None) -> Person | Organisation:
    """Oneself, or a State that one speaks for."""
    if state_id is None:
        return me()
    if state_id not in viewer().state_ids or not viewer().can(P.ANSWER_FOR_STATE):
        abort(404)
    return organisation_in_view(viewer(), state_id) or abort(404)


@blueprint.get(_MINE)
@blueprint.get(_STATES)
@signed_in
def times_page(state_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """When not to hold sessions: hours of the week, busy times, an address that publishes them."""
    return _page(_owner(state_id))


def _page(owner: Person | Organisation, what: str = "", form: Any = None, status: int = 200) -> ResponseReturnValue:
    forms = {name: kind(formdata=None) for name, kind in OWN_FORMS.items() if name != "choices"}
    state = owner if isinstance(owner, Organisation) else None
    if state is not None:
        forms["choices"] = choice_form(state)
    if form is not None:
        forms[what] = form
    whose = times.Owner.of(owner)
    shown = forms[what] if what else None
    page = render_template(
        "calendars/times.html", owner=owner, state=state, forms=forms, form=shown, kept=queries.own_times(whose, clock.now()),
        may_publish=settings().busy_feeds, others=queries.my_states(viewer()), state_id=state.id if state else None,
    )  # fmt: skip
    return page, status


@blueprint.post(f"{_MINE}/<any(never,busy,address,choices):what>")
@blueprint.post(f"{_STATES}/<any(never,busy,address,choices):what>")
@signed_in
def add_time(what: str, state_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """Add a line, enter an address, or choose how the calendar of the State is."""
    owner = _owner(state_id)
    if what == "choices" and not isinstance(owner, Organisation):
        abort(404)
    form = choice_form(owner) if isinstance(owner, Organisation) and what == "choices" else OWN_FORMS[what]()
    if not form.validate():
        return _page(owner, what, form, 422)
    sending = Sending(form, clock.now()) if what != "choices" else None
    if sending is not None and sending.before:
        return sending.again()
    try:
        _ADDS[what](owner, form)
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(_owner(state_id), what, form, 422 if refused.field else refused.status)
    leads = f"{url_for('calendars.times_page', state_id=state_id)}#{what}"
    answer = sending.leads_to(leads) if sending is not None else redirect(leads, 303)
    db.session.commit()
    flash(_("It is saved."), "good")
    return answer


def _never(owner: Any, form: Any) -> None:
    start, end = (t.hour * 60 + t.minute for t in (form.from_time.data, form.to_time.data))
    days = [int(d) for d in form.weekdays.data]
    times.add_never(times.Owner.of(owner), weekdays=days, start=start, end=end, by=me(), now=clock.now())


def _busy(owner: Any, form: Any) -> None:
    first = joined(form.start_date.data, form.start_time.data)
    times.add_busy(
        times.Owner.of(owner), first=first, last=joined(form.end_date.data, form.end_time.data), by=me(), now=clock.now()
    )


def _address(owner: Any, form: Any) -> None:
    times.set_feed(times.Owner.of(owner), form.address.data, by=me(), now=clock.now())


_ADDS: dict[str, Any] = {"never": _never, "busy": _busy, "address": _address, "choices": save_choice}


@blueprint.post(f"{_MINE}/<any(never,busy,address):what>/<uuid:row_id>/remove")
@blueprint.post(f"{_STATES}/<any(never,busy,address):what>/<uuid:row_id>/remove")
@signed_in
def remove_time(what: str, row_id: uuid.UUID, state_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """Take a line or the address away."""
    owner = times.Owner.of(_owner(state_id))
    row = queries.own_row(owner, what, row_id) or abort(404)
    times.remove(row, owner, by=me(), now=clock.now())
    db.session.commit()
    flash(_("It is removed."), "good")
    return redirect(f"{url_for('calendars.times_page', state_id=state_id)}#{what}", 303)


@blueprint.post(f"{_MINE}/address/<uuid:row_id>/read")
@blueprint.post(f"{_STATES}/address/<uuid:row_id>/read")
@signed_in
def read_address(row_id: uuid.UUID, state_id: uuid.UUID | None = None) -> ResponseReturnValue:
    """Read the address at the next turn, which is within minutes."""
    row: Any = queries.own_row(times.Owner.of(_owner(state_id)), "address", row_id) or abort(404)
    times.read_now(row, now=clock.now())
    db.session.commit()
    flash(_("The address is read within a few minutes."), "good")
    return redirect(f"{url_for('calendars.times_page', state_id=state_id)}#address", 303)
