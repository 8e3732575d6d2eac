"""The desk of answers that were not understood: the mail as text, the reason in plain words, two buttons."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.reader import best
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import RuleBroken
from app.core.tokens import hidden
from app.exchanges import queries, rules
from app.exchanges.forms import ButtonForm, RecordForm
from app.exchanges.models import Answer
from app.exchanges.routes.blueprint import blueprint, invitation_or_404
from app.extensions import db
from app.notifications.models import InboundMail, Verdict


@blueprint.get("/desk/replies")
@requires(Permission.JUDGE_REPLIES)
def replies() -> ResponseReturnValue:
    """Mails that wait for a person, oldest first."""
    shown = queries.unclear_mails(after=request.args.get("after"))
    return render_template("exchanges/replies.html", page=shown)


def _mail(mail_id: uuid.UUID) -> InboundMail:
    found = db.session.get(InboundMail, mail_id)
    if found is None or found.verdict not in (Verdict.UNCLEAR, Verdict.HANDLED):
        abort(404)
    return found


@blueprint.get("/desk/replies/<uuid:mail_id>")
@requires(Permission.JUDGE_REPLIES)
def reply(mail_id: uuid.UUID) -> ResponseReturnValue:
    """One mail, with the invitations it may be about."""
    mail = _mail(mail_id)
    return _page(mail, _form(mail))


def _form(mail: InboundMail) -> RecordForm:
    """Whose answer it may be: the invitations of the sender and of the person it answers for."""
    form = RecordForm()
    found = queries.invitations_for_mail(mail, clock.now())
    form.invitation.choices = [(str(i.id), f"{i.person.full_name}, {best(i.peer_session.titles)}") for i in found]
    if request.method == "GET" and found:
        form.invitation.data = str(found[0].id)
        form.answer.data = _answer_in(mail)
    return form


def _answer_in(mail: InboundMail) -> str | None:
    """The answer its calendar part names, as a proposal."""
    partstat = str((mail.reply or {}).get("partstat", "")).upper()
    return {"ACCEPTED": Answer.YES, "TENTATIVE": Answer.MAYBE, "DECLINED": Answer.NO}.get(partstat)


def _page(mail: InboundMail, form: RecordForm) -> str:
    lines = lines_about("inbound_mail", mail.id) if viewer().can(Permission.READ_AUDIT) else []
    return render_template("exchanges/reply.html", mail=mail, body=hidden(mail.body), form=form, aside=ButtonForm(), lines=lines)


@blueprint.post("/desk/replies/<uuid:mail_id>/record")
@requires(Permission.JUDGE_REPLIES)
def record_reply(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Record the answer that the mail gives in the reading of the secretariat."""
    mail = _mail(mail_id)
    form = _form(mail)
    if not form.validate_on_submit():
        return _page(mail, form), 422
    try:
        invitation = invitation_or_404(uuid.UUID(form.invitation.data))
        rules.record_by_hand(mail, invitation, answer=Answer(form.answer.data), by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(_mail(mail_id), form), refused.status
    db.session.commit()
    flash(_("The answer is recorded."), "good")
    return redirect(url_for("exchanges.replies"), 303)


@blueprint.post("/desk/replies/<uuid:mail_id>/set-aside")
@requires(Permission.JUDGE_REPLIES)
def set_aside_reply(mail_id: uuid.UUID) -> ResponseReturnValue:
    """The mail changes nothing."""
    mail = _mail(mail_id)
    rules.set_aside(mail, by=me(), now=clock.now())
    db.session.commit()
    flash(_("The mail is set aside."), "good")
    return redirect(url_for("exchanges.replies"), 303)
