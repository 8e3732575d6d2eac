"""Ask for a place in a session: signed in, or by a button in a mail; and the page on which somebody decides."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, public, signed_in, viewer
from app.accounts.reader import language, link_page, viewer_zone
from app.core import clock, limits
from app.core.db import reading
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.core.signing import sign
from app.exchanges import access, queries
from app.exchanges.forms import AskForm, AskForStateForm, AskSignedInForm, ButtonForm, DecideForm
from app.exchanges.models import Asked, PeerSession, PlaceRequest, Seat
from app.exchanges.queries import places
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.exchanges.routes.sitting_choice import chosen_of, offer_sittings
from app.exchanges.rules import registering
from app.extensions import db

HOUR = timedelta(hours=1)


def _limit(address: str) -> None:
    """Nobody's mailbox is flooded from here: few mails an hour to one address, and from one client."""
    now = clock.now()
    limits.hit(limits.bucket("place-client", limits.client(request.remote_addr)), 20, HOUR, now)
    limits.hit(limits.bucket("place-mail", address), 5, HOUR, now)


@blueprint.route("/sessions/<uuid:session_id>/ask", methods=["GET", "POST"])
@public
def ask_for_place(session_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for a place; without an account a mail brings the button that confirms it.

    Whoever is behind an address, the answer is alike.
    """
    row = session_or_404(session_id)
    if not any(registering.may_ask(one, clock.now()) for one in places.sittings_of(row)):
        return redirect(url_for("exchanges.session_page", session_id=row.meeting_id), 303 if request.method == "POST" else 302)
    form = _form()
    if request.method == "GET":
        return _ask_page(form, row)
    if not form.validate():
        return _ask_page(form, row), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        asked = _ask(form, chosen_of(form, row))
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _ask_page(form, session_or_404(session_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.session_page", session_id=row.meeting_id))
    db.session.commit()
    _say(asked)
    return answer


def _form() -> AskForm | AskSignedInForm:
    person = viewer().person
    if person is None:
        return AskForm(data={"language": language()})
    return AskForStateForm(data={"language": language()}) if viewer().can(Permission.CHOOSE_DELEGATES) else AskSignedInForm()


def _ask(form: AskForm | AskSignedInForm, row: PeerSession) -> PlaceRequest | None:
    person, reason = viewer().person, form.reason.data or ""
    if person is None:
        assert isinstance(form, AskForm)
        if form.website.data:  # a program filled in what no person sees
            return None
        _limit(form.email.data or "")
        return registering.ask(row, _wish(form, _uuid(form.state.data)), now=clock.now())
    _limit(person.email or str(person.id))
    if isinstance(form, AskForStateForm) and form.whom.data == "colleague":
        state = min(viewer().state_ids)
        return registering.ask_signed_in(row, _wish(form, state), by=me(), for_other=True, now=clock.now())
    known = registering.Wish(person.given_name, person.family_name, person.email or "", person.language, person.zone, reason=reason)
    return registering.ask_signed_in(row, known, by=me(), now=clock.now())


def _wish(form: AskForm, state: uuid.UUID | None) -> registering.Wish:
    return registering.Wish(
        form.given_name.data or "", form.family_name.data or "", (form.email.data or "").strip(), form.language.data or language(),
        viewer_zone(), organisation_id=state, works_for=form.works_for.data or "", reason=form.reason.data or "",
    )  # fmt: skip


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _ask_page(form: AskForm | AskSignedInForm, row: PeerSession) -> str:
    offer_sittings(form, row)
    return render_template("exchanges/ask.html", form=form, row=row, rules=places.governing(row))


def _say(asked: PlaceRequest | None) -> None:
    if asked is None or asked.state is Asked.UNCONFIRMED or viewer().person is None:
        flash(_("A mail is on its way. Press the button in it: only then your wish for a place is passed on."), "good")
    elif asked.state is Asked.WAITING:
        flash(_("Your wish for a place is passed on. You hear by mail as soon as it is decided."), "good")
    else:
        _say_seat(asked)


def _say_seat(asked: PlaceRequest) -> None:
    made = queries.invitation(asked.invitation_id) if asked.invitation_id else None
    if made is not None and made.seat is Seat.HELD:
        flash(_("The seat is confirmed; a mail with all that is needed to join is on its way."), "good")
    elif made is not None and made.seat is Seat.WAITING:
        flash(_("All seats are taken. A mail says which place on the waiting list it is."), "warn")


@blueprint.get("/places/<token>")
@public
@reading
def place_request(token: str) -> ResponseReturnValue:
    """The page behind the button of the mail: what is asked for, and the press that confirms it."""
    return link_page(_request_page(_request(token), token))


def _request(token: str) -> PlaceRequest:
    found = places.request_by_link(token)
    if found is None:
        abort(404)
    return found


def _request_page(asked: PlaceRequest, token: str, refused: object = None) -> str:
    row = asked.peer_session
    return render_template(
        "exchanges/place_request.html", asked=asked, row=row, token=token, form=ButtonForm(), refused=refused,
        is_open=registering.may_ask(row, clock.now()),
    )  # fmt: skip


@blueprint.post("/places/<token>")
@public
def confirm_place(token: str) -> ResponseReturnValue:
    """It is their address. Who has a place now is led to the page of their answer."""
    try:
        invitation = registering.confirm(_request(token), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return link_page((_request_page(_request(token), token, refused.message), refused.status))
    db.session.commit()
    if invitation is not None and invitation.uninvited_at is None:
        _say_seat(_request(token))
        return link_page(redirect(url_for("exchanges.answer", token=sign("answer", invitation.id, invitation.nonce)), 303))
    return link_page(redirect(url_for("exchanges.place_request", token=token), 303))


def _deciding(session_id: uuid.UUID) -> PeerSession:
    """A session whose places the viewer decides about."""
    row = session_or_404(session_id)
    if not access.may_decide_places(viewer(), row, places.governing(row)):
        abort(404)
    return row


@blueprint.get("/sessions/<uuid:session_id>/requests")
@signed_in
def place_requests(session_id: uuid.UUID) -> ResponseReturnValue:
    """Who asks for a place, and what was decided."""
    row = _deciding(session_id)
    return render_template(
        "exchanges/place_requests.html", row=row, asking=places.requests_of(row),
        decided=places.requests_of(row, decided=True, most=50), **_shown(row),
    )  # fmt: skip


def _shown(row: PeerSession) -> dict[str, Any]:
    held = queries.seats_by_session(one.id for one in places.sittings_of(row))
    sittings = [(one, held.get(one.id, 0)) for one in places.sittings_of(row)]
    return {"sittings": sittings, "manages": viewer().can(Permission.MANAGE_EXCHANGES), "now_is": clock.now()}


@blueprint.route("/sessions/<uuid:session_id>/requests/<uuid:request_id>", methods=["GET", "POST"])
@signed_in
def decide_place(session_id: uuid.UUID, request_id: uuid.UUID) -> ResponseReturnValue:
    """Give somebody a place, or say why not."""
    row = _deciding(session_id)
    asked = places.request_of(row, request_id)
    if asked is None:
        abort(404)
    form = DecideForm(data={"organisation": str(asked.organisation_id or "")})
    if request.method == "GET":
        return _decide_page(form, row, asked)
    decision = request.form.get("decision", "")
    if decision not in ("approve", "decline"):
        abort(400)
    if not form.validate():
        return _decide_page(form, row, asked), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    said = form.sentence.data or ""
    try:
        if decision == "approve":
            registering.approve(asked, organisation_id=_uuid(form.organisation.data), sentence=said, by=me(), now=clock.now())
        else:
            registering.decline(asked, sentence=said, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        row = _deciding(session_id)
        return _decide_page(form, row, places.request_of(row, request_id) or asked), refused.status
    answer = sending.leads_to(url_for("exchanges.place_requests", session_id=session_id))
    db.session.commit()
    if decision == "approve":
        flash(_("%(name)s has a place and is told.", name=asked.full_name), "good")
    else:
        flash(_("%(name)s is told that there is no place, and why.", name=asked.full_name), "good")
    return answer


def _decide_page(form: DecideForm, row: PeerSession, asked: PlaceRequest) -> str:
    return render_template("exchanges/place_decide.html", form=form, row=row, asked=asked, **_shown(asked.peer_session))
