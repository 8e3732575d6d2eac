"""Pilots and their milestones as downloads, under the filters of the list, for those who see every pilot and its people."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.extensions import db
from app.pilots import queries, tables
from app.pilots.routes import blueprint
from app.pilots.routes.public import NAMES, asked_filters
from app.tables.exporting import Table, download


def _sent(table: Table) -> ResponseReturnValue:
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


def _asked() -> dict[str, str | None]:
    return {name: request.args.get(name) for name in NAMES}


@blueprint.get("/desk/pilots/table")
@requires(P.SEE_ALL_PILOTS)
def pilots_table() -> ResponseReturnValue:
    """Pilots as a table."""
    rows = queries.all_pilots(viewer(), asked_filters(), clock.now())
    return _sent(Table("pilots", _("Pilots"), tables.pilots(queries.tools_in_use()), rows, _asked()))


@blueprint.get("/desk/pilots/milestones/table")
@requires(P.SEE_ALL_PILOTS)
def milestones_table() -> ResponseReturnValue:
    """The milestones of these pilots as a table, with the evidence the reader may see."""
    rows = queries.all_milestones(viewer(), asked_filters(), clock.now())
    return _sent(Table("milestones", _("Milestones"), tables.MILESTONES, rows, _asked()))
