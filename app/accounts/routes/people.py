"""The secretariat's pages of people: list, record, new, edit, deactivate."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import holdings, sessions
from app.accounts.access import P, grantable, me, requires, viewer
from app.accounts.forms.desk import DeactivateForm, LastDayForm, MembershipForm, PersonForm, RoleForm
from app.accounts.models import Person
from app.accounts.queries import designations, handing_over
from app.accounts.queries import organisations as reads_organisations
from app.accounts.queries import people as reads
from app.accounts.queries.mails import in_words
from app.accounts.queries.phoning import calls_of
from app.accounts.queries.reach import other_addresses_of
from app.accounts.reader import language, viewer_zone
from app.accounts.routes import blueprint
from app.accounts.routes.common import page, refused, see, version_of
from app.accounts.routes.profile import fields_of, values_of
from app.accounts.rules import people as rules
from app.accounts.words import CAPACITIES, CHANNELS, METHODS, ROLES, STANDINGS
from app.audit.queries import lines_about
from app.core import clock, paging
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db
from app.notifications.bounces import trouble_with


def found(person_id: uuid.UUID) -> Person:
    """The person, or 404 when there is none in the viewer's sight."""
    row = reads.person_in_view(viewer(), person_id)
    if row is None:
        abort(404)
    return row


@blueprint.get("/desk/people")
@requires(P.SEE_PEOPLE)
def people() -> ResponseReturnValue:
    """All people by family name, with search."""
    words = request.args.get("words", "")[:200]
    inactive = request.args.get("inactive") == "1"
    after = paging.key_of(request.args.get("after"), (str, uuid.UUID))
    rows = reads.people_page(viewer(), words=words, inactive=inactive, after=(after[0], after[1]) if after else None)
    filters = {"words": words or None, "inactive": "1" if inactive else None}
    return page("people", page=rows, filters=filters, today=sessions.today_of(me(), clock.now()))


def record_page(row: Person, status: int = 200, **forms: Any) -> Any:
    """The page of a person, with a form that was refused in its place."""
    now = clock.now()
    seen = viewer()
    membership = forms.get("membership_form") or MembershipForm(formdata=None, valid_from=sessions.today_of(me(), now))
    membership.organisation_id.choices = [
        ("", _("Choose an organisation")), *reads_organisations.organisation_choices(language())
    ]  # fmt: skip
    roles, join = RoleForm(formdata=None), RoleForm(formdata=None, role="none", prefix="join")
    roles.offer(seen)
    join.offer(seen, also_none=True)
    facts: dict[str, Any] = {
        "role_form": roles,
        "join_form": join,
        "last_day_form": LastDayForm(formdata=None, last_day=sessions.today_of(me(), now)),
        "deactivate_form": DeactivateForm(formdata=None),
        **forms,
        "membership_form": membership,
    }
    return page(
        "person", status, person=row, today=sessions.today_of(row, now), roles=reads.roles_of(row.id),
        named=designations.designations_of_person(row.id), invitation=reads.join_invitation_open(row.id, now),
        sign_ins=sessions.open_of(row.id, now), audit=lines_about("person", row.id) if seen.can(P.READ_AUDIT) else [],
        calls=calls_of(row.id), grantable=grantable(seen), standing=designations.standing, CAPACITIES=CAPACITIES, CHANNELS=CHANNELS,
        to_come=holdings.how_many("invitations", row, now) if row.active else 0, past=handing_over.hand_overs_of(row),
        ROLES=ROLES, STANDINGS=STANDINGS, METHODS=METHODS, trouble=trouble_with(row.email), chosen=in_words(row, now),
        others=other_addresses_of(row), **facts,
    )  # fmt: skip


@blueprint.get("/desk/people/<uuid:person_id>")
@requires(P.SEE_PEOPLE)
def person(person_id: uuid.UUID) -> Any:
    """One person: how they are addressed, where they belong, what they may do, what happened."""
    return record_page(found(person_id))


@blueprint.route("/desk/people/new", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def new_person() -> ResponseReturnValue:
    """Add a person."""
    form = PersonForm(language=language(), zone=viewer_zone(), channel="email")
    if not form.is_submitted():
        return page("person_form", form=form, person=None, changes=[])
    if not form.validate():
        return page("person_form", 422, form=form, person=None, changes=[])
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        row = rules.create(fields_of(form), by=me(), now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "person_form", person=None)
    answer = sending.leads_to(url_for("accounts.person", person_id=row.id))
    db.session.commit()
    flash(_("The person is added."), "good")
    return answer


@blueprint.route("/desk/people/<uuid:person_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def edit_person(person_id: uuid.UUID) -> ResponseReturnValue:
    """Change a person's record."""
    row = found(person_id)
    form = PersonForm(**values_of(row))
    if not form.is_submitted():
        return page("person_form", form=form, person=row, changes=[])
    if not form.validate():
        return page("person_form", 422, form=form, person=row, changes=[])
    try:
        rules.change(row, fields_of(form), version=version_of(form), by=me(), now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "person_form", row=row, person=row)
    db.session.commit()
    flash(_("The record is saved."), "good")
    return see(url_for("accounts.person", person_id=row.id))


@blueprint.post("/desk/people/<uuid:person_id>/deactivate")
@requires(P.MANAGE_PEOPLE)
def deactivate_person(person_id: uuid.UUID) -> Any:
    """Close an account at once."""
    row = found(person_id)
    uninvite = request.form.get("places") == "take_back"
    try:
        rules.deactivate(row, by=me(), now=clock.now(), uninvite=uninvite)
    except RuleBroken as error:
        return refusal(row, error)
    db.session.commit()
    flash(_("The person is deactivated and signed out everywhere."), "good")
    return see(url_for("accounts.person", person_id=row.id))


@blueprint.post("/desk/people/<uuid:person_id>/reactivate")
@requires(P.MANAGE_PEOPLE)
def reactivate_person(person_id: uuid.UUID) -> Any:
    """Open the account again, without roles."""
    row = found(person_id)
    rules.reactivate(row, by=me(), now=clock.now())
    db.session.commit()
    flash(_("The person is active again. Roles have to be given anew."), "good")
    return see(url_for("accounts.person", person_id=row.id))


def refusal(row: Person, error: RuleBroken) -> Any:
    """The person's page again, with the sentence of the rule above it."""
    db.session.rollback()
    flash(str(error.message), "bad")
    return record_page(row, error.status)
