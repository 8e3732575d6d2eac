"""Answering a poll: behind a signed link without an account, and on one's own pages, for oneself or for the State."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import me, public, signed_in, viewer
from app.accounts.reader import ZONE_COOKIE, link_page, viewer_zone
from app.core import clock
from app.core.db import reading
from app.core.errors import LinkOver, RuleBroken
from app.exchanges.models import PollAsked, Route
from app.exchanges.poll_forms import vote_form, votes_of
from app.exchanges.queries import polls as queries
from app.exchanges.queries.poll_results import results
from app.exchanges.routes import polling
from app.exchanges.routes.blueprint import blueprint, greeting
from app.exchanges.rules.poll_answers import TAKEN_BACK, answer_poll
from app.extensions import db


def _behind(token: str) -> PollAsked:
    """Who is asked by a link: 404 for what is not ours, 410 for somebody who is asked no more."""
    found = queries.asked_by_link(token)
    if found is None:
        abort(404)
    if found.withdrawn_at is not None or not found.person.active:
        raise LinkOver(TAKEN_BACK)
    if viewer().person is None and ZONE_COOKIE not in request.cookies:
        g.zone = found.person.zone  # the hours of the one the link was made for
    return found


@blueprint.get("/poll/<token>")
@public
@reading
def poll_answer(token: str) -> ResponseReturnValue:
    """The times in the reader's own hours, with what was said before chosen but not given."""
    asked = _behind(token)
    return link_page(_page(asked, _form(asked), url_for("exchanges.give_poll_answer", token=token)))


@blueprint.post("/poll/<token>")
@public
def give_poll_answer(token: str) -> ResponseReturnValue:
    """Save what is said to each time."""
    here = url_for("exchanges.give_poll_answer", token=token)
    return link_page(_save(_behind(token), Route.PAGE, here, url_for("exchanges.poll_answer", token=token), lambda: _behind(token)))


@blueprint.get("/my-polls")
@signed_in
@reading
def my_polls() -> ResponseReturnValue:
    """Open polls in which the reader is asked, or somebody of a State the reader answers for."""
    now = clock.now()
    found = queries.my_polls(viewer())
    own = [one for one in found if one.person_id == me().id]
    return render_template(
        "exchanges/my_polls.html", own=own, state=[one for one in found if one not in own], now_is=now,
        greeting=greeting(now, viewer_zone()),
    )  # fmt: skip


def _mine(asked_id: uuid.UUID) -> PollAsked:
    found = queries.asked_for(viewer(), asked_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("/my-polls/<uuid:asked_id>")
@signed_in
@reading
def own_poll(asked_id: uuid.UUID) -> ResponseReturnValue:
    """The same question, signed in: for oneself, or for somebody of the own State."""
    asked = _mine(asked_id)
    return _page(asked, _form(asked), url_for("exchanges.answer_own_poll", asked_id=asked_id))


@blueprint.post("/my-polls/<uuid:asked_id>")
@signed_in
def answer_own_poll(asked_id: uuid.UUID) -> ResponseReturnValue:
    """Save the answer; somebody a focal point answers for gets a copy."""
    asked = _mine(asked_id)
    route = Route.PAGE if asked.person_id == me().id else Route.STATE
    here = url_for("exchanges.answer_own_poll", asked_id=asked_id)
    return _save(asked, route, here, url_for("exchanges.my_polls"), lambda: _mine(asked_id))


def _form(asked: PollAsked) -> Any:
    """The questions, unless there is nothing to answer."""
    now = clock.now()
    if not asked.poll.takes_answers(now):
        return None
    said = asked.said
    return vote_form(polling.asked_about(asked.poll, now, said=said), said, comment=asked.comment)


def _save(asked: PollAsked, route: Route, here: str, onward: str, again: Any) -> ResponseReturnValue:
    now = clock.now()
    slots = polling.asked_about(asked.poll, now, said=asked.said)
    form = vote_form(slots, {}, comment="")
    try:
        _refuse_strays(slots)
        if asked.poll.takes_answers(now) and not form.validate_on_submit():
            return _page(asked, form, here), 422
        votes = votes_of(form, slots) if asked.poll.takes_answers(now) else {}
        by = me() if route is Route.STATE else asked.person
        changed = answer_poll(asked, votes, route=route, comment=form.comment.data or "", by=by, now=now)
    except LinkOver:
        raise
    except RuleBroken as refused:
        db.session.rollback()
        row = again()
        form = _form(row) or form
        form.refuse(refused)
        return _page(row, form, here), refused.status
    name = asked.person.full_name
    db.session.commit()
    if changed and route is Route.STATE:
        flash(_("The answer is recorded. %(name)s gets a copy.", name=name), "good")
    else:
        flash(_("Your answer is saved. You can change it until the poll closes."), "good")
    return redirect(onward, 303)


def _refuse_strays(slots: dict[uuid.UUID, str]) -> None:
    """A form that was opened before the times changed says something to a time that is asked about no more."""
    known = {f"vote_{slot.hex}" for slot in slots}
    if any(name.startswith("vote_") and name not in known for name in request.form):
        raise RuleBroken(_("The times of this poll have changed. Look at them once more, then answer."))


def _page(asked: PollAsked, form: Any, url: str) -> str:
    poll, now = asked.poll, clock.now()
    shown = None
    if asked.answered_at is not None and poll.is_open:  # nobody's answer leans on those of others
        found = results(poll, now)
        shown = found if found.may_be_shown else None
    return render_template(
        "exchanges/poll.html", asked=asked, poll=poll, form=form if poll.takes_answers(now) or (form and form.errors) else None,
        is_open=poll.takes_answers(now), url=url, now_is=now, greeting=greeting(now, viewer_zone()), results=shown,
        time_words=polling.time_words, new={slot.id for slot in poll.to_answer(now)} - set(asked.said),
    )  # fmt: skip
