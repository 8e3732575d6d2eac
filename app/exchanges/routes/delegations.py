"""A verified focal point answers for the State and chooses its delegates, until an hour before the session starts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.models import Person
from app.accounts.queries import person_by_email
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.exchanges import queries, rules
from app.exchanges.access import may_answer_for_state
from app.exchanges.forms import AnswerForm, DelegateForm
from app.exchanges.models import Invitation
from app.exchanges.routes.blueprint import blueprint, greeting, may_still_answer
from app.exchanges.routes.desk_invitations import contact_of
from app.exchanges.routes.sitting_choice import chosen_sitting, offer_sittings
from app.extensions import db


def _invitation(invitation_id: uuid.UUID) -> Invitation:
    """An invitation that went to a State the viewer answers for."""
    found = queries.invitation(invitation_id)
    if found is None or found.uninvited_at is not None or not may_answer_for_state(viewer(), found):
        abort(404)
    return found


@blueprint.get("/my-state/invitations")
@requires(Permission.ANSWER_FOR_STATE)
def state_invitations() -> ResponseReturnValue:
    """Who of the State is invited to what, and how they answered."""
    now = clock.now()
    page = queries.of_states(viewer().state_ids, now, after=request.args.get("after"))
    sessions: dict[uuid.UUID, list[Invitation]] = {}  # in the order of the page: the soonest first
    for one in page.rows:
        sessions.setdefault(one.peer_session_id, []).append(one)
    return render_template(
        "exchanges/state_invitations.html", page=page, seats=_seats(page.rows), sessions=sessions.values(), now_is=now,
        greeting=greeting(now, me().zone), proposals=queries.proposals_for(viewer().state_ids, now), delegate_of=rules.delegate_of,
    )  # fmt: skip


def _seats(invitations: Sequence[Invitation]) -> dict[uuid.UUID, tuple[int, int]]:
    """Of sessions that count seats: how many the State has, over both sittings, and how many it may have."""
    found = {}
    for one in invitations:
        row = one.peer_session
        if row.id not in found and queries.places.governing(row).quota is not None:
            terms = queries.places.terms(row)
            taken, left = terms.taken.get(one.organisation_id, 0), terms.left(one.organisation_id)
            found[row.id] = (taken, taken + (left or 0))
    return found


@blueprint.post("/my-state/proposals/<uuid:mail_id>")
@requires(Permission.CHOOSE_DELEGATES)
def state_proposal(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Somebody of the State asked by mail to send another person: yes or no."""
    proposal = queries.proposal_for(viewer().state_ids, mail_id, clock.now())
    decision = request.form.get("decision", "")
    if proposal is None:
        abort(404)
    if decision not in ("accept", "refuse"):
        abort(400)
    accepted = decision == "accept"
    try:
        state_id = proposal.invitation.organisation_id
        rules.decide_for_state(proposal.mail, state_id, accepted=accepted, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        flash(str(refused.message), "bad")
        return redirect(url_for("exchanges.state_invitations"), 303)
    db.session.commit()
    flash(_("The delegate is invited.") if accepted else _("The invitation stays as it was; the person is told."), "good")
    return redirect(url_for("exchanges.state_invitations"), 303)


@blueprint.route("/my-state/invitations/<uuid:invitation_id>/answer", methods=["GET", "POST"])
@requires(Permission.ANSWER_FOR_STATE)
def state_answer(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """Answer for a member of the delegation, who gets a copy."""
    invitation = _invitation(invitation_id)
    form = AnswerForm(data={"answer": invitation.answer.value if invitation.answer else None, "notes": invitation.wants_notes})
    if request.method == "GET":
        return _answer_page(form, invitation)
    if not form.validate():
        return _answer_page(form, invitation), 422
    try:
        rules.answer_on_behalf(
            invitation, answer=form.chosen, wants_notes=form.notes.data, comment=form.comment.data or "", by=me(),
            now=clock.now(), sitting=chosen_sitting(form, invitation),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _answer_page(form, _invitation(invitation_id)), refused.status
    db.session.commit()
    flash(_("The answer is recorded. %(name)s gets a copy.", name=invitation.person.full_name), "good")
    return redirect(url_for("exchanges.state_invitations"), 303)


def _answer_page(form: AnswerForm, invitation: Invitation) -> str:
    offer_sittings(form, invitation.peer_session)
    return render_template(
        "exchanges/state_answer.html", form=form, invitation=invitation, row=invitation.peer_session,
        is_open=may_still_answer(invitation.peer_session, invitation),
    )  # fmt: skip


@blueprint.route("/my-state/invitations/<uuid:invitation_id>/delegate", methods=["GET", "POST"])
@requires(Permission.CHOOSE_DELEGATES)
def state_delegate(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """Send another person, in place of the one invited or beside them."""
    form = DelegateForm(data={"language": me().language, "replace": "yes"})
    valid = form.validate_on_submit()
    sending = Sending(form, clock.now()) if valid else None
    if sending is not None and sending.before:  # asked first: the invitation may be the former one's by now
        return sending.again()
    invitation = _invitation(invitation_id)
    if sending is None:
        return _delegate_page(form, invitation), 422 if form.has_errors else 200
    try:
        _refuse_strangers(form.email.data, invitation)
        rules.name_delegate(invitation, contact_of(form, invitation), replace=form.replace.data == "yes", by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _delegate_page(form, _invitation(invitation_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.state_invitations"))
    db.session.commit()
    flash(_("The delegate is invited."), "good")
    return answer


def _delegate_page(form: DelegateForm, invitation: Invitation) -> str:
    return render_template("exchanges/state_delegate.html", form=form, invitation=invitation, row=invitation.peer_session)


def _refuse_strangers(email: str | None, invitation: Invitation) -> None:
    """A focal point names people of the own State; somebody of another delegation is the secretariat's business."""
    person = person_by_email(email)
    if person is not None and not _belongs(person, invitation.organisation_id):
        raise RuleBroken(_("This address belongs to somebody outside your delegation. Write to the secretariat."), field="email")


def _belongs(person: Person, state_id: uuid.UUID | None) -> bool:
    today = clock.now().date()
    current = [m for m in person.memberships if m.valid_to is None or m.valid_to >= today]
    return not current or any(state_id in (m.organisation_id, m.organisation.parent_id) for m in current)
