"""The secretariat's desk: exchanges, their themes and hosts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.reader import language
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.once import Sending
from app.exchanges import queries, rules
from app.exchanges.forms import ExchangeForm
from app.exchanges.queries.polls import polls_of
from app.exchanges.routes import planning
from app.exchanges.routes.blueprint import blueprint, exchange_or_404
from app.extensions import db
from app.texts.queries import shown_of


@blueprint.get("/desk/exchanges")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_exchanges() -> ResponseReturnValue:
    """Exchanges that stand by themselves, newest first."""
    here = url_for("exchanges.desk_exchanges")
    page = queries.exchanges_page(viewer(), after=request.args.get("after"))
    return render_template(
        "exchanges/desk_exchanges.html",
        exchanges=page.rows,
        facts=queries.facts_of(viewer(), [e.id for e in page.rows], clock.now()),
        after_url=f"{here}?after={page.after}" if page.after else None,
        first_url=here if request.args.get("after") else None,
    )


@blueprint.route("/desk/exchanges/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_new_exchange() -> ResponseReturnValue:
    """A new exchange."""
    form = ExchangeForm(data={"source": language()})
    if request.method == "GET":
        return _new_page(form)
    if not form.validate():
        return _new_page(form), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        exchange = rules.create_exchange(planning.exchange_plan(form), by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _new_page(form), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_exchange", exchange_id=exchange.id))
    db.session.commit()
    flash(_("The exchange is saved."), "good")
    return answer


def _new_page(form: ExchangeForm) -> str:
    return render_template("exchanges/desk_exchange_form.html", form=form, exchange=None, changes=None, texts=None)


@blueprint.get("/desk/exchanges/<uuid:exchange_id>")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_exchange(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """An exchange with its sessions and history."""
    exchange = exchange_or_404(exchange_id)
    sessions = queries.of_exchange(viewer(), exchange)
    return render_template(
        "exchanges/desk_exchange.html", exchange=exchange, sessions=sessions, now_is=clock.now(),
        held=queries.seats_by_session(s.id for s in sessions), guests=queries.guests_of(exchange),
        polls=polls_of(viewer(), exchange_id=exchange.id),
        entries=lines_about("exchange", exchange.id) if viewer().can(Permission.READ_AUDIT) else [],
    )  # fmt: skip


@blueprint.route("/desk/exchanges/<uuid:exchange_id>/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_edit_exchange(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Change an exchange."""
    exchange = exchange_or_404(exchange_id)
    form = ExchangeForm(data=planning.exchange_data(exchange))
    changes = None
    saved: Sequence[Any] = ()
    status = 200
    if request.method == "POST" and not form.validate():
        status = 422
    elif request.method == "POST":
        version = form.version.data or ""
        try:
            rules.edit_exchange(
                exchange, planning.exchange_plan(form), version=int(version) if version.isdecimal() else -1, by=me(),
                now=clock.now(),
            )  # fmt: skip
            db.session.commit()
            flash(_("The exchange is saved."), "good")
            return redirect(url_for("exchanges.desk_exchange", exchange_id=exchange.id), 303)
        except Conflict as conflict:
            db.session.rollback()
            exchange = exchange_or_404(exchange_id)
            form.version.data = str(exchange.version)
            form.form_errors.append(conflict.message)
            changes, saved, status = planning.changes_in_words(conflict.changes, "UTC"), conflict.saved, 409
        except RuleBroken as refused:
            db.session.rollback()
            form.refuse(refused)
            status = refused.status
    page = render_template(
        "exchanges/desk_exchange_form.html", form=form, exchange=exchange, changes=changes, saved=saved, texts=shown_of(exchange)
    )
    return page, status
