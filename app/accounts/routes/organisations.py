"""The secretariat's pages of organisations."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import sessions
from app.accounts.access import P, me, requires, viewer
from app.accounts.forms.desk import OrganisationFilter, OrganisationForm, id_of
from app.accounts.models import MailRoute, Organisation, OrganisationKind
from app.accounts.queries import designations, people, routing
from app.accounts.queries import organisations as reads
from app.accounts.reader import language
from app.accounts.routes import blueprint
from app.accounts.routes.common import page, refused, see, version_of
from app.accounts.rules import organisations as rules
from app.accounts.words import CAPACITIES, ORGANISATION_KINDS, ROUTES, STANDINGS, WEEKDAYS
from app.audit.queries import lines_about
from app.core import clock, paging
from app.core.errors import RuleBroken
from app.core.forms import texts_of
from app.core.once import Sending
from app.extensions import db


def found(organisation_id: uuid.UUID) -> Organisation:
    """The organisation, or 404 when there is none in the viewer's sight."""
    row = reads.organisation_in_view(viewer(), organisation_id)
    if row is None:
        abort(404)
    return row


@blueprint.get("/desk/organisations")
@requires(P.SEE_PEOPLE)
def organisations() -> ResponseReturnValue:
    """All organisations by name, with search and kind."""
    form = OrganisationFilter(request.args)
    after = paging.key_of(request.args.get("after"), (str, uuid.UUID))
    words, kind = (form.words.data or "")[:200], form.chosen_kind
    rows = reads.organisations_page(viewer(), words=words, kind=kind, after=(after[0], after[1]) if after else None)
    filters = {"words": words or None, "kind": kind.value if kind else None}
    return page("organisations", form=form, page=rows, filters=filters, KINDS=ORGANISATION_KINDS)


@blueprint.get("/desk/organisations/<uuid:organisation_id>")
@requires(P.SEE_PEOPLE)
def organisation(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """One organisation: names, parts, people, designations, where its mail goes."""
    row = found(organisation_id)
    today = sessions.today_of(me(), clock.now())
    facts: dict[str, Any] = {
        "parts": reads.children_of(row.id),
        "members": people.people_of(row, today),
        "named": designations.designations_of_state(row.id) if row.is_state else [],
        "routing": routing.routes_for([row], today)[row.id] if row.is_state else None,
        "audit": lines_about("organisation", row.id) if viewer().can(P.READ_AUDIT) else [],
    }
    return page(
        "organisation", organisation=row, today=today, standing=designations.standing, KINDS=ORGANISATION_KINDS,
        ROUTES=ROUTES, WEEKDAYS=WEEKDAYS, CAPACITIES=CAPACITIES, STANDINGS=STANDINGS, **facts,
    )  # fmt: skip


def _fields(form: OrganisationForm) -> dict[str, Any]:
    return {
        "kind": OrganisationKind(form.kind.data),
        "names": texts_of(form.names),
        "formal_names": texts_of(form.formal_names),
        "parent_id": id_of(form.parent_id.data),
        "zone": form.zone.data,
        "weekend": sorted(form.weekend.data or []),
        "mail_route": MailRoute(form.mail_route.data),
    }


def _offered(form: OrganisationForm, but: uuid.UUID | None = None) -> OrganisationForm:
    form.offer([c for c in reads.organisation_choices(language()) if c[0] != str(but)])
    return form


@blueprint.route("/desk/organisations/new", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def new_organisation() -> ResponseReturnValue:
    """Add an organisation."""
    form = _offered(OrganisationForm(parent_id=request.args.get("parent"), weekend=["6", "7"], zone="UTC"))
    if not form.is_submitted():
        return page("organisation_form", form=form, organisation=None, changes=[])
    if not form.validate():
        return page("organisation_form", 422, form=form, organisation=None, changes=[])
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        row = rules.create(_fields(form), by=me(), now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "organisation_form", organisation=None)
    answer = sending.leads_to(url_for("accounts.organisation", organisation_id=row.id))
    db.session.commit()
    flash(_("The organisation is added."), "good")
    return answer


@blueprint.route("/desk/organisations/<uuid:organisation_id>/edit", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE)
def edit_organisation(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Change an organisation."""
    row = found(organisation_id)
    start = {"kind": row.kind.value, "mail_route": row.mail_route.value, "version": str(row.version)}
    parent = {"parent_id": str(row.parent_id or "")}
    form = _offered(OrganisationForm(obj=row, **start, **parent), row.id)
    if not form.is_submitted():
        return page("organisation_form", form=form, organisation=row, changes=[])
    if not form.validate():
        return page("organisation_form", 422, form=form, organisation=row, changes=[])
    try:
        rules.change(row, _fields(form), version=version_of(form), by=me(), now=clock.now())
    except RuleBroken as error:
        return refused(form, error, "organisation_form", row=row, organisation=row)
    db.session.commit()
    flash(_("The organisation is saved."), "good")
    return see(url_for("accounts.organisation", organisation_id=row.id))
