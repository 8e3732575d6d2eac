"""What hangs on a person's record: memberships, roles, the invitation to join, sign-ins."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, grantable, me, requires, viewer
from app.accounts.forms.desk import LastDayForm, MembershipForm, RoleForm
from app.accounts.models import Membership, Person, Role
from app.accounts.queries.organisations import organisation_choices
from app.accounts.reader import language
from app.accounts.routes import blueprint
from app.accounts.routes.common import see
from app.accounts.routes.people import found, record_page, refusal
from app.accounts.rules import contacts, joining, signing_in
from app.accounts.rules import people as rules
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.extensions import db


def _done(person: Person, sentence: str) -> ResponseReturnValue:
    db.session.commit()
    flash(sentence, "good")
    return see(url_for("accounts.person", person_id=person.id))


@blueprint.post("/desk/people/<uuid:person_id>/memberships")
@requires(P.MANAGE_PEOPLE)
def add_membership(person_id: uuid.UUID) -> Any:
    """The person belongs to an organisation from a day on."""
    row = found(person_id)
    form = MembershipForm()
    form.organisation_id.choices = organisation_choices(language())
    if not form.validate() or form.valid_from.data is None:
        return record_page(row, 422, membership_form=form, form=form)
    organisation_id = uuid.UUID(form.organisation_id.data)
    contacts.belong(row, organisation_id, from_day=form.valid_from.data, by=me(), now=clock.now())
    return _done(row, _("The membership is added."))


@blueprint.post("/desk/people/<uuid:person_id>/memberships/<uuid:membership_id>/end")
@requires(P.MANAGE_PEOPLE)
def end_membership(person_id: uuid.UUID, membership_id: uuid.UUID) -> Any:
    """The person leaves an organisation."""
    row = found(person_id)
    membership = db.session.get(Membership, membership_id)
    if membership is None or membership.person_id != row.id:
        abort(404)
    form = LastDayForm()
    if not form.validate() or form.last_day.data is None:
        return record_page(row, 422, last_day_form=form, form=form)
    try:
        rules.end_membership(membership, form.last_day.data, by=me(), now=clock.now())
    except RuleBroken as error:
        return refusal(row, error)
    return _done(row, _("The membership is ended."))


def _may_give(role: Role | None) -> None:
    """Whoever may not give a role does not learn that the page exists."""
    if role is not None and role not in grantable(viewer()):
        abort(404)


@blueprint.post("/desk/people/<uuid:person_id>/roles")
@requires(P.MANAGE_PEOPLE)
def grant_role(person_id: uuid.UUID) -> Any:
    """Give a role."""
    row = found(person_id)
    form = RoleForm()
    form.offer(viewer())
    if not form.validate():
        return record_page(row, 422, role_form=form, form=form)
    role = Role(form.role.data)
    _may_give(role)
    try:
        rules.grant(row, role, by=me(), now=clock.now())
    except RuleBroken as error:
        return refusal(row, error)
    return _done(row, _("The role is given. The person signs in anew."))


@blueprint.post("/desk/people/<uuid:person_id>/roles/<role>/end")
@requires(P.MANAGE_PEOPLE)
def end_role(person_id: uuid.UUID, role: str) -> Any:
    """Take a role back."""
    row = found(person_id)
    if role not in set(Role):
        abort(404)
    _may_give(Role(role))
    try:
        rules.end_role(row, Role(role), by=me(), now=clock.now())
    except RuleBroken as error:
        return refusal(row, error)
    return _done(row, _("The role is ended."))


@blueprint.post("/desk/people/<uuid:person_id>/invite")
@requires(P.MANAGE_PEOPLE)
def invite_to_join(person_id: uuid.UUID) -> Any:
    """Mail a single-use link that makes an account."""
    row = found(person_id)
    form = RoleForm(prefix="join")
    form.offer(viewer(), also_none=True)
    if not form.validate():
        return record_page(row, 422, join_form=form, form=form)
    role = None if form.role.data == "none" else Role(form.role.data)
    _may_give(role)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        joining.invite(row, role, by=me(), now=clock.now())
    except RuleBroken as error:
        return refusal(row, error)
    sending.leads_to(url_for("accounts.person", person_id=row.id))
    return _done(row, _("The invitation to join is on its way."))


@blueprint.post("/desk/people/<uuid:person_id>/sign-ins/end")
@requires(P.MANAGE_PEOPLE)
def end_sign_ins(person_id: uuid.UUID) -> ResponseReturnValue:
    """Sign a person out everywhere."""
    row = found(person_id)
    signing_in.sign_out_everywhere(row, by=me(), now=clock.now())
    return _done(row, _("The person is signed out everywhere."))
