"""Mail does not reach somebody: their focal point corrects the address, or the secretariat says that it works."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import P, me, requires, viewer
from app.accounts.forms.desk import AddressForm
from app.accounts.models import Person
from app.accounts.queries import reach as reads
from app.accounts.routes import blueprint
from app.accounts.routes.common import page, refused, see
from app.accounts.routes.people import found
from app.accounts.rules import reach as rules
from app.core import clock
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.zones import to_wall
from app.extensions import db


def _about(person: Person) -> dict[str, Any]:
    return {"person": person, "may": rules.may_correct(person), "contact": settings().contact_address}


@blueprint.route("/my-state/people/<uuid:person_id>/address", methods=["GET", "POST"])
@requires(P.CHOOSE_DELEGATES)
def correct_address(person_id: uuid.UUID) -> ResponseReturnValue:
    """Where mail reaches somebody of the own State, from whose address it came back."""
    person = reads.unreached_of_my_state(viewer(), person_id, to_wall(clock.now(), me().zone).date())
    if person is None:
        abort(404)
    form = AddressForm()
    if not form.is_submitted():
        if person.email_undeliverable_at is None:  # an old mail was opened again
            flash(_("Mail reaches %(name)s again. There is nothing to correct.", name=person.full_name))
            return redirect(url_for("dashboards.home"), 302)
        return page("address", form=form, **_about(person))
    if not form.validate():
        return page("address", 422, form=form, **_about(person))
    try:
        rules.correct_address(person, form.email.data or "", by=me(), now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "address", **_about(person))
    db.session.commit()
    flash(_("The address of %(name)s is corrected. Invitations to come are sent there.", name=person.full_name), "good")
    return see(url_for("dashboards.home"))


@blueprint.post("/desk/people/<uuid:person_id>/address-works")
@requires(P.MANAGE_PEOPLE)
def address_works(person_id: uuid.UUID) -> Any:
    """Write to the address again."""
    row = found(person_id)
    sent = rules.works_again(row, by=me(), now=clock.now())
    db.session.commit()
    flash(_("Mail goes to this address again."), "good")
    if sent:
        flash(ngettext("%(num)s mail that was held leaves now.", "%(num)s mails that were held leave now.", sent), "good")
    return see(url_for("accounts.person", person_id=row.id))
