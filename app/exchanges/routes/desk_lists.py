"""The secretariat's list of those invited to an exchange as a whole, and the press that invites all of them to sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts import rehearsals
from app.accounts.access import Permission, me, requires, viewer
from app.accounts.queries import people_in_view
from app.accounts.reader import best, language, viewer_zone
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.core.when import date_text, time_text
from app.core.zones import to_wall
from app.exchanges import queries, rules
from app.exchanges.models import Capacity, Exchange, PeerSession
from app.exchanges.routes import choosing
from app.exchanges.routes.blueprint import blueprint, exchange_or_404
from app.exchanges.routes.inviting import by_address, ids, organisations
from app.exchanges.series_forms import InviteListedForm, ListForm
from app.extensions import db
from app.notifications import leaving


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/list", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_list(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Who is invited to the exchange: put States, organisations and people on the list, or take them off."""
    exchange = exchange_or_404(exchange_id)
    form = ListForm()
    form.people.choices = []
    words = (request.form if request.method == "POST" else request.args).get("q", "").strip()
    if request.method == "GET" or "find" in request.form:
        return _list_page(exchange, form, words)
    if not form.validate():
        return _list_page(exchange, form, words), 422
    try:
        sending = Sending(form, clock.now())
        if sending.before:
            return sending.again()
        people = [*people_in_view(viewer(), ids(form.people.data or [])), *by_address(form.addresses.data or "")]
        added = rules.put_on_list(
            exchange, organisations=organisations([*(form.states.data or []), *(form.organisations.data or [])]),
            people=list({person.id: person for person in people}.values()), capacity=Capacity(form.capacity.data), by=me(),
            now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _list_page(exchange_or_404(exchange_id), form, words), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_list", exchange_id=exchange.id))
    db.session.commit()
    said = ngettext(
        "%(num)s line is new on the list. Nobody was written to.",
        "%(num)s lines are new on the list. Nobody was written to.",
        added,
    )
    flash(said, "good")
    return answer


def _list_page(exchange: Exchange, form: ListForm, words: str) -> str:
    ticked = {name: {str(value) for value in form[name].data or ()} for name in ("states", "organisations", "people")}
    offered = choosing.lists(viewer(), words, ticked, ids(ticked["people"]))
    return render_template(
        "exchanges/desk_list.html", exchange=exchange, form=form, words=words, offered=offered, guests=queries.guests_of(exchange)
    )


@blueprint.post("/desk/exchanges/<uuid:exchange_id>/list/<uuid:guest_id>/remove")
@requires(Permission.MANAGE_EXCHANGES)
def desk_unlist(exchange_id: uuid.UUID, guest_id: uuid.UUID) -> ResponseReturnValue:
    """Take one off the list; invitations to sessions stay."""
    exchange = exchange_or_404(exchange_id)
    guest = queries.guest_of(exchange, guest_id)
    if guest is None:
        abort(404)
    rules.take_off_list(guest, by=me(), now=clock.now())
    db.session.commit()
    flash(_("It is off the list. Invitations to sessions stay as they are."), "good")
    return redirect(url_for("exchanges.desk_list", exchange_id=exchange.id), 303)


class Reached(NamedTuple):
    """What inviting everyone on the list would come to for one session."""

    row: PeerSession
    fresh: int
    already: int
    mails: int


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/invite", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_invite_listed(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Everyone on the list is invited to one session or to all that are to come, with one press."""
    exchange, now = exchange_or_404(exchange_id), clock.now()
    coming = list(queries.ahead_of(exchange, now))
    form = InviteListedForm(data={"sessions": _asked_for(coming)})
    reached, notes = _reached(exchange, coming)
    form.sessions.choices = [(str(one.row.id), _label(one)) for one in reached]
    if request.method == "GET":
        return _invite_page(exchange, form, reached, notes)
    if not form.validate():
        return _invite_page(exchange, form, reached, notes), 422
    try:
        sending = Sending(form, now)
        if sending.before:
            return sending.again()
        _refuse_other_counts(form, reached)
        leaving.remark(notes)
        chosen = [row for row in coming if str(row.id) in (form.sessions.data or ())]
        done = rules.invite_listed(exchange, chosen, by=me(), now=now)
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        exchange = exchange_or_404(exchange_id)
        return _invite_page(exchange, form, *_reached(exchange, list(queries.ahead_of(exchange, now)))), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_exchange", exchange_id=exchange.id))
    db.session.commit()
    _say(done)
    return answer


def _asked_for(coming: Sequence[PeerSession]) -> list[str]:
    """The session whose page led here, else all."""
    wanted = request.args.get("session")
    return [str(row.id) for row in coming if wanted in (None, str(row.id))]


def _reached(exchange: Exchange, coming: Sequence[PeerSession]) -> tuple[list[Reached], list[str]]:
    notes: dict[str, None] = {}
    found = []
    for row in coming:
        meant = rules.meant_by_list(exchange, to_wall(clock.now(), row.zone).date())
        foreseen = rules.foresee(row, list(meant.guests.values()))
        notes |= dict.fromkeys(str(note) for note in meant.notes)
        found.append(Reached(row, len(foreseen.guests), foreseen.already, foreseen.mails))
    return found, list(notes)


def _label(one: Reached) -> str:
    when = _(
        "%(date)s, %(time)s",
        date=date_text(one.row.starts_at, language(), viewer_zone(), "short"), time=time_text(one.row.starts_at, viewer_zone()),
    )  # fmt: skip
    count = ngettext("%(num)s person is new", "%(num)s people are new", one.fresh)
    return f"{best(one.row.titles)} · {when} · {count}"


def _refuse_other_counts(form: InviteListedForm, reached: Sequence[Reached]) -> None:
    """Whoever presses has seen the numbers; a rehearsal looks at every mail by itself."""
    if rehearsals.FIELD in request.form:
        return
    for one in reached:
        if str(one.row.id) in (form.sessions.data or ()) and request.form.get(f"count-{one.row.id}") != str(one.fresh):
            raise RuleBroken(
                _("The number of people who are invited has changed. Look once more, then invite them."), field="sessions"
            )


def _invite_page(exchange: Exchange, form: InviteListedForm, reached: Sequence[Reached], notes: Sequence[str]) -> str:
    return render_template("exchanges/desk_invite_listed.html", exchange=exchange, form=form, reached=reached, notes=notes)


def _say(done: Sequence[Any]) -> None:
    total, already = sum(one.total for one in done), sum(one.already for one in done)
    without = sum(one.without_address for one in done)
    flash(ngettext("%(num)s invitation was made.", "%(num)s invitations were made.", total), "good")
    if already:
        flash(ngettext("%(num)s invitation was there before.", "%(num)s invitations were there before.", already))
    if without:
        flash(
            ngettext(
                "%(num)s invitation is to somebody without an e-mail address, who has to be told another way.",
                "%(num)s invitations are to people without an e-mail address, who have to be told another way.",
                without,
            ),
            "warn",
        )
