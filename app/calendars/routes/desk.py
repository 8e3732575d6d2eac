"""The secretariat's pages: each State's year, and the corrections with their sources."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.models import Organisation
from app.accounts.queries.organisations import organisation_in_view, states
from app.accounts.reader import best
from app.audit.queries import lines_about
from app.calendars import queries
from app.calendars.forms import ChoiceForm, CorrectionForm, EndForm
from app.calendars.models import EVERYWHERE, UNITED_NATIONS, OverrideKind
from app.calendars.routes import blueprint
from app.calendars.rules import overrides, times
from app.calendars.state import DAY
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.forms import texts_of
from app.core.once import Sending
from app.core.paging import instant, key_of
from app.core.text import fold
from app.core.zones import to_wall
from app.extensions import db


@blueprint.get("/desk/calendars")
@requires(P.SEE_PEOPLE)
def desk_calendars() -> ResponseReturnValue:
    """States with their week and their next days off."""
    after = key_of(request.args.get("after"), (str, uuid.UUID))
    words = request.args.get("q", "")[:100]
    today = clock.now().date()
    page = queries.states_page(viewer(), words, (after[0], after[1]) if after else None)
    calendars = queries.calendars_of(page.rows, today, today + 60 * DAY)
    return render_template(
        "calendars/desk_list.html", page=page, words=words, calendars=calendars, today=today, is_first=not after,
        lists=queries.lists(),
    )  # fmt: skip


def _state(organisation_id: uuid.UUID) -> Organisation:
    return organisation_in_view(viewer(), organisation_id) or abort(404)


@blueprint.route("/desk/calendars/<uuid:organisation_id>", methods=["GET", "POST"])
@requires(P.SEE_PEOPLE)
def desk_calendar(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """The year of a State or another organisation: its week, its days off and who says so; what it chose."""
    row = _state(organisation_id)
    if request.method == "POST" and not viewer().can(P.MANAGE_PEOPLE):
        abort(404)
    form = choice_form(row)
    if request.method == "GET":
        return _calendar_page(row, form)
    if not form.validate():
        return _calendar_page(row, form), 422
    try:
        save_choice(row, form)
    except RuleBroken as refused:
        db.session.rollback()
        row = _state(organisation_id)
        form.refuse(refused)
        if isinstance(refused, Conflict):
            form.version.data = str(queries.choice_version(row.id))
        return _calendar_page(row, form), 422 if refused.field else refused.status
    db.session.commit()
    flash(_("It is saved."), "good")
    return redirect(url_for("calendars.desk_calendar", organisation_id=organisation_id), 303)


def choice_form(row: Organisation) -> ChoiceForm:
    """What it chose, with the parts of its State that the lists tell apart."""
    chosen = queries.choices_of([row.id]).get(row.id)
    parts = overrides.subdivisions_of(queries.code_of(row))
    data = {
        "version": str(chosen.version if chosen else 0), "subdivision": chosen.subdivision if chosen else "",
        "ramadan": bool(chosen and chosen.ramadan), "friday_prayer": bool(chosen and chosen.friday_prayer),
    }  # fmt: skip
    form = ChoiceForm(data=data if request.method == "GET" or not _is_of_choices() else None)
    named = sorted(parts.items(), key=lambda one: fold(one[1]))
    form.subdivision.choices = [("", _("The whole State")), *((code, f"{name} ({code})") for code, name in named)]
    return form


def _is_of_choices() -> bool:
    return "version" in request.form


def save_choice(row: Organisation, form: ChoiceForm) -> None:
    """Keep what was chosen."""
    version = form.version.data or ""
    times.choose(
        row, subdivision=form.subdivision.data or "", ramadan=bool(form.ramadan.data), friday_prayer=bool(form.friday_prayer.data),
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else -1, code=queries.code_of(row),
        by=me(), now=clock.now(),
    )  # fmt: skip


def _calendar_page(row: Organisation, form: ChoiceForm) -> str:
    today = to_wall(clock.now(), row.zone).date()
    lists = queries.lists()
    first, last = (lists.first_year, lists.last_year) if lists else (today.year - 1, today.year + 3)
    said = request.args.get("year", "")
    year = int(said) if said.isascii() and said.isdecimal() and len(said) == 4 and first <= int(said) <= last else today.year
    calendar = queries.calendars_of([row], date(year, 1, 1), date(year, 12, 31))[row.id]
    days = [(day, what) for day, what in sorted(calendar.days.items()) if day.year == year]
    return render_template(
        "calendars/desk_calendar.html", row=row, form=form, calendar=calendar, days=days, year=year, years=range(first, last + 1),
        today=today, corrections=queries.overrides_of(calendar.code), end_form=EndForm(formdata=None),
        audit=lines_about("organisation", row.id) if viewer().can(P.READ_AUDIT) else [],
    )  # fmt: skip


@blueprint.get("/desk/calendars/corrections")
@requires(P.SEE_PEOPLE)
def desk_corrections() -> ResponseReturnValue:
    """What the secretariat says instead of the lists, newest first; ended ones too."""
    after = key_of(request.args.get("after"), (instant, uuid.UUID))
    ended = request.args.get("ended") == "1"
    page = queries.overrides_page(viewer(), ended=ended, after=(after[0], after[1]) if after else None)
    return render_template(
        "calendars/desk_corrections.html", page=page, ended=ended, is_first=not after, calendars=_calendars(),
        end_form=EndForm(formdata=None),
    )  # fmt: skip


def _calendars() -> dict[str, Any]:
    """Codes of calendars and what they are called."""
    named = {s.code: best(s.names) for s in states() if s.code}
    return {**named, UNITED_NATIONS: _("United Nations"), EVERYWHERE: _("Everybody")}


@blueprint.route("/desk/calendars/corrections/new", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def desk_new_correction() -> ResponseReturnValue:
    """Enter one, with its source and the date of the source."""
    form = CorrectionForm(code=request.args.get("calendar"), kind=OverrideKind.DAY_OFF.value, source_date=clock.now().date())
    named = sorted(_calendars().items(), key=lambda one: fold(str(one[1])))
    form.code.choices = [("", ""), *((code, str(name)) for code, name in named)]
    if not form.is_submitted():
        return _correction_page(form)
    if not form.validate():
        return _correction_page(form), 422
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        overrides.add(_said(form), by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _correction_page(form), 422 if refused.field else refused.status
    answer = sending.leads_to(url_for("calendars.desk_corrections"))
    db.session.commit()
    flash(_("The correction is entered. It holds at once."), "good")
    return answer


def _said(form: Any) -> overrides.Correction:
    return overrides.Correction(
        code=form.code.data, subdivision=form.subdivision.data or "", kind=form.chosen, first_day=form.first_day.data,
        last_day=form.last_day.data, weekend=tuple(form.weekend.data or ()), names=texts_of(form.names),
        source=form.source.data, source_date=form.source_date.data,
    )  # fmt: skip


def _correction_page(form: CorrectionForm) -> str:
    return render_template("calendars/desk_correction_form.html", form=form)


@blueprint.post("/desk/calendars/corrections/<uuid:override_id>/end")
@requires(P.MANAGE_PEOPLE)
def desk_end_correction(override_id: uuid.UUID) -> ResponseReturnValue:
    """It holds no longer; it stays in the list of ended ones."""
    row = queries.override_in_view(viewer(), override_id) or abort(404)
    version = request.form.get("version", "")
    try:
        overrides.end(row, version=int(version) if version.isdecimal() and len(version) < 10 else -1, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        flash(refused.message, "bad")
        return redirect(url_for("calendars.desk_corrections"), 303)
    db.session.commit()
    flash(_("The correction is ended. The lists hold again."), "good")
    return redirect(url_for("calendars.desk_corrections"), 303)
