"""Several of a State come: one press for all, by its focal point or by the secretariat on its behalf."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import abort, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.exchanges import rules
from app.exchanges.forms import DelegationForm, DelegationOnBehalfForm
from app.exchanges.models import Answer, Invitation, PeerSession, Seat
from app.exchanges.queries import places
from app.exchanges.routes.blueprint import blueprint, may_still_answer, session_or_404
from app.exchanges.routes.desk_invitations import source_of
from app.exchanges.words import ANSWERS
from app.extensions import db


@blueprint.route("/my-state/sessions/<uuid:session_id>/delegation", methods=["GET", "POST"])
@requires(Permission.ANSWER_FOR_STATE)
def state_delegation(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say who of the State comes, several at once."""
    return _several(session_id, viewer().state_ids, DelegationForm(data={}), url_for("exchanges.state_invitations"))


@blueprint.route("/desk/sessions/<uuid:session_id>/delegations/<uuid:organisation_id>", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_delegation(session_id: uuid.UUID, organisation_id: uuid.UUID) -> ResponseReturnValue:
    """The same as a State said it by note verbale, e-mail or phone."""
    form = DelegationOnBehalfForm(data={"source_kind": "note_verbale"})
    return _several(session_id, [organisation_id], form, url_for("exchanges.desk_session", session_id=session_id))


def _several(session_id: uuid.UUID, states: Any, form: DelegationForm, back: str) -> ResponseReturnValue:
    row = session_or_404(session_id)
    members = places.of_one_state(row, states)
    if not members or not may_still_answer(row, members[0]):
        abort(404)
    form.people.choices = [(str(one.id), _named(one)) for one in members]
    if request.method == "GET":
        form.people.data = [str(one.id) for one in members if one.answer is Answer.YES]
        return _page(form, row, members, back)
    if not form.validate():
        return _page(form, row, members, back), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        coming = [one for one in members if str(one.id) in (form.people.data or ())]
        source = source_of(form, coming[0]) if isinstance(form, DelegationOnBehalfForm) else None
        seat = rules.answer_together(coming, source=source, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(form, row, places.of_one_state(row, states), back), refused.status
    answer = sending.leads_to(back)
    db.session.commit()
    if seat is Seat.HELD:
        flash(_("The answers are recorded. All of them have a seat; each gets a mail."), "good")
    else:
        flash(_("The answers are recorded. There are not enough seats for all; each gets a mail about their place."), "warn")
    return answer


def _named(one: Invitation) -> str:
    return f"{one.person.full_name} ({ANSWERS[one.answer]})" if one.answer else one.person.full_name


def _page(form: DelegationForm, row: PeerSession, members: Sequence[Invitation], back: str) -> str:
    terms = places.terms(row)
    return render_template(
        "exchanges/several.html", form=form, row=row, back=back, members=members, left=terms.left(members[0].organisation_id),
        whole=terms.whole, free=max(0, places.free_seats(row)), on_behalf=isinstance(form, DelegationOnBehalfForm),
    )  # fmt: skip
