"""Pages anyone may open: exchanges, sessions, the calendar file; and a participant's own sessions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import me, public, signed_in, viewer
from app.accounts.reader import best, language, viewer_zone
from app.core import clock
from app.core.db import reading
from app.core.errors import RuleBroken
from app.exchanges import access, queries, rules
from app.exchanges.entries import published
from app.exchanges.forms import AnswerForm
from app.exchanges.models import Invitation, PeerSession, Route
from app.exchanges.queries import SessionPage
from app.exchanges.routes.blueprint import (
    blueprint,
    exchange_or_404,
    greeting,
    may_still_answer,
    say,
    session_or_404,
    standing_of,
)
from app.exchanges.routes.sitting_choice import chosen_sitting, offer_sittings
from app.exchanges.rules import registering
from app.extensions import db
from app.notifications import calendar
from app.topics.queries import grounds


@blueprint.get("/exchanges")
@public
@reading
def exchange_list() -> ResponseReturnValue:
    """Sessions to come, and those that are over."""
    is_past = request.args.get("when") == "past"
    read = queries.past if is_past else queries.upcoming
    page = read(viewer(), clock.now(), after=request.args.get("after"))
    held = queries.seats_by_session(s.id for s in page.rows)
    return render_template("exchanges/exchange_list.html", page=page, held=held, is_past=is_past)


@blueprint.get("/exchanges/<uuid:exchange_id>")
@public
@reading
def exchange_page(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """One exchange: what it is about, the plan of its sessions in the reader's time, and who is invited."""
    exchange = exchange_or_404(exchange_id)
    now, sessions, listed = clock.now(), queries.of_exchange(viewer(), exchange), queries.may_see_list(viewer(), exchange)
    person = viewer().person
    return render_template(
        "exchanges/exchange_page.html", exchange=exchange, sessions=sessions,
        held=queries.seats_by_session(s.id for s in sessions), now_is=now, shown=_how_it_stands(sessions, now),
        own=queries.own_answers(person.id, exchange) if person is not None else {},
        zones=queries.zones_of(exchange, listed=listed), guests=queries.guests_of(exchange) if listed else [],
        names=queries.may_see_names(viewer(), exchange),
        grounds=[best(ground.labels) for code, ground in grounds().items() if code in exchange.grounds],
    )  # fmt: skip


class Standing(NamedTuple):
    """How an exchange stands."""

    coming: int
    over: int
    next: PeerSession | None


def _how_it_stands(sessions: Sequence[PeerSession], now: datetime) -> Standing:
    held = [row for row in sessions if row.is_open]
    coming = [row for row in held if not row.is_over(now)]
    return Standing(len(coming), len(held) - len(coming), coming[0] if coming else None)


@blueprint.get("/sessions/<uuid:session_id>")
@public
@reading
def session_page(session_id: uuid.UUID) -> ResponseReturnValue:
    """One session: when it is here and elsewhere, its programme, and the answer card for the invited."""
    page = queries.session_page(viewer(), session_id)
    if page is None:
        abort(404)
    if page.row.sitting_of is not None:  # both sittings have one page
        return redirect(url_for("exchanges.session_page", session_id=page.row.sitting_of), 302)
    person = viewer().person
    invitation = _own(page.row, person.id) if person is not None else None
    row = invitation.peer_session if invitation is not None else page.row
    form = AnswerForm(data=_answer_of(invitation)) if may_still_answer(row, invitation) else None
    return _session_page(page, invitation, form)


@blueprint.post("/sessions/<uuid:session_id>/answer")
@signed_in
def answer_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """Answer one's own invitation, signed in."""
    page = queries.session_page(viewer(), session_id)
    invitation = _own(page.row, me().id) if page is not None else None
    if page is None or invitation is None:
        abort(404)
    form = AnswerForm()
    if not form.validate_on_submit():
        return _session_page(page, invitation, form), 422
    try:
        outcome = rules.answer_for(
            invitation, chosen_sitting(form, invitation), answer=form.chosen, wants_notes=form.notes.data,
            comment=form.comment.data or "", route=Route.PAGE, by=me(), now=clock.now(),
        )[1]  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _session_page(queries.session_page(viewer(), session_id) or page, invitation, form), refused.status
    db.session.commit()
    say(outcome)
    return redirect(url_for("exchanges.session_page", session_id=page.row.meeting_id), 303)


def _own(row: PeerSession, person_id: uuid.UUID) -> Invitation | None:
    """A person's own invitation, to the sitting they are in where there are two."""
    return queries.places.own_of_meeting(row, person_id) if row.twice else queries.own_invitation(row.id, person_id)


def _answer_of(invitation: Invitation | None) -> dict[str, object]:
    if invitation is None:
        return {}
    return {
        "answer": invitation.answer.value if invitation.answer else None,
        "notes": invitation.wants_notes,
        "comment": invitation.comment,
    }


def _session_page(page: SessionPage, invitation: Invitation | None, form: AnswerForm | None) -> str:
    now = clock.now()
    row = invitation.peer_session if invitation is not None else page.row
    sittings = queries.places.sittings_of(row)
    held = queries.seats_by_session(one.id for one in sittings) if row.twice else {row.id: page.held}
    if form is not None:
        offer_sittings(form, row)
    return render_template(
        "exchanges/session_page.html", row=row, invitation=invitation, form=form, now_is=now,
        greeting=greeting(now, viewer_zone()), held=held.get(row.id, 0), places=queries.place_zones(row, page.zones),
        series=queries.place_in_series(viewer(), page.row), **standing_of(invitation),
        sittings=[(one, held.get(one.id, 0)) for one in sittings] if row.twice else [],
        decides=access.may_decide_places(viewer(), row, queries.places.governing(row)),
        may_ask=invitation is None and any(registering.may_ask(one, now) for one in sittings),
        answer_url=url_for("exchanges.answer_session", session_id=row.id),
    )  # fmt: skip


@blueprint.get("/sessions/<uuid:session_id>/calendar.ics")
@public
def session_calendar(session_id: uuid.UUID) -> ResponseReturnValue:
    """The session as a calendar file: nobody is asked, no way to join is given away."""
    row = session_or_404(session_id)
    body = calendar.publish([published(row, language())])
    response = Response(body, content_type="text/calendar; method=PUBLISH; charset=UTF-8")
    response.headers["Content-Disposition"] = 'attachment; filename="session.ics"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/my-sessions")
@signed_in
@reading
def my_sessions() -> ResponseReturnValue:
    """A participant's sessions in their own hour, answers due first."""
    now = clock.now()
    invitations = queries.my_invitations(me(), now)
    due = [i for i in invitations if i.answer is None and may_still_answer(i.peer_session, i)]
    return render_template(
        "exchanges/my_sessions.html", due=due, others=[i for i in invitations if i not in due],
        past=queries.my_past(me(), now), greeting=greeting(now, viewer_zone()), now_is=now, title=_("My sessions"),
    )  # fmt: skip
