"""Sessions in one's own calendar: one entry to add, or a calendar to subscribe to; each program explained, without scripts."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.access import me, public, viewer
from app.accounts.reader import best, language
from app.core.db import reading
from app.core.languages import LANGUAGES, NAMES
from app.core.signing import external_url, settings, sign
from app.exchanges import calendars
from app.exchanges.entries import published
from app.exchanges.queries import Choice
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.topics.queries import grounds


@blueprint.get("/calendar")
@public
@reading
def subscribe() -> ResponseReturnValue:
    """The address of a calendar with the sessions one wishes, and how each program takes it."""
    choice = calendars.chosen(request.args)
    mine = viewer().person is not None and request.args.get("whose") != "all"
    ways = calendars.to_subscribe(_address(choice, mine), settings().network_names[language()])
    return render_template(
        "exchanges/subscribe.html", ways=ways, choice=choice, mine=mine, signed_in=viewer().person is not None,
        themes=[(g.code, best(g.labels)) for g in grounds().values()], languages=[(code, NAMES[code]) for code in LANGUAGES],
    )  # fmt: skip


def _address(choice: Choice, mine: bool) -> str:
    """The feed's own address, with what was chosen."""
    query = choice.query()
    if mine:
        address = external_url("api.feed", token=sign("feed", me().id, me().feed_nonce))
    else:
        address = external_url("api.public_feed")
        query = [*query, ("lang", language())]
    return address + (f"?{urlencode(query)}" if query else "")


@blueprint.get("/sessions/<uuid:session_id>/add")
@public
@reading
def add_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """One session as one entry, for each program."""
    row = session_or_404(session_id)
    ways = calendars.to_add(published(row, language()), url_for("exchanges.session_calendar", session_id=row.id))
    return render_template("exchanges/add_session.html", row=row, ways=ways)
