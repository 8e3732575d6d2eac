"""One's own profile, password, sign-ins and calendar address."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, current_app, flash, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import sessions
from app.accounts.access import me, signed_in, viewer
from app.accounts.forms.own import ChangePasswordForm, OwnProfileForm
from app.accounts.models import Channel, Person
from app.accounts.queries.designations import designations_of_person
from app.accounts.routes import blueprint
from app.accounts.routes.common import page, refused, see, version_of
from app.accounts.routes.sign_in import enter
from app.accounts.rules import joining, people, signing_in
from app.accounts.words import CAPACITIES, METHODS
from app.core import clock
from app.core.errors import RuleBroken
from app.core.forms import texts_of
from app.core.signing import external_url, sign
from app.extensions import db


def fields_of(form: Any) -> dict[str, Any]:
    """What a profile form says, as columns of a person."""
    found = {
        "honorifics": texts_of(form.honorifics),
        "given_name": form.given_name.data or "",
        "family_name": form.family_name.data,
        "posts": texts_of(form.posts),
        "forms_of_address": texts_of(form.forms_of_address),
        "phone": form.phone.data or None,
        "language": form.language.data,
        "zone": form.zone.data,
        "channel": Channel(form.channel.data),
    }
    for name in ("theme", "lighter_pages"):
        if name in form:
            found[name] = form[name].data
    if "email" in form:
        found["email"] = form["email"].data or None
    return found


def values_of(person: Person) -> dict[str, Any]:
    """What a profile form starts with."""
    return {"obj": person, "channel": person.channel.value, "version": str(person.version)}


def _profile_facts(person: Person) -> dict[str, Any]:
    address = ""
    if "api.feed" in current_app.view_functions:
        address = external_url("api.feed", token=sign("feed", person.id, person.feed_nonce))
    named = [d for d in designations_of_person(person.id) if d.in_force(sessions.today_of(person, clock.now()))]
    help_page = url_for("exchanges.subscribe") if address and "exchanges.subscribe" in current_app.view_functions else ""
    return {"person": person, "feed_address": address, "feed_help": help_page, "designations": named, "CAPACITIES": CAPACITIES}


@blueprint.route("/profile", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """Who I am, how I am written to, my language and zone."""
    person = me()
    form = OwnProfileForm(**values_of(person))
    if not form.is_submitted():
        return page("profile", form=form, changes=[], **_profile_facts(person))
    if not form.validate():
        return page("profile", 422, form=form, changes=[], **_profile_facts(person))
    try:
        people.change(person, fields_of(form), version=version_of(form), by=person, now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "profile", row=person, **_profile_facts(person))
    db.session.commit()
    flash(_("Your profile is saved."), "good")
    return see(url_for("accounts.profile", lang=person.language))


@blueprint.post("/profile/calendar")
@signed_in
def replace_feed() -> ResponseReturnValue:
    """A new calendar address; the former one stops."""
    people.replace_feed_address(me(), by=me(), now=clock.now())
    db.session.commit()
    flash(_("Your calendar has a new address. The former one no longer works."), "good")
    return see(url_for("accounts.profile") + "#calendar")


@blueprint.route("/profile/password", methods=["GET", "POST"])
@signed_in
def password() -> ResponseReturnValue:
    """Set or change the password; every other sign-in ends."""
    now = clock.now()
    form = ChangePasswordForm()
    facts: dict[str, Any] = {"asks": joining.asks_for_current(viewer(), now=now), "person": me()}
    if not form.is_submitted():
        return page("password", form=form, **facts)
    if not form.validate():
        return page("password", 422, form=form, **facts)
    try:
        person = joining.change_password(viewer(), form.current.data or "", form.password.data or "", now=now)
    except RuleBroken as error:
        return refused(form, error, "password", **facts)
    enter(person, "password", now)
    db.session.commit()
    flash(_("Your password is changed. You are signed out everywhere else."), "good")
    return see(url_for("accounts.profile"))


@blueprint.get("/profile/sign-ins")
@signed_in
def sign_ins() -> ResponseReturnValue:
    """Where I am signed in."""
    found = sessions.open_of(me().id, clock.now())
    return page("sign_ins", rows=found, current=viewer().sign_in_id, METHODS=METHODS)


@blueprint.post("/profile/sign-ins/<uuid:sign_in_id>/end")
@signed_in
def end_sign_in(sign_in_id: uuid.UUID) -> ResponseReturnValue:
    """End one of my sign-ins."""
    if sign_in_id not in {row.id for row in sessions.open_of(me().id, clock.now())}:
        abort(404)
    signing_in.sign_out(me(), sign_in_id, now=clock.now())
    db.session.commit()
    flash(_("That sign-in is ended."), "good")
    return see(url_for("accounts.sign_ins"))


@blueprint.post("/profile/sign-ins/end")
@signed_in
def sign_out_everywhere() -> ResponseReturnValue:
    """End all of my sign-ins, this one too."""
    signing_in.sign_out_everywhere(me(), by=me(), now=clock.now())
    db.session.commit()
    session.clear()
    flash(_("You are signed out everywhere."), "good")
    return see(url_for("accounts.sign_in"))
