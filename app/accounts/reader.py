"""The reader of this page: language, zone, and the best text there is for them. Rooms and templates share it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, g, has_request_context, make_response, request
from flask.typing import ResponseReturnValue

from app.accounts.access import Viewer, viewer
from app.accounts.models import Organisation
from app.core import text, zones
from app.core.signing import settings
from app.core.text import LocalText

ZONE_COOKIE = "zone"
LIGHTER_COOKIE = "lighter"
LANGUAGE_COOKIE = "lang"


def language() -> str:
    """The language of this page; the installation's outside a request."""
    here = g._get_current_object().__dict__
    return str(here["lang"]) if "lang" in here else settings().default_language


def reader() -> Viewer:
    """The viewer; nobody while the database is away, so that the error page still renders."""
    return Viewer() if g.get("database_away") or not has_request_context() else viewer()


def viewer_zone() -> str:
    """The reader's zone: profile, then cookie, then the installation's."""
    here = g._get_current_object().__dict__
    if "zone" not in here:
        person = reader().person
        cookie = request.cookies.get(ZONE_COOKIE, "")
        if person is not None:
            here["zone"] = person.zone
        else:
            here["zone"] = cookie if cookie in zones.selectable() else settings().default_zone
    return str(here["zone"])


def best(texts: Mapping[str, str] | None) -> LocalText:
    """The best there is of a text per language, for this reader."""
    return text.best(texts, *_wanted())


def _wanted() -> tuple[str, tuple[str, ...]]:
    """The reader's language and the installation's order: looked up once for a page, which has a hundred texts."""
    here = g._get_current_object().__dict__
    kept: tuple[str | None, str, tuple[str, ...]] | None = here.get("wanted")
    if kept is None or kept[0] != here.get("lang"):
        kept = here["wanted"] = (here.get("lang"), language(), tuple(settings().language_order))
    return kept[1:]


def name_of(organisation: Organisation) -> str:
    """An organisation's name in the reader's language, else in the installation's order."""
    return str(best(organisation.names))


def link_page(answer: ResponseReturnValue) -> Response:
    """Give a page behind a signed link the headers it needs: its address must not travel on."""
    response: Response = make_response(answer)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
