"""The secretariat's circulars: the list, a new one, a draft with the state of its translations, a sent one with its outcomes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.queries.people import names_of
from app.accounts.reader import best, language, viewer_zone
from app.audit.queries import lines_about
from app.circulars import queries, rules, words
from app.circulars.access import may_edit
from app.circulars.forms import CircularForm, SendForm
from app.circulars.models import Audience, Circular, Visibility
from app.circulars.queries import SUBJECT
from app.circulars.routes import blueprint
from app.circulars.rules.sending import problems
from app.circulars.rules.writing import fields_of
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import joined, texts_of
from app.core.once import Sending
from app.core.when import time_text
from app.core.zones import offset_text
from app.extensions import db
from app.interests.models import Status
from app.notifications.leaving import MANY
from app.texts.queries import source_of, standings_of
from app.texts.words import STATES


def found(circular_id: uuid.UUID) -> Circular:
    """The circular, or 404."""
    return queries.circular_in_view(viewer(), circular_id, clock.now()) or abort(404)


@blueprint.get("/desk/circulars")
@requires(P.SEE_DESK)
def desk_circulars() -> ResponseReturnValue:
    """All circulars, drafts too, newest first."""
    page = queries.circulars_page(viewer(), clock.now(), after=request.args.get("after"))
    return render_template(
        "circulars/desk_list.html", page=page, is_first=not request.args.get("after"),
        counts=queries.mails_by_circular([row.id for row in page.rows if row.sent_at]), audiences=list(Audience),
    )  # fmt: skip


@blueprint.route("/desk/circulars/new", methods=["GET", "POST"])
@requires(P.MANAGE_CIRCULARS)
def desk_new() -> ResponseReturnValue:
    """Write one: for an exchange, a call, a ground or the working group; or a correction of one that was sent."""
    corrected = _corrected(request.args.get("corrects"))
    audience = _audience(corrected)
    form = circular_form(audience, _usual(corrected) if request.method == "GET" else None)
    if request.method == "GET":
        return _form_page(form, None, corrected)
    if not form.validate():
        return _form_page(form, None, corrected), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        row = rules.write(plan_of(form), corrects=corrected, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        _refuse(form, refused)
        return _form_page(form, None, _corrected(request.args.get("corrects"))), refused.status
    answer = sending.leads_to(url_for("circulars.desk_circular", circular_id=row.id))
    db.session.commit()
    flash(_("It is saved as a draft. Nobody gets it yet."), "good")
    return answer


def _corrected(given: str | None) -> Circular | None:
    """The circular in the address that is to be corrected; one that is not there is 404."""
    if not given:
        return None
    try:
        return found(uuid.UUID(given))
    except ValueError:
        abort(404)


def _audience(corrected: Circular | None) -> Audience:
    if corrected is not None:
        return corrected.audience
    asked = request.args.get("to", "")
    if asked in set(Audience):
        return Audience(asked)
    return Audience.CALL if request.args.get("call") else Audience.EXCHANGE


def _usual(corrected: Circular | None) -> dict[str, Any]:
    """What a new one begins with: what the address names, or those the corrected one was for."""
    if corrected is not None:
        return {**data_of(corrected), "subjects": {}, "texts": {}, "start_date": None, "start_time": None, "zone": viewer_zone()}
    return {
        "source": language(), "fallback": "en", "zone": viewer_zone(), "visibility": Visibility.RECIPIENTS.value,
        "exchange_id": request.args.get("exchange", ""), "call_id": request.args.get("call", ""),
        "statuses": [Status.ACCEPTED.value],
    }  # fmt: skip


def data_of(row: Circular) -> dict[str, Any]:
    """A circular as its form shows it."""
    wall = row.not_before_local
    return {
        "version": str(row.version), "exchange_id": str(row.exchange_id or ""), "call_id": str(row.call_id or ""),
        "part": row.chosen[0] if row.chosen else None, "statuses": row.chosen, "grounds": row.grounds,
        "source": source_of(SUBJECT, row.id, fields_of(row)), "subjects": row.subjects, "texts": row.texts,
        "fallback": row.fallback, "visibility": row.visibility.value, "zone": row.zone, "fold": str(row.fold),
        "start_date": wall.date() if wall else None, "start_time": wall.time() if wall else None,
    }  # fmt: skip


def circular_form(audience: Audience, data: dict[str, Any] | None) -> CircularForm:
    """The form for those it is for."""
    form = CircularForm(data=data, audience=audience)
    if audience is Audience.EXCHANGE:
        exchanges = queries.exchanges_to_write_to(viewer(), _id(form.exchange_id.data))
        form.exchange_id.choices = [("", ""), *((str(e.id), str(best(e.themes))) for e in exchanges)]
    if audience is Audience.CALL:
        calls = queries.calls_to_write_to(viewer(), _id(form.call_id.data))
        form.call_id.choices = [("", ""), *((str(c.id), str(best(c.titles))) for c in calls)]
    return form


def plan_of(form: CircularForm) -> rules.Plan:
    """What was typed, as a plan."""
    to_call = form.audience is Audience.CALL
    part = (form.part.data,) if form.part.data else ()
    return rules.Plan(
        audience=form.audience, subjects=texts_of(form.subjects), texts=texts_of(form.texts), source=form.source.data,
        fallback=form.fallback.data, zone=form.zone.data, exchange_id=_id(form.exchange_id.data), call_id=_id(form.call_id.data),
        grounds=tuple(form.grounds.data or ()), chosen=tuple(form.statuses.data or ()) if to_call else part,
        visibility=Visibility(form.visibility.data), not_before=joined(form.start_date.data, form.start_time.data),
        fold=int(form.fold.data) if form.fold.data in ("0", "1") else None,
    )  # fmt: skip


def _id(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _refuse(form: CircularForm, refused: RuleBroken) -> None:
    """Put a refusal on the form; a time that happens twice brings its two radio buttons."""
    if isinstance(refused, rules.ClockFold):
        both = enumerate((refused.first, refused.second))
        form.fold.choices = [(str(number), _fold_label(instant, form.zone.data)) for number, instant in both]
    form.refuse(refused)


def _fold_label(instant: datetime, zone: str) -> str:
    label: str = _(
        "%(time)s, %(offset)s (%(utc)s UTC)",
        time=time_text(instant, zone), offset=offset_text(instant, zone), utc=time_text(instant, "UTC"),
    )  # fmt: skip
    return label


def _form_page(form: CircularForm, row: Circular | None, corrected: Circular | None, conflict: Conflict | None = None) -> str:
    return render_template(
        "circulars/form.html", form=form, row=row, corrected=corrected, met=conflict, Audience=Audience, FIELDS=words.FIELDS,
    )  # fmt: skip


@blueprint.route("/desk/circulars/<uuid:circular_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_CIRCULARS)
def desk_edit(circular_id: uuid.UUID) -> ResponseReturnValue:
    """Change a draft. The second of two editors sees what the first one changed."""
    row = found(circular_id)
    if not may_edit(viewer(), row):
        return redirect(url_for("circulars.desk_circular", circular_id=row.id))
    form = circular_form(row.audience, data_of(row) if request.method == "GET" else None)
    if request.method == "GET":
        return _form_page(form, row, row.corrects)
    if not form.validate():
        return _form_page(form, row, row.corrects), 422
    try:
        rules.change(row, plan_of(form), version=number(form.version.data), by=me(), now=clock.now())
    except Conflict as conflict:
        db.session.rollback()
        row = found(circular_id)
        form.version.data = str(row.version)
        form.form_errors.append(conflict.message)
        return _form_page(form, row, row.corrects, conflict), 409
    except RuleBroken as refused:
        db.session.rollback()
        _refuse(form, refused)
        row = found(circular_id)
        return _form_page(form, row, row.corrects), refused.status
    db.session.commit()
    flash(_("It is saved."), "good")
    return redirect(url_for("circulars.desk_circular", circular_id=circular_id), 303)


def number(text: str | None) -> int:
    """A version as a form sends it; an impossible one for anything that is not a number."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1


