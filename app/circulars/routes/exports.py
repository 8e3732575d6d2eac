"""Circulars, those a circular is for, and the call list as downloads."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.circulars import queries, tables
from app.circulars.queries import phone
from app.circulars.routes import blueprint
from app.circulars.routes.desk import found
from app.circulars.routes.phone import session_asked
from app.core import clock
from app.extensions import db
from app.tables.exporting import Table, download


def _sent(table: Table) -> ResponseReturnValue:
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


@blueprint.get("/desk/circulars/table")
@requires(P.SEE_DESK)
def circulars_table() -> ResponseReturnValue:
    """All circulars as a table, drafts too."""
    now = clock.now()
    return _sent(Table("circulars", _("Circulars"), tables.circulars(now), queries.all_circulars(viewer(), now)))


@blueprint.get("/desk/circulars/<uuid:circular_id>/recipients/table")
@requires(P.SEE_DESK, P.SEE_PEOPLE)
def recipients_table(circular_id: uuid.UUID) -> ResponseReturnValue:
    """Everyone a sent circular is for as a table, with what became of each mail; a draft's has no rows."""
    row = found(circular_id)
    table = Table("recipients", _("Who it is for"), tables.RECIPIENTS, queries.all_recipients(row), {"circular": row.id})
    return _sent(table)


@blueprint.get("/desk/phone/table")
@requires(P.SEE_PEOPLE, P.SEE_ALL_EXCHANGES)
def phone_table() -> ResponseReturnValue:
    """The call list as a table, in its order at this moment."""
    now, session = clock.now(), session_asked(request.args.get("session"))
    rows = phone.to_call(viewer(), now, session)
    filters = {"session": session.id if session else None}
    return _sent(Table("call-list", _("By phone"), tables.phone(now), rows, filters))
