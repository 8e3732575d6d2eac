"""The page before mail to many leaves: counts, samples, who gets none, what was found, and one button."""

from __future__ import annotations

import uuid
from datetime import datetime
from urllib.parse import urlsplit

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import rehearsals
from app.accounts.access import P, me, requires, viewer
from app.accounts.next_page import safe_next
from app.audit.queries import lines_about
from app.core import clock
from app.core.frames import framed, holds_frames
from app.dashboards import words
from app.dashboards.routes import blueprint
from app.extensions import db
from app.notifications.leaving import watch
from app.notifications.models import Rehearsal
from app.notifications.rehearsing import SHOWN

watch(rehearsals.gate)


def _found(rehearsal_id: uuid.UUID) -> Rehearsal:
    return rehearsals.find(rehearsal_id) or abort(404)


@blueprint.app_errorhandler(rehearsals.Asked)
def asked(asked: rehearsals.Asked) -> ResponseReturnValue:
    """Nothing of it was done. Every mail is looked at, and the page shows what would leave."""
    db.session.rollback()
    row = rehearsals.keep(asked, back=_back(), by=me(), now=clock.now())
    db.session.commit()
    return redirect(url_for("dashboards.rehearsal", rehearsal_id=row.id), 303)


@blueprint.before_app_request
def pressed_twice() -> ResponseReturnValue | None:
    """The form of a rehearsal that was confirmed already: what it asks for was done."""
    if request.method != "POST" or rehearsals.FIELD not in request.form or not viewer().is_authenticated:
        return None
    row = rehearsals.confirmed_here()
    return None if row is None or row.confirmed_at is None else _once(row.id)


@blueprint.app_errorhandler(rehearsals.Done)
def done(done: rehearsals.Done) -> ResponseReturnValue:
    """Pressed twice at once: it was done once."""
    db.session.rollback()
    return _once(done.rehearsal_id)


def _once(rehearsal_id: uuid.UUID) -> ResponseReturnValue:
    flash(_("You sent this form twice. It was saved once."))
    return redirect(url_for("dashboards.rehearsal", rehearsal_id=rehearsal_id), 303)


def _back() -> str:
    """The page that the press came from, within our own; from the page of a rehearsal, where that one came from."""
    former = rehearsals.confirmed_here()
    if former is not None:
        return former.back
    came = urlsplit(request.referrer or "")
    ours = came.netloc == request.host and safe_next(came.path)
    return ours or url_for("dashboards.desk")


@blueprint.get("/desk/rehearsals/<uuid:rehearsal_id>")
@requires(P.SEE_DESK, P.SEE_PEOPLE, P.SEE_OUTBOX)
def rehearsal(rehearsal_id: uuid.UUID) -> ResponseReturnValue:
    """What would leave, and the button; afterwards, what was confirmed."""
    row = _found(rehearsal_id)
    holds_frames()
    return render_template(
        "dashboards/rehearsal.html", row=row, told=row.told, words=words, shown=SHOWN, field=rehearsals.FIELD,
        moment=_instant(row.told["moment"]), leaves=_instant(row.told["leaves"]), now_is=clock.now(), mine=row.person_id == me().id,
        lines=lines_about("rehearsal", row.id) if viewer().can(P.READ_AUDIT) else [],
    )  # fmt: skip


def _instant(told: str) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


@blueprint.get("/desk/rehearsals/<uuid:rehearsal_id>/mails/<int:number>")
@requires(P.SEE_DESK, P.SEE_PEOPLE, P.SEE_OUTBOX)
def rehearsal_mail(rehearsal_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One of the mails for the frame that shows it: no scripts, no forms, nothing from outside."""
    samples = _found(rehearsal_id).told["samples"]
    if not 0 < number <= len(samples):
        abort(404)
    return framed(samples[number - 1]["html"])
