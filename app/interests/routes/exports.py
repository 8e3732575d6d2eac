"""Calls and the queue as downloads, under the filters of their pages."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.extensions import db
from app.interests import tables
from app.interests.queries.calls import all_calls
from app.interests.queries.queue import whole_queue
from app.interests.routes import blueprint
from app.interests.routes.queue import FILTERS, asked_of_the_queue
from app.tables.exporting import Table, download


def _sent(table: Table) -> ResponseReturnValue:
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


@blueprint.get("/desk/calls/table")
@requires(P.MANAGE_CALLS)
def calls_table() -> ResponseReturnValue:
    """Every call as a table."""
    return _sent(Table("calls", _("Calls"), tables.CALLS, all_calls(viewer())))


@blueprint.get("/desk/expressions/table")
@requires(P.SEE_EXPRESSIONS)
def queue_table() -> ResponseReturnValue:
    """The queue as a table, with all that the records hold and none of the notes."""
    filters = {name: request.args.get(name) for name in FILTERS}
    rows = whole_queue(viewer(), asked_of_the_queue())
    return _sent(Table("expressions", _("Expressions of interest"), tables.queue(), rows, filters))
