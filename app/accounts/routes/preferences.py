"""Time zone, language and lighter pages: in the profile when signed in, else in cookies."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, current_app, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public, viewer
from app.accounts.forms.own import LanguageForm, LighterForm, ZoneForm
from app.accounts.next_page import safe_next
from app.accounts.reader import LANGUAGE_COOKIE, LIGHTER_COOKIE, ZONE_COOKIE, language, viewer_zone
from app.accounts.routes import blueprint
from app.accounts.routes.common import page, see
from app.accounts.rules import people
from app.core import clock
from app.extensions import db

_YEAR = 365 * 24 * 3600


def _page(status: int = 200, **forms: object) -> Response:
    seen = viewer().person
    came_from = safe_next(request.args.get("next")) or _back()
    forms.setdefault("form", ZoneForm(formdata=None, zone=viewer_zone(), next=came_from))
    forms.setdefault("language_form", LanguageForm(formdata=None, language=seen.language if seen else language()))
    lighter = seen.lighter_pages if seen else request.cookies.get(LIGHTER_COOKIE) == "1"
    forms.setdefault("lighter_form", LighterForm(formdata=None, lighter=lighter))
    return page("preferences", status, **forms)


def _back() -> str | None:
    """The page the reader came from, when it is one of ours."""
    parts = urlsplit(request.referrer or "")
    found = safe_next(parts.path + (f"?{parts.query}" if parts.query else ""))
    return None if found in (None, request.path) else found


def _keep(name: str, value: str, target: str, **profile: object) -> ResponseReturnValue:
    """Remember: in the profile of the signed in, in a cookie of this browser for visitors."""
    response = make_response(see(target))
    person = viewer().person
    if person is not None:
        people.change(person, profile, version=person.version, by=person, now=clock.now())
        db.session.commit()
    else:
        response.set_cookie(
            name, value, max_age=_YEAR, httponly=True, samesite="Lax", secure=current_app.config["SESSION_COOKIE_SECURE"]
        )
    return response


@blueprint.get("/preferences")
@public
def zone() -> ResponseReturnValue:
    """Choose zone, language and lighter pages."""
    return _page()


@blueprint.get("/preferences/lighter")
@public
def lighter() -> ResponseReturnValue:
    """The same page; the footer's link leads here."""
    return _page()


@blueprint.post("/preferences/zone")
@public
def set_zone() -> ResponseReturnValue:
    """Remember the zone."""
    form = ZoneForm()
    if not form.validate():
        return _page(422, form=form)
    target = safe_next(form.next.data) or _back() or url_for("accounts.zone")
    return _keep(ZONE_COOKIE, form.zone.data, target, zone=form.zone.data)


@blueprint.post("/preferences/language")
@public
def set_language() -> ResponseReturnValue:
    """Remember the language bare addresses lead to."""
    form = LanguageForm()
    if not form.validate():
        return _page(422, language_form=form, has_errors=True)
    chosen = form.language.data
    return _keep(LANGUAGE_COOKIE, chosen, url_for("accounts.zone", lang=chosen), language=chosen)


@blueprint.post("/preferences/lighter")
@public
def set_lighter() -> ResponseReturnValue:
    """Remember whether pages should be lighter."""
    form = LighterForm()
    if not form.validate():
        return _page(422, lighter_form=form, has_errors=True)
    wished = bool(form.lighter.data)
    flash(_("Pages load without fonts of their own.") if wished else _("Pages load their fonts again."), "good")
    return _keep(LIGHTER_COOKIE, "1" if wished else "0", url_for("accounts.lighter"), lighter_pages=wished)
