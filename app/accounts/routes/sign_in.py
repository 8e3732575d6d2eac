"""Sign in by password or by a mailed link, and sign out."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from typing import Any

from flask import Response, abort, flash, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user

from app.accounts.access import public, signed_in, viewer
from app.accounts.forms.own import CodeForm, LinkForm, PasswordForm
from app.accounts.models import Person
from app.accounts.next_page import landing, safe_next
from app.accounts.reader import link_page
from app.accounts.routes import blueprint
from app.accounts.routes.common import here, page, refused, see
from app.accounts.rules import signing_in
from app.core import clock
from app.core.errors import RuleBroken, TooMany
from app.extensions import db

ANSWER_AFTER = 0.2
"""Seconds every request for a link takes: whether a mail was written must not show in the time."""


def enter(person: Person, method: str, now: datetime) -> None:
    """A new session with a new id; nothing of the anonymous one is kept."""
    session.clear()
    login_user(signing_in.start(person, method, now=now))
    session.pop("_id", None)  # a mark of the browser that this app does not use


def _page(status: int = 200, **facts: Any) -> Response:
    target = safe_next(request.args.get("next"))
    facts.setdefault("form", PasswordForm(formdata=None, next=target))
    facts.setdefault("link_form", LinkForm(formdata=None, next=target))
    return page("sign_in", status, **facts)


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Both ways to sign in."""
    if viewer().is_authenticated:
        return see(landing(request.args.get("next")))
    return _page()


@blueprint.post("/sign-in")
@public
def sign_in_by_password() -> ResponseReturnValue:
    """Sign in by password."""
    now = clock.now()
    form = PasswordForm()
    if not form.validate():
        return _page(422, form=form)
    try:
        signing_in.count_client(here(), now)
        person = signing_in.by_password(form.email.data or "", form.password.data or "", now=now)
    except RuleBroken as error:
        again = LinkForm(formdata=None, next=form.next.data, email=form.email.data)
        response = refused(form, error, "sign_in", link_form=again)
        response.status_code = error.status if isinstance(error, TooMany) else 422
        return response
    enter(person, "password", now)
    db.session.commit()
    return see(landing(form.next.data))


@blueprint.post("/sign-in/link")
@public
def ask_for_link() -> ResponseReturnValue:
    """Mail a link; the answer is the same whether there is such an account."""
    begun = time.monotonic()
    now = clock.now()
    form = LinkForm()
    if not form.validate():
        return _page(422, link_form=form, has_errors=True)
    browser = session.get("browser") or secrets.token_urlsafe(24)
    try:
        signing_in.count_client(here(), now)
        code = signing_in.ask_for_link(form.email.data or "", browser, now=now)
    except RuleBroken as error:
        form.refuse(error)
        response = _page(error.status, link_form=form, has_errors=True)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    db.session.commit()
    session["browser"] = browser
    session["code"] = {"code": code, "until": (now + signing_in.LINK_LIFE).isoformat(), "next": safe_next(form.next.data)}
    time.sleep(max(0.0, ANSWER_AFTER - (time.monotonic() - begun)))
    return see(url_for("accounts.code"))


@blueprint.get("/sign-in/code")
@public
def code() -> ResponseReturnValue:
    """The code that the link's page will ask for."""
    known = session.get("code")
    if not known or datetime.fromisoformat(known["until"]) <= clock.now():
        session.pop("code", None)
        return see(url_for("accounts.sign_in"))
    shown = page("code", code=f"{known['code'][:3]} {known['code'][3:]}", until=datetime.fromisoformat(known["until"]))
    shown.headers["Cache-Control"] = "no-store"
    return shown


@blueprint.route("/sign-in/<token>", methods=["GET", "POST"])
@public
def sign_in_link(token: str) -> ResponseReturnValue:
    """The page of a mailed link: a button, and the code of the page where it was asked for."""
    now = clock.now()
    link = signing_in.link_behind(token, now=now)
    if link is None:
        abort(404)
    form = CodeForm()
    if not form.is_submitted():
        return link_page(page("link", form=form))
    if not form.validate():
        return link_page(page("link", 422, form=form))
    target = (session.get("code") or {}).get("next")
    try:
        signing_in.count_client(here(), now)
        person = signing_in.by_link(link, form.code.data or "", session.get("browser") or "", now=now)
    except RuleBroken as error:
        db.session.commit()  # a wrong code counts
        return link_page(refused(form, error, "link"))
    enter(person, "link", now)
    db.session.commit()
    return link_page(see(landing(target)))


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this session."""
    seen = viewer()
    if seen.person is not None and seen.sign_in_id is not None:
        signing_in.sign_out(seen.person, seen.sign_in_id, now=clock.now())
        db.session.commit()
    session.clear()
    flash(_("You are signed out."), "good")
    return see(landing())
