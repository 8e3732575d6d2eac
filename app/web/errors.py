"""Error pages in the reader's language: what happened, and the way on. Never a stack trace."""

from __future__ import annotations

import logging

from flask import Flask, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, NotFound, SecurityError

from app.core.errors import Conflict, LinkOver, RuleBroken, TooMany
from app.extensions import db
from app.web import languages

log = logging.getLogger("app.web")
PAGES = (400, 401, 403, 404, 405, 409, 410, 413, 415, 429, 500, 503)


def _page(code: int, **facts: object) -> ResponseReturnValue:
    languages.current()
    shown = code if code in PAGES else (400 if code < 500 else 500)
    template = {405: 404, 415: 400, 410: 410}.get(shown, shown)
    response = make_response(render_template(f"errors/{template}.html", code=code, **facts), code)
    response.headers["Cache-Control"] = "no-store"
    return response


def _http(error: HTTPException) -> ResponseReturnValue:
    """A page for what Werkzeug refused; a bare address first tries the reader's language."""
    if isinstance(error, SecurityError):  # no address may be built from a host that is not ours
        g.database_away = True
        return make_response(render_template("errors/host.html"), 400)
    if isinstance(error, NotFound):
        led = languages.bare_address()
        if led is not None:
            return led
    code = error.code or 500
    if code < 400:
        return error  # type: ignore[return-value]
    return _page(code)


def _csrf(error: CSRFError) -> ResponseReturnValue:
    """The form was too old, or cookies are off: say so; the browser's Back button still has what was typed."""
    return _page(400, stale_form=True)


def _refused(error: RuleBroken) -> ResponseReturnValue:
    """A rule said no and no form was there to carry its sentence."""
    db.session.rollback()
    facts: dict[str, object] = {"message": error.message}
    if isinstance(error, Conflict):
        facts["changes"] = error.changes
    response = make_response(_page(error.status, **facts))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _stale(error: StaleDataError) -> ResponseReturnValue:
    """Two people saved at the same moment: the second loses nothing but has to look again."""
    db.session.rollback()
    return _page(409)


def _away(error: Exception) -> ResponseReturnValue:
    """The database is away or too busy: 503, and when to try again."""
    _forget()
    log.error("database unavailable", exc_info=error)
    g.database_away = True
    response = make_response(_page(503, request_id=g.get("request_id", "")))
    response.headers["Retry-After"] = "10"
    return response


def _broken(error: Exception) -> ResponseReturnValue:
    """Something we did not expect: logged once, with ids and never with what was typed."""
    _forget()
    log.error("unexpected error at %s", request.endpoint, exc_info=error)
    return _page(500, request_id=g.get("request_id", ""))


def _forget() -> None:
    try:
        db.session.rollback()
    except Exception:  # the connection itself may be gone
        db.session.remove()


def init_app(app: Flask) -> None:
    """Bind the handlers. Tests see unexpected errors raise; everyone else sees the page."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RuleBroken, _refused)
    app.register_error_handler(LinkOver, _refused)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(PoolTimeout, _away)
    if not app.testing:
        app.register_error_handler(Exception, _broken)
