"""The first page: for the public, for those who are invited, for those who speak for a State."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.access import P, Viewer, public, requires, viewer
from app.accounts.reader import language, viewer_zone
from app.core import clock, zones
from app.core.db import reading
from app.core.paging import Page
from app.dashboards import links, places, words
from app.dashboards.queries import home as queries
from app.dashboards.queries import shown
from app.dashboards.routes import blueprint
from app.interests.queries import opinions_awaited


@blueprint.get("/")
@public
@reading
def home() -> ResponseReturnValue:
    """The first page of whoever looks. The secretariat's is its desk."""
    who, now = viewer(), clock.now()
    if who.in_office:
        return redirect(url_for("dashboards.desk"))
    if who.person is not None:
        return _mine(who, now)
    upcoming = queries.upcoming_public(now)
    return render_template(
        "dashboards/home.html",
        upcoming=upcoming,
        spots=_spots(upcoming),
        figures=queries.figures(now, _today(now)),
        shown=shown,
        link=links.to,
    )


def _today(now: datetime) -> date:
    return zones.to_wall(now, viewer_zone()).date()


def _spots(upcoming: list[queries.Upcoming]) -> list[places.Spot]:
    """Where the next session's hours are shown: here, at the host's, in the hosting States."""
    if not upcoming:
        return []
    first = upcoming[0]
    wanted = (viewer_zone(), first.zone, *(host["zone"] for host in first.hosts))
    return places.spots(first.starts_at, wanted, language())


def _mine(who: Viewer, now: datetime) -> ResponseReturnValue:
    """The first page of a signed-in person: my sessions in my hour, answers due; my State for its focal point."""
    assert who.person is not None
    invitations = queries.my_invitations(who.person.id, now)
    speaks = who.can(P.SEE_MY_STATE)
    return render_template(
        "dashboards/mine.html",
        due=[i for i in invitations if queries.answer_due(i)],
        settled=[i for i in invitations if not queries.answer_due(i)],
        former_time=queries.answered_former_time,
        opinions=opinions_awaited(who.person) if who.can(P.SEE_EXPRESSIONS) else [],
        state=queries.my_state(who.state_ids, now, _today(now)) if speaks else None,
        upcoming=[] if invitations or speaks else queries.upcoming_public(now, 4),
        words=words,
        link=links.to,
    )


@blueprint.get("/my-state")
@requires(P.SEE_MY_STATE)
def my_state() -> ResponseReturnValue:
    """What the focal point of a State sees of it: the first lines of each list, or one of the lists page by page."""
    now, states = clock.now(), viewer().state_ids
    listed, after = request.args.get("list"), request.args.get("after")
    if listed == "expressions":
        page: Page[Any] = queries.state_expressions(states, after)
    elif listed == "speakers":
        page = queries.state_speakers(states, _today(now), after)
    else:
        state = queries.my_state(states, now, _today(now))
        return render_template("dashboards/my_state.html", state=state, words=words, link=links.to)
    return render_template(
        "dashboards/my_state_list.html", listed=listed, page=page, goes_on=after is not None, words=words, link=links.to
    )
