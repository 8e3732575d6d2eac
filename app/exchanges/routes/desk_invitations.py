"""The secretariat acts on one invitation: answers and delegates on behalf, with their source; and takes it back."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app.accounts.access import Permission, me, requires
from app.accounts.models import Person
from app.accounts.reader import viewer_zone
from app.accounts.rules import find_or_make_contact
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.core.zones import to_wall
from app.exchanges import rules
from app.exchanges.forms import DelegateForm, DelegateOnBehalfForm, OnBehalfForm, SourceForm, UninviteForm
from app.exchanges.models import Invitation
from app.exchanges.routes import planning
from app.exchanges.routes.blueprint import blueprint, invitation_or_404
from app.exchanges.routes.sitting_choice import chosen_sitting, offer_sittings
from app.exchanges.rules.delegating import Source
from app.extensions import db
from app.files.rules import store


@blueprint.route("/desk/invitations/<uuid:invitation_id>/answer", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_answer(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """Record an answer that came by note verbale, e-mail or phone."""
    invitation = invitation_or_404(invitation_id)
    form = OnBehalfForm()
    if request.method == "GET":
        form.notes.data = invitation.wants_notes
        _prefill(form)
        return _answer_page(form, invitation)
    if not form.validate():
        return _answer_page(form, invitation), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        source = source_of(form, invitation)
        rules.answer_on_behalf(
            invitation, answer=form.chosen, wants_notes=form.notes.data, comment=form.comment.data or "", source=source,
            by=me(), now=clock.now(), sitting=chosen_sitting(form, invitation),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _answer_page(form, invitation_or_404(invitation_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_session", session_id=invitation.peer_session_id))
    db.session.commit()
    flash(_("The answer is recorded. %(name)s gets a copy.", name=invitation.person.full_name), "good")
    return answer


def _prefill(form: OnBehalfForm) -> None:
    """From a call just made: it came by phone, today where the one who called is."""
    if request.args.get("source") == "phone":
        form.source_kind.data = "phone"
        form.source_date.data = to_wall(clock.now(), viewer_zone()).date()


def _answer_page(form: OnBehalfForm, invitation: Invitation) -> str:
    offer_sittings(form, invitation.peer_session)
    return render_template("exchanges/desk_answer.html", form=form, invitation=invitation, row=invitation.peer_session)


def source_of(form: SourceForm, invitation: Invitation) -> Source:
    """How it came, with its scan stored."""
    scan = form.scan.data
    stored = None
    if isinstance(scan, FileStorage) and scan.filename:
        stored = store(scan, "source-scan", "invitation", invitation.id, by=me(), now=clock.now(), field="scan")
    return Source(
        kind=form.source_kind.data, number=form.source_number.data or "", on=form.source_date.data,
        scan_id=stored.id if stored is not None else None,
    )  # fmt: skip


@blueprint.route("/desk/invitations/<uuid:invitation_id>/delegate", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_delegate(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """A State names another person by note verbale, e-mail or phone."""
    invitation = invitation_or_404(invitation_id)
    form = DelegateOnBehalfForm(data={"language": invitation.person.language, "replace": "yes", "source_kind": "note_verbale"})
    if request.method == "GET":
        return _delegate_page(form, invitation)
    if not form.validate():
        return _delegate_page(form, invitation), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        source = source_of(form, invitation)
        rules.name_delegate(
            invitation, contact_of(form, invitation), replace=form.replace.data == "yes", source=source, by=me(),
            now=clock.now(),
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _delegate_page(form, invitation_or_404(invitation_id)), refused.status
    answer = sending.leads_to(url_for("exchanges.desk_session", session_id=invitation.peer_session_id))
    db.session.commit()
    flash(_("The delegate is invited."), "good")
    return answer


def _delegate_page(form: DelegateOnBehalfForm, invitation: Invitation) -> str:
    return render_template("exchanges/desk_delegate.html", form=form, invitation=invitation, row=invitation.peer_session)


def contact_of(form: DelegateForm, invitation: Invitation) -> Person:
    """The person a State names: found by address, or new, in the State's zone."""
    language = form.language.data or invitation.person.language
    return find_or_make_contact(
        email=form.email.data, given_name=form.given_name.data or "", family_name=form.family_name.data or "",
        language=language, posts={language: form.post.data} if form.post.data else None,
        zone=invitation.organisation.zone if invitation.organisation else invitation.person.zone,
        organisation_id=invitation.organisation_id, by=me(), now=clock.now(),
    )  # fmt: skip


@blueprint.route("/desk/invitations/<uuid:invitation_id>/uninvite", methods=["GET", "POST"])
@requires(Permission.MANAGE_EXCHANGES)
def desk_uninvite(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """Take one invitation back; the person is told, or not."""
    invitation = invitation_or_404(invitation_id)
    form = UninviteForm()
    form.tell.choices = [
        ("everyone", _("Tell %(name)s: 1 person", name=invitation.person.full_name)),
        ("nobody", planning.tell_choices(1)[1][1]),
    ]
    page = {"form": form, "invitation": invitation, "row": invitation.peer_session}
    if request.method == "GET":
        return render_template("exchanges/desk_uninvite.html", **page)
    if not form.validate():
        return render_template("exchanges/desk_uninvite.html", **page), 422
    try:
        rules.uninvite(invitation, tell=form.tell.data == "everyone", by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        again = invitation_or_404(invitation_id)
        page |= {"invitation": again, "row": again.peer_session}
        return render_template("exchanges/desk_uninvite.html", **page), refused.status
    db.session.commit()
    flash(_("%(name)s is no longer invited.", name=invitation.person.full_name), "good")
    return redirect(url_for("exchanges.desk_session", session_id=invitation.peer_session_id), 303)
