"""Pages behind signed links, without an account: the answer, and the personal way into a meeting. GET changes nothing."""

from __future__ import annotations

from flask import abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import public, viewer
from app.accounts.reader import ZONE_COOKIE, link_page, viewer_zone
from app.core import clock
from app.core.db import reading
from app.core.errors import LinkOver, RuleBroken
from app.core.signing import sign
from app.exchanges import queries, rules
from app.exchanges.forms import AnswerForm
from app.exchanges.models import Answer, Invitation, Route
from app.exchanges.routes.blueprint import blueprint, greeting, may_still_answer, say, standing_of
from app.exchanges.routes.sitting_choice import chosen_sitting, offer_sittings
from app.extensions import db


def _invitation(purpose: str, token: str) -> Invitation:
    """The invitation behind a link: 404 for what is not ours, 410 for one that was taken back, or whose person left."""
    found = queries.by_link(purpose, token)
    if found is None:
        abort(404)
    found = queries.places.now_at(found)  # the link of the former sitting leads to the present one
    if found.uninvited_at is not None or not found.person.active:
        raise LinkOver(_("This invitation was taken back. Write to the secretariat if you did not expect this."))
    if viewer().person is None and ZONE_COOKIE not in request.cookies:
        g.zone = found.person.zone  # the hour of the one the link was made for
    return found


@blueprint.get("/answer/<token>")
@public
@reading
def answer(token: str) -> ResponseReturnValue:
    """The answer page, with the choice of the link chosen but not given."""
    invitation = _invitation("answer", token)
    form = AnswerForm(data={"notes": invitation.wants_notes, "comment": invitation.comment})
    given = request.args.get("answer", "")
    form.answer.data = given if given in tuple(Answer) else (invitation.answer.value if invitation.answer else None)
    form.sitting.data = request.args.get("sitting")
    return link_page(_page(invitation, token, form))


@blueprint.post("/answer/<token>")
@public
def give_answer(token: str) -> ResponseReturnValue:
    """Save the answer."""
    invitation = _invitation("answer", token)
    form = AnswerForm()
    if not form.validate_on_submit():
        return link_page((_page(invitation, token, form), 422))
    try:
        outcome = rules.answer_for(
            invitation, chosen_sitting(form, invitation), answer=form.chosen, wants_notes=form.notes.data,
            comment=form.comment.data or "", route=Route.PAGE, by=invitation.person, now=clock.now(),
        )[1]  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return link_page((_page(_invitation("answer", token), token, form), refused.status))
    db.session.commit()
    say(outcome)
    return link_page(redirect(url_for("exchanges.answer", token=token), 303))


def _page(invitation: Invitation, token: str, form: AnswerForm) -> str:
    row = invitation.peer_session
    now = clock.now()
    open_ = may_still_answer(row, invitation)
    held, zones = queries.seats_and_zones(row.id)
    if open_:
        offer_sittings(form, row)
    return render_template(
        "exchanges/answer.html", row=row, invitation=invitation, form=form if open_ or form.errors else None, now_is=now,
        is_open=open_, greeting=greeting(now, viewer_zone()), places=queries.place_zones(row, zones),
        held=held, answer_url=url_for("exchanges.give_answer", token=token),
        **standing_of(invitation),
    )  # fmt: skip


@blueprint.get("/join/<token>")
@public
def join(token: str) -> ResponseReturnValue:
    """A person's own way in: before Yes it leads to the answer, after Yes to the meeting."""
    invitation = _invitation("join", token)
    row = invitation.peer_session
    if may_still_answer(row, invitation) and not invitation.may_join:
        return link_page(redirect(url_for("exchanges.answer", token=sign("answer", invitation.id, invitation.nonce)), 302))
    return link_page(render_template("exchanges/join.html", row=row, invitation=invitation, now_is=clock.now()))
