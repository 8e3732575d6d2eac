"""The desk of answers that were not understood: the mail as text, the reason in plain words, two buttons."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.models import Person
from app.accounts.reader import best
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import RuleBroken
from app.core.tokens import hidden
from app.exchanges import queries, rules
from app.exchanges.forms import ButtonForm, RecordForm
from app.exchanges.models import Answer, PeerSession
from app.exchanges.queries import SUBJECT
from app.exchanges.routes.blueprint import blueprint, invitation_or_404
from app.exchanges.rules.replying import PARTSTATS
from app.extensions import db
from app.notifications.models import InboundMail, Verdict
from app.notifications.spoken import suggestion


@blueprint.get("/desk/replies")
@requires(Permission.JUDGE_REPLIES)
def replies() -> ResponseReturnValue:
    """Mails that wait for a person, oldest first."""
    shown = queries.unclear_mails(after=request.args.get("after"))
    return render_template("exchanges/replies.html", page=shown, suggested=suggested)


def suggested(mail: InboundMail) -> Any:
    """The answer that a mail seems to give: by its calendar part, else by its words. Never more than a suggestion."""
    told = mail.reply or {}
    answers = str(told.get("method") or "REPLY") == "REPLY"
    found = PARTSTATS.get(str(told.get("partstat", "")).upper()) if answers else None
    if found is None and not told:
        said = suggestion(mail.body, mail.subject)
        found = Answer(said) if said else None
    return found


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
        form.answer.data = suggested(mail)
    return form


def _page(mail: InboundMail, form: RecordForm) -> str:
    lines = lines_about("inbound_mail", mail.id) if viewer().can(Permission.READ_AUDIT) else []
    return render_template(
        "exchanges/reply.html", mail=mail, body=hidden(mail.body), form=form, aside=ButtonForm(), lines=lines,
        suggested=suggested(mail), about=_about(mail), told=mail.reply or {}, can_be_told=rules.can_be_told(mail),
    )  # fmt: skip


def _about(mail: InboundMail) -> dict[str, Any]:
    """What is shown beside the mail, as its reason has it."""
    row = db.session.get(PeerSession, mail.subject_id) if mail.subject_kind == SUBJECT and mail.subject_id else None
    about: dict[str, Any] = {"session": row}
    if mail.person_id is not None:
        about["person"] = db.session.get(Person, mail.person_id)
    if mail.reason in ("delegated", "delegate_answers"):
        about["delegate"] = rules.delegate_of(mail)
        found = next((i for i in queries.invitations_for_mail(mail, clock.now()) if i.person_id == mail.person_id), None)
        about["invitation"] = found
    if mail.reason == "counter" and row is not None and row.is_open:
        starts_at = rules.proposed_start(mail)
        minutes = int((mail.reply or {}).get("minutes") or row.minutes)
        counts = queries.counts(row)
        about |= {
            "starts_at": starts_at, "minutes": minutes, "end": starts_at + timedelta(minutes=minutes), "counts": counts,
            "meaning": queries.meaning_of(row, starts_at, minutes), "past": starts_at <= clock.now(),
        }  # fmt: skip
    return about


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
        rules.record_by_hand(
            mail, invitation, answer=Answer(form.answer.data), remember=form.remember.data, by=me(), now=clock.now()
        )
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


@blueprint.post("/desk/replies/<uuid:mail_id>/decide")
@requires(Permission.JUDGE_REPLIES, Permission.MANAGE_EXCHANGES)
def decide_reply(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Do what the mail asks for, or say no to it."""
    mail = _mail(mail_id)
    decision = request.form.get("decision", "")
    if decision not in ("accept", "refuse"):
        abort(400)
    verb = rules.accept if decision == "accept" else rules.refuse
    try:
        verb(mail, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        flash(str(refused.message), "bad")
        mail = _mail(mail_id)
        return _page(mail, _form(mail)), refused.status
    db.session.commit()
    flash(_("Done. Whoever has to know is told."), "good")
    return redirect(url_for("exchanges.replies"), 303)
