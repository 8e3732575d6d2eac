"""The page for whoever cannot open the link of a mail: the short code beside it leads to the same page."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.accounts.access import public
from app.accounts.reader import link_page
from app.core import clock, limits
from app.core.errors import RuleBroken, TooMany
from app.dashboards.forms import ShortCodeForm
from app.dashboards.queries import codes
from app.dashboards.routes import blueprint

SPAN = timedelta(minutes=10)
PER_CLIENT, PER_NETWORK = 30, 150
"""Tries in a span. A delegation behind one address gets through; 2^60 codes are not tried this way in the life of a link."""


@blueprint.get("/code")
@public
def code() -> ResponseReturnValue:
    """A field for the code."""
    return _page(ShortCodeForm())


@blueprint.post("/code")
@public
def open_code() -> ResponseReturnValue:
    """On to the page of the link. Whatever is wrong with a code, the answer is the same."""
    form, now = ShortCodeForm(), clock.now()
    if not form.validate_on_submit():
        return _page(form, 422)
    try:
        _count(now)
    except TooMany as error:
        form.refuse(RuleBroken(error.message, field="code"))
        answer = _page(form, error.status)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    address = codes.page_behind(form.code.data or "", now)
    if address is None:
        form.refuse(RuleBroken(_l("This code opens nothing. Compare it with the newest mail you have."), field="code"))
        return _page(form, 422)
    return link_page(redirect(address, 303))


def _count(now: datetime) -> None:
    limits.hit(limits.bucket("code:client", limits.client(request.remote_addr)), PER_CLIENT, SPAN, now)
    limits.hit(limits.bucket("code:network", limits.network(request.remote_addr)), PER_NETWORK, SPAN, now)


def _page(form: ShortCodeForm, status: int = 200) -> Response:
    return make_response(render_template("dashboards/code.html", form=form), status)
