"""The secretariat's pages of designations: recorded from a letter, then verified or refused by another press."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import sessions
from app.accounts.access import P, me, requires, viewer
from app.accounts.forms.desk import DesignationForm, LastDayForm, ReasonForm, id_of
from app.accounts.models import Capacity, Designation, Person
from app.accounts.queries import designations as reads
from app.accounts.queries.organisations import state_choices
from app.accounts.queries.people import names_of
from app.accounts.reader import language, name_of
from app.accounts.routes import blueprint
from app.accounts.routes.common import number_of, page, refused, see, version_of
from app.accounts.routes.people import found as person_found
from app.accounts.rules import designations as rules
from app.accounts.visibility import may_see
from app.accounts.words import CAPACITIES, STANDINGS
from app.audit.queries import lines_about
from app.core import clock, paging
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile


def _found(designation_id: uuid.UUID) -> Designation:
    row = reads.designation_in_view(viewer(), designation_id)
    if row is None:
        abort(404)
    return row


@blueprint.get("/desk/designations")
@requires(P.SEE_PEOPLE)
def designations() -> ResponseReturnValue:
    """Designations, newest first; those to be verified by a filter."""
    waiting = request.args.get("waiting") == "1"
    state_id = id_of(request.args.get("state"))
    after = paging.key_of(request.args.get("after"), (paging.day, uuid.UUID))
    rows = reads.designations_page(viewer(), waiting=waiting, state_id=state_id, after=(after[0], after[1]) if after else None)
    filters = {"waiting": "1" if waiting else None, "state": str(state_id) if state_id else None}
    return page(
        "designations", page=rows, filters=filters, today=sessions.today_of(me(), clock.now()), standing=reads.standing,
        states=state_choices(language()), CAPACITIES=CAPACITIES, STANDINGS=STANDINGS,
    )  # fmt: skip


def _record_page(row: Designation, status: int = 200, **forms: Any) -> Any:
    now = clock.now()
    facts: dict[str, Any] = {
        "reason_form": ReasonForm(formdata=None),
        "last_day_form": LastDayForm(formdata=None, last_day=sessions.today_of(me(), now)),
        **forms,
    }
    return page(
        "designation", status, designation=row, standing=reads.standing(row, sessions.today_of(row.person, now)),
        names=names_of({row.verified_by, row.recorded_by}),
        scan=db.session.get(StoredFile, row.scan_id) if row.scan_id else None,
        former=row.replaces.person if row.replaces else None,
        audit=lines_about("designation", row.id) if viewer().can(P.READ_AUDIT) else [],
        CAPACITIES=CAPACITIES, STANDINGS=STANDINGS, **facts,
    )  # fmt: skip


@blueprint.get("/desk/designations/<uuid:designation_id>")
@requires(P.SEE_PEOPLE)
def designation(designation_id: uuid.UUID) -> Any:
    """One designation."""
    return _record_page(_found(designation_id))


@blueprint.get("/desk/designations/<uuid:designation_id>/scan")
@requires(P.SEE_PEOPLE)
def designation_scan(designation_id: uuid.UUID) -> ResponseReturnValue:
    """The scan of the letter, as a download."""
    row = _found(designation_id)
    stored = db.session.get(StoredFile, row.scan_id) if row.scan_id else None
    if stored is None or not may_see(viewer(), stored.visibility, row.state_id):
        abort(404)
    return files.response(stored)


def _offered(form: DesignationForm) -> DesignationForm:
    former = [
        (str(d.id), f"{name_of(d.state)} – {d.person.full_name}")
        for d in reads.designations_to_replace(sessions.today_of(me(), clock.now()))
    ]
    form.offer(state_choices(language()), sorted(former, key=lambda c: c[1]))
    return form


def _fields(form: DesignationForm, person: Person) -> dict[str, Any]:
    return {
        "state_id": uuid.UUID(form.state_id.data),
        "person_id": person.id,
        "capacity": Capacity(form.capacity.data),
        "letter_number": form.letter_number.data or "",
        "letter_date": form.letter_date.data,
        "signatory": form.signatory.data,
        "replaces_id": id_of(form.replaces_id.data),
        "valid_from": form.valid_from.data,
        "valid_to": form.valid_to.data,
    }


@blueprint.route("/desk/people/<uuid:person_id>/designations/new", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def new_designation(person_id: uuid.UUID) -> Any:
    """Record a letter that names this person."""
    person = person_found(person_id)
    now = clock.now()
    form = _offered(DesignationForm(state_id=request.args.get("state"), valid_from=sessions.today_of(me(), now)))
    if not form.is_submitted():
        return page("designation_form", form=form, person=person, designation=None, changes=[])
    if not form.validate():
        return page("designation_form", 422, form=form, person=person, designation=None, changes=[])
    sending = Sending(form, now)
    if sending.before:
        return sending.again()
    try:
        row = rules.record_letter(_fields(form, person), by=me(), now=now)
        if form.scan.data:
            scan = files.store(form.scan.data, "designation-letter", "designation", row.id, me(), now, field="scan")
            rules.attach_scan(row, scan.id, by=me(), now=now)
    except RuleBroken as error:
        return refused(form, error, "designation_form", person=person, designation=None)
    answer = sending.leads_to(url_for("accounts.designation", designation_id=row.id))
    db.session.commit()
    flash(_("The designation is recorded. It gives rights once it is verified."), "good")
    return answer


@blueprint.route("/desk/designations/<uuid:designation_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def edit_designation(designation_id: uuid.UUID) -> Any:
    """Correct what was typed, until the letter is verified or refused."""
    row = _found(designation_id)
    start = {"state_id": str(row.state_id), "capacity": row.capacity.value, "replaces_id": str(row.replaces_id or "")}
    form = _offered(DesignationForm(obj=row, **start, version=str(row.version)))
    facts: dict[str, Any] = {"person": row.person, "designation": row}
    if not form.is_submitted():
        return page("designation_form", form=form, changes=[], **facts)
    if not form.validate():
        return page("designation_form", 422, form=form, changes=[], **facts)
    now = clock.now()
    try:
        fields = {name: value for name, value in _fields(form, row.person).items() if name != "person_id"}
        rules.correct(row, fields, version=version_of(form), by=me(), now=now)
        if form.scan.data:
            scan = files.store(form.scan.data, "designation-letter", "designation", row.id, me(), now, field="scan")
            rules.attach_scan(row, scan.id, by=me(), now=now)
    except RuleBroken as error:
        return refused(form, error, "designation_form", row=row, **facts)
    return _done(row, _("The designation is corrected."))


@blueprint.post("/desk/designations/<uuid:designation_id>/verify")
@requires(P.VERIFY_DESIGNATIONS)
def verify_designation(designation_id: uuid.UUID) -> Any:
    """The letter is the State's."""
    row = _found(designation_id)
    try:
        rules.verify(row, version=number_of(request.form.get("version")), by=me(), now=clock.now())
    except RuleBroken as error:
        return _refusal(row, error)
    return _done(row, _("The designation is verified."))


