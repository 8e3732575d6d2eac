"""Enter an expression of interest that came by note verbale, e-mail or phone."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import key_text
from app.core.signing import settings
from app.extensions import db
from app.files.rules import ACCEPT
from app.interests import queries, rules
from app.interests.forms.desk import BehalfForm
from app.interests.routes import blueprint
from app.interests.rules import Came


@blueprint.route("/desk/expressions/new", methods=["GET", "POST"])
@requires(P.REVIEW_EXPRESSIONS)
def enter() -> ResponseReturnValue:
    """The whole form on one page, for somebody with the letter in hand. The contact gets a copy to correct."""
    form = BehalfForm(data={"language": language(), "contact_zone": settings().default_zone})
    if form.validate_on_submit():
        call = queries.call_in_view(viewer(), form.call_id.data)
        came = Came(form.source.data, form.source_number.data or "", form.source_date.data, form.scan.data or None)
        try:
            if call is None:
                raise RuleBroken(_("Choose the call."), field="call_id")
            entered = rules.enter(call, form.said(), came, by=me(), now=clock.now(), key=key_text(form))
            db.session.commit()
            told = entered.contact_email
            flash(
                _("Entered as %(reference)s. A copy goes to %(address)s.", reference=entered.reference, address=told)
                if told
                else _("Entered as %(reference)s. There is no address to send a copy to.", reference=entered.reference),
                "good",
            )
            return redirect(url_for("interests.record", expression_id=entered.id), 303)
        except RuleBroken as error:
            db.session.rollback()
            form.refuse(error)
    return render_template("interests/enter.html", form=form, accept=ACCEPT), 422 if form.has_errors else 200
