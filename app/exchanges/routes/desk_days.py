"""Dates that changed with a release of the lists, and estimated dates that come near: with the sessions on them."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires
from app.calendars.queries import changes_to_see
from app.calendars.rules.lists import mark_seen
from app.core import clock
from app.exchanges.queries.changed_dates import changed_dates, to_check
from app.exchanges.routes.blueprint import blueprint
from app.extensions import db


@blueprint.get("/desk/sessions/changed-dates")
@requires(Permission.SEE_ALL_EXCHANGES)
def desk_changed_dates() -> ResponseReturnValue:
    """What changed and which sessions it touches; what is to be looked at within two weeks."""
    now = clock.now()
    return render_template("exchanges/desk_changed_dates.html", changed=changed_dates(now), to_check=to_check(now))


@blueprint.post("/desk/sessions/changed-dates")
@requires(Permission.MANAGE_EXCHANGES)
def desk_seen_dates() -> ResponseReturnValue:
    """They were looked at; the list begins anew with the next release."""
    now = clock.now()
    mark_seen(changes_to_see(now.date()), by=me(), now=now)
    db.session.commit()
    flash(_("The list is empty until dates change again."), "good")
    return redirect(url_for("exchanges.desk_changed_dates"), 303)