@blueprint.post("/desk/designations/<uuid:designation_id>/refuse")
@requires(P.VERIFY_DESIGNATIONS)
def refuse_designation(designation_id: uuid.UUID) -> Any:
    """The letter cannot be relied on."""
    row = _found(designation_id)
    form = ReasonForm()
    if not form.validate():
        return _record_page(row, 422, reason_form=form, form=form)
    try:
        rules.refuse(row, form.reason.data or "", by=me(), now=clock.now())
    except RuleBroken as error:
        return _refusal(row, error)
    return _done(row, _("The designation is refused."))


@blueprint.post("/desk/designations/<uuid:designation_id>/end")
@requires(P.VERIFY_DESIGNATIONS)
def end_designation(designation_id: uuid.UUID) -> Any:
    """In force until a day."""
    row = _found(designation_id)
    form = LastDayForm()
    if not form.validate() or form.last_day.data is None:
        return _record_page(row, 422, last_day_form=form, form=form)
    try:
        rules.end(row, form.last_day.data, by=me(), now=clock.now())
    except RuleBroken as error:
        return _refusal(row, error)
    return _done(row, _("The last day of the designation is saved."))


def _done(row: Designation, sentence: str) -> ResponseReturnValue:
    db.session.commit()
    flash(sentence, "good")
    return see(url_for("accounts.designation", designation_id=row.id))


def _refusal(row: Designation, error: RuleBroken) -> Any:
    db.session.rollback()
    flash(str(error.message), "bad")
    return _record_page(row, error.status)
