"""The invitation to join: a page that makes an account, once."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public
from app.accounts.forms.own import JoinForm
from app.accounts.models import JoinInvitation
from app.accounts.next_page import landing
from app.accounts.reader import link_page
from app.accounts.routes import blueprint
from app.accounts.routes.common import here, page, refused, see
from app.accounts.routes.sign_in import enter
from app.accounts.rules import joining, signing_in
from app.core import clock
from app.core.errors import RuleBroken
from app.extensions import db


def _invitation(token: str) -> JoinInvitation:
    found = joining.invitation_behind(token, now=clock.now())
    if found is None:
        abort(404)
    return found


@blueprint.route("/welcome/<token>", methods=["GET", "POST"])
@public
def join(token: str) -> ResponseReturnValue:
    """Choose a password, or mailed links; either makes the account."""
    invitation = _invitation(token)
    now = clock.now()
    form = JoinForm()
    facts: dict[str, Any] = {"invitation": invitation, "person": invitation.person}
    if not form.is_submitted():
        return link_page(page("welcome", form=form, **facts))
    by_mail = "by-mail" in request.form
    if by_mail:
        form.password.validators = ()
    if not form.validate():
        return link_page(page("welcome", 422, form=form, **facts))
    try:
        signing_in.count_client(here(), now)
        person = joining.join(invitation, None if by_mail else form.password.data, now=now)
    except RuleBroken as error:
        return link_page(refused(form, error, "welcome", **facts))
    if by_mail:
        db.session.commit()
        flash(_("Your account is ready. Ask for a link to sign in."), "good")
        return link_page(see(url_for("accounts.sign_in")))
    enter(person, "join", now)
    db.session.commit()
    flash(_("Welcome, %(name)s. Your account is ready.", name=person.full_name), "good")
    return link_page(see(landing()))
