"""What the routes of this room share: pages with a status, refusals on a form, a client's address."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.core.errors import Conflict, RuleBroken, TooMany
from app.extensions import db


def page(template: str, status: int = 200, **facts: Any) -> Response:
    """A page with a status."""
    return make_response(render_template(f"accounts/{template}.html", **facts), status)


def see(url: str) -> ResponseReturnValue:
    """On to another page, with GET."""
    return redirect(url, 303)


def refused(form: Any, error: RuleBroken, template: str, *, row: Any = None, **facts: Any) -> Response:
    """The form again with the sentence of the rule; for a conflict over ``row`` also what changed meanwhile.

    Whoever has seen the changes and saves again means it: the form then carries the row's present version.
    """
    db.session.rollback()
    form.refuse(error)
    status = 422 if error.field else error.status
    changes, saved = (error.changes, error.saved) if isinstance(error, Conflict) else ([], ())
    if isinstance(error, Conflict) and row is not None:
        form.version.data = str(row.version)
    response = page(template, status, form=form, changes=changes, saved=saved, **facts)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def version_of(form: Any) -> int:
    """The version a form was made from; an impossible one for anything that is not a number."""
    return number_of(str((form.version.raw_data or [""])[0]))


def number_of(text: str | None) -> int:
    """A version as a form sends it."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


def here() -> str | None:
    """The client's address as far as the proxies we know vouch for it."""
    return request.remote_addr
