"""This room's lists as downloads, under the filters of their pages."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import sessions, tables
from app.accounts.access import P, me, requires, viewer
from app.accounts.forms.desk import OrganisationFilter, id_of
from app.accounts.queries.designations import all_designations
from app.accounts.queries.organisations import all_organisations
from app.accounts.queries.people import all_people
from app.accounts.reader import language
from app.accounts.routes import blueprint
from app.accounts.routes.audit_log import asked_of_the_log
from app.audit.queries import all_lines
from app.core import clock
from app.extensions import db
from app.tables.exporting import Table, download


def _sent(table: Table) -> ResponseReturnValue:
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


@blueprint.get("/desk/people/table")
@requires(P.SEE_PEOPLE)
def people_table() -> ResponseReturnValue:
    """People as a table."""
    words, inactive = request.args.get("words", "")[:200], request.args.get("inactive") == "1"
    rows = all_people(viewer(), words=words, inactive=inactive)
    columns = tables.people(sessions.today_of(me(), clock.now()))
    return _sent(Table("people", _("People"), columns, rows, {"words": words, "inactive": inactive}))


@blueprint.get("/desk/organisations/table")
@requires(P.SEE_PEOPLE)
def organisations_table() -> ResponseReturnValue:
    """Organisations as a table."""
    form = OrganisationFilter(request.args)
    words, kind = (form.words.data or "")[:200], form.chosen_kind
    rows = all_organisations(viewer(), words=words, kind=kind)
    filters = {"words": words, "kind": kind.value if kind else None}
    return _sent(Table("organisations", _("Organisations"), tables.ORGANISATIONS, rows, filters))


@blueprint.get("/desk/designations/table")
@requires(P.SEE_PEOPLE)
def designations_table() -> ResponseReturnValue:
    """Designations as a table."""
    waiting, state_id = request.args.get("waiting") == "1", id_of(request.args.get("state"))
    rows = all_designations(viewer(), waiting=waiting, state_id=state_id)
    columns = tables.designations(sessions.today_of(me(), clock.now()))
    return _sent(Table("designations", _("Designations"), columns, rows, {"waiting": waiting, "state": state_id}))


@blueprint.get("/desk/audit/table")
@requires(P.READ_AUDIT)
def audit_table() -> ResponseReturnValue:
    """The audit log as a table."""
    asked, shown = asked_of_the_log()
    return _sent(Table("audit", _("Audit log"), tables.AUDIT, all_lines(**asked), shown))
