"""The blueprint that every module of this package adds its views to, and what several of them need."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import viewer
from app.core import clock
from app.core.zones import to_wall
from app.exchanges import poll_words, queries, words
from app.exchanges.models import Answer, Exchange, Invitation, PeerSession, Seat
from app.exchanges.rules import Outcome

blueprint = Blueprint("exchanges", __name__)


@blueprint.record_once
def _words(state: BlueprintSetupState) -> None:
    """The room's labels, a name that all templates know: macros see it without the page's own names."""
    state.app.jinja_env.globals["exchange_words"] = words
    state.app.jinja_env.globals["poll_words"] = poll_words


def session_or_404(session_id: uuid.UUID) -> PeerSession:
    """The session, if the viewer may see it."""
    found = queries.session_for(viewer(), session_id)
    if found is None:
        abort(404)
    return found


def exchange_or_404(exchange_id: uuid.UUID) -> Exchange:
    """The exchange, if the viewer may see it."""
    found = queries.exchange_for(viewer(), exchange_id)
    if found is None:
        abort(404)
    return found


def invitation_or_404(invitation_id: uuid.UUID) -> Invitation:
    """The invitation of a session that the secretariat works on."""
    found = queries.invitation(invitation_id)
    if found is None:
        abort(404)
    return found


def greeting(now: datetime, zone: str) -> str:
    """The greeting of the reader's hour."""
    hour = to_wall(now, zone).hour
    if 5 <= hour < 12:
        return str(_("Good morning"))
    if 12 <= hour < 18:
        return str(_("Good afternoon"))
    return str(_("Good evening"))


def say(outcome: Outcome) -> None:
    """Say once what an answer led to."""
    if outcome.seat is Seat.HELD:
        flash(_("Your answer is saved. Your seat is confirmed; a mail with all you need to join is on its way."), "good")
    elif outcome.seat is Seat.WAITING and outcome.most is not None:
        flash(
            ngettext(
                "Your answer is saved. Your State or organisation may have %(num)s seat, and it is taken. You are number "
                "%(place)s on the waiting list.",
                "Your answer is saved. Your State or organisation may have %(num)s seats, and they are taken. You are number "
                "%(place)s on the waiting list.",
                outcome.most, place=outcome.place,
            ),
            "warn",
        )  # fmt: skip
    elif outcome.seat is Seat.WAITING:
        flash(
            _("Your answer is saved. All seats are taken. You are number %(place)s on the waiting list.", place=outcome.place),
            "warn",
        )
    else:
        flash(_("Your answer is saved."), "good")


def standing_of(invitation: Invitation | None) -> dict[str, Any]:
    """What the answer card says of one's own place in line, of a seat that is offered, and of one that passed on."""
    told: dict[str, Any] = {"place": None, "most": None, "offer": None, "lapsed": False}
    if invitation is not None and invitation.waiting_since is not None:
        standing = queries.places.standing_in_line(invitation)
        told |= {"place": standing.place, "most": standing.most, "offer": queries.places.offer_to(invitation)}
    elif invitation is not None and invitation.answer is Answer.YES and invitation.seat is Seat.NONE:
        told["lapsed"] = queries.places.offer_lapsed(invitation)
    return told


def may_still_answer(peer_session: PeerSession, invitation: Invitation | None) -> bool:
    """Is there a question to answer now?"""
    if invitation is None or invitation.uninvited_at is not None or not invitation.asks:
        return False
    return peer_session.is_open and not peer_session.is_over(clock.now())
