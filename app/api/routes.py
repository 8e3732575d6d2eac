"""Calendars to subscribe to: the public sessions by an open address, a person's own by a secret one.

Neither holds anybody's address; only the personal one leads into a meeting. Who asks again learns from short statements
that nothing is new; the entries are read and written out for the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from app.accounts.access import public
from app.core import clock
from app.core.db import reading
from app.core.languages import LANGUAGES, babel_locale
from app.core.signing import matches, row_of, settings, sign
from app.exchanges import entries, queries
from app.exchanges.calendars import chosen
from app.notifications import calendar, publishing
from app.notifications.calendar import Feed
from app.notifications.publishing import publish_many
from app.pilots import deadlines
from app.pilots import entries as dates
from app.pilots.queries import feed_due, feed_milestones
from app.wordings import catalogue

bare_blueprint = Blueprint("api", __name__)


@bare_blueprint.get("/feeds/<token>.ics")
@public
@reading
def feed(token: str) -> ResponseReturnValue:
    """The feed behind a secret address, until its owner revokes it."""
    now, choice = clock.now(), chosen(request.args)
    person, standing = _behind(token, now, choice)
    today = deadlines.today_in(person.zone, now)
    due, due_changed = feed_due(person.id, today)
    if choice.query():
        due = ""  # a date belongs to no session
    address = _address(sign("feed", person.id, person.feed_nonce), choice.query())

    def body() -> bytes:
        milestones = feed_milestones(person.id, today) if due else []
        with force_locale(babel_locale(person.language)):
            name = _("%(network)s: my sessions", network=settings().network_names[person.language])
            days = [dates.due_day(m, person.language) for m in milestones]
        mine = queries.feed_invitations(person, now, choice)
        return publish_many(map(entries.Writer(person.language).own, mine), Feed(name=name, source=address), days)

    changed = [person.updated_at, *(c for c in (standing.changed, due_changed) if c is not None)]
    response = _calendar(body, f"{address} {person.language} {standing.mark} {due}", max(changed))
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bare_blueprint.get("/feeds/sessions.ics")
@public
@reading
def public_feed() -> ResponseReturnValue:
    """The sessions that anybody may see: ``theme`` and ``spoken`` narrow them, ``lang`` is the language of the words."""
    now, choice = clock.now(), chosen(request.args)
    language = request.args.get("lang", "")
    language = language if language in LANGUAGES else settings().language_order[0]
    standing = queries.public_standing(now, choice)
    address = _address("sessions", [*choice.query(), ("lang", language)])

    def body() -> bytes:
        with force_locale(babel_locale(language)):
            name = _("%(network)s: sessions", network=settings().network_names[language])
        rows = queries.public_feed(now, choice, language)
        return publish_many(map(entries.Writer(language).published, rows), Feed(name=name, source=address))

    response = _calendar(body, f"{address} {standing.mark}", standing.changed)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _address(name: str, query: list[tuple[str, str]]) -> str:
    return f"{settings().base_url}/feeds/{name}.ics" + (f"?{urlencode(query)}" if query else "")


def _calendar(body: Callable[[], bytes], standing: str, changed: datetime | None) -> Response:
    """The calendar, or 304 for who has it already. The mark is made of what the entries are made of, not of the entries."""
    told = f"{_code()} {catalogue.version()} {standing}"
    response = Response(content_type="text/calendar; charset=UTF-8")
    response.set_etag(hashlib.sha256(told.encode()).hexdigest())
    if changed is not None:
        response.last_modified = _last_modified(changed, clock.now())
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(body())
    return response


def _last_modified(changed: datetime, now: datetime) -> datetime:
    """The header counts whole seconds: in a second that is not over, something else may change that nobody could tell apart."""
    second = changed.replace(microsecond=0)
    return second if second < now.replace(microsecond=0) else second - timedelta(seconds=1)


@cache
def _code() -> str:
    """The programs that write the entries are part of them: another release may write other lines."""
    sources = [calendar.__file__, publishing.__file__, *entries.SOURCES, dates.__file__]
    return hashlib.sha256(b"".join(Path(one).read_bytes() for one in sources)).hexdigest()


def _behind(token: str, now: datetime, choice: queries.Choice) -> tuple[queries.Reader, queries.Standing]:
    """Whose feed it is, and how it stands; 404 for an address that is forged, revoked, or of somebody whose record is closed."""
    row = row_of(token)
    found = queries.feed_standing(row, now, choice) if row is not None else None
    if found is None or not matches("feed", found[0].id, found[0].feed_nonce, token):
        abort(404)
    return found
