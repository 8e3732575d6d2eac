"""See a mail before it leaves, say that a translation is right, send, take back, throw a draft away."""

from __future__ import annotations

import uuid

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.accounts.access import P, me, requires
from app.accounts.reader import viewer_zone
from app.circulars import messages, rules
from app.circulars.forms import SendForm
from app.circulars.models import Audience, Circular
from app.circulars.queries import SUBJECT
from app.circulars.routes import blueprint
from app.circulars.routes.desk import draft_page, found, number
from app.circulars.rules.writing import fields_of
from app.core import clock
from app.core.errors import RuleBroken
from app.core.frames import framed, holds_frames
from app.core.languages import LANGUAGES
from app.core.once import Sending
from app.extensions import db
from app.notifications.rendering import Preview, preview
from app.texts.queries import source_of, standings_of

_REASONS = {Audience.CALL: "call", Audience.GROUND: "ground"}


def _reason(row: Circular) -> str:
    """The reason most of its readers are told, for a mail to look at."""
    if row.audience is Audience.WORKING_GROUP:
        return {"focal_points": "focal_point", "co_leads": "co_lead"}.get(row.chosen[0], "member")
    return _REASONS.get(row.audience) or row.chosen[0]


def _mail(row: Circular, lang_code: str) -> Preview:
    """The mail as a reader of this language would get it; 404 while there is no text for them."""
    if lang_code not in LANGUAGES or not row.has(row.language_for(lang_code)):
        abort(404)
    standings = {s.language: s for s in standings_of(SUBJECT, row.id, fields_of(row))}
    speaker = messages.Speaker(row, standings, source_of(SUBJECT, row.id, fields_of(row)))
    shown = preview(messages.specimen(speaker, lang_code, _reason(row), viewer_zone(), clock.now()))
    return shown or abort(404)


@blueprint.get("/desk/circulars/<uuid:circular_id>/in/<lang_code>")
@requires(P.SEE_DESK)
def desk_mail(circular_id: uuid.UUID, lang_code: str) -> ResponseReturnValue:
    """The mail in one language, before or after it was sent."""
    row = found(circular_id)
    holds_frames()
    mail = _mail(row, lang_code)
    return render_template("circulars/desk_mail.html", row=row, mail=mail, code=lang_code, sent_in=row.language_for(lang_code))


@blueprint.get("/desk/circulars/<uuid:circular_id>/in/<lang_code>/mail")
@requires(P.SEE_DESK)
def desk_mail_html(circular_id: uuid.UUID, lang_code: str) -> ResponseReturnValue:
    """The HTML of that mail for the frame that shows it: no scripts, no forms, nothing from outside."""
    return framed(_mail(found(circular_id), lang_code).html)


@blueprint.post("/desk/circulars/<uuid:circular_id>/reviewed/<lang_code>")
@requires(P.MANAGE_CIRCULARS)
def desk_reviewed(circular_id: uuid.UUID, lang_code: str) -> ResponseReturnValue:
    """The text in a language was read beside its source and is right."""
    if lang_code not in LANGUAGES:
        abort(404)
    row, read = found(circular_id), number(request.form.get("version"))
    back = f"{url_for('circulars.desk_circular', circular_id=circular_id)}#languages"
    try:
        said = rules.reviewed(row, lang_code, version=read, by=me(), now=clock.now())
    except rules.Unread as changed:
        db.session.rollback()
        flash(str(changed.message), "warn")
        return redirect(back, 303)
    except RuleBroken as refused:
        return _refused(circular_id, refused)
    db.session.commit()
    if said:
        flash(_("Your review is noted."), "good")
    return redirect(back, 303)


@blueprint.post("/desk/circulars/<uuid:circular_id>/send")
@requires(P.MANAGE_CIRCULARS)
def desk_send(circular_id: uuid.UUID) -> ResponseReturnValue:
    """Send it. Many mails are looked at first: the commit shows them, and their page sends this form once more."""
    row = found(circular_id)
    form = SendForm()
    if not form.validate():
        return draft_page(row), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        done = rules.send(row, version=number(form.version.data), by=me(), now=clock.now())
    except RuleBroken as refused:
        return _refused(circular_id, refused)
    answer = sending.leads_to(url_for("circulars.desk_circular", circular_id=circular_id))
    waits = row.leaves_at is not None and row.leaves_at > clock.now()
    db.session.commit()
    _say(len(done.mails), waits)
    return answer


def _say(count: int, waits: bool) -> None:
    if waits:
        flash(ngettext("%(num)s mail waits for its hour.", "%(num)s mails wait for their hour.", count), "good")
    else:
        flash(ngettext("%(num)s mail is on its way.", "%(num)s mails are on their way.", count), "good")


def _refused(circular_id: uuid.UUID, refused: RuleBroken) -> ResponseReturnValue:
    """The page again, with the sentence of the rule."""
    db.session.rollback()
    row = found(circular_id)
    if row.is_draft:
        return draft_page(row, refused=refused.message), refused.status
    flash(str(refused.message), "bad")
    return redirect(url_for("circulars.desk_circular", circular_id=circular_id), 303)


@blueprint.post("/desk/circulars/<uuid:circular_id>/take-back")
@requires(P.MANAGE_CIRCULARS)
def desk_take_back(circular_id: uuid.UUID) -> ResponseReturnValue:
    """Take it back before its hour."""
    try:
        rules.take_back(found(circular_id), by=me(), now=clock.now())
    except RuleBroken as refused:
        return _refused(circular_id, refused)
    db.session.commit()
    flash(_("It is taken back. No mail of it leaves."), "good")
    return redirect(url_for("circulars.desk_circular", circular_id=circular_id), 303)


@blueprint.post("/desk/circulars/<uuid:circular_id>/discard")
@requires(P.MANAGE_CIRCULARS)
def desk_discard(circular_id: uuid.UUID) -> ResponseReturnValue:
    """Throw a draft away."""
    try:
        rules.discard(found(circular_id), by=me(), now=clock.now())
    except RuleBroken as refused:
        return _refused(circular_id, refused)
    db.session.commit()
    flash(_("The draft is gone. Nobody got it."))
    return redirect(url_for("circulars.desk_circulars"), 303)