@blueprint.get("/desk/circulars/<uuid:circular_id>")
@requires(P.SEE_DESK)
def desk_circular(circular_id: uuid.UUID) -> ResponseReturnValue:
    """One circular: a draft with what its sending would do, or a sent one with what became of each mail."""
    row = found(circular_id)
    return draft_page(row) if row.is_draft else _sent_page(row)


def draft_page(row: Circular, refused: Any = None) -> str:
    """A draft: languages, numbers, names of those no mail reaches, the button that sends."""
    standings = standings_of(SUBJECT, row.id, fields_of(row))
    spread = queries.distribution_of(row, clock.now())
    form = SendForm(formdata=None)
    form.version.data = str(row.version)
    return render_template(
        "circulars/desk_draft.html", row=row, standings=standings, spread=spread, send_form=form, refused=refused,
        problems=problems(row, standings), bulk=MANY, STATES=STATES, sees_names=viewer().can(P.SEE_PEOPLE), **_beside(row),
    )  # fmt: skip


def _sent_page(row: Circular) -> str:
    sees = viewer().can(P.SEE_PEOPLE)
    return render_template(
        "circulars/desk_sent.html", row=row, states=queries.states_of(row), unreached=queries.unreached_of(row),
        page=queries.recipients_page(row, after=request.args.get("after")) if sees else None, sees_names=sees,
        is_first=not request.args.get("after"), corrections=queries.corrections_of(row, viewer(), clock.now()),
        is_out=row.is_out(clock.now()), may_take_back=not row.is_out(clock.now()) and row.is_sent, **_beside(row),
    )  # fmt: skip


def _beside(row: Circular) -> dict[str, Any]:
    """What both pages show: who wrote and sent it, and the log."""
    return {
        "names": names_of({row.made_by, row.sent_by}),
        "lines": lines_about(SUBJECT, row.id) if viewer().can(P.READ_AUDIT) else [],
        "Audience": Audience,
        "has_text": [s for s in row.subjects if row.has(s)],
    }
