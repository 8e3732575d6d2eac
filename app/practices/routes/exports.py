"""Practices, tools or resources as a download, drafts too, for those who see them at the desk."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.extensions import db
from app.practices import tables, words
from app.practices.queries import all_written
from app.practices.routes import blueprint
from app.practices.routes.desk import asked_kind
from app.tables.exporting import Table, download


@blueprint.get("/desk/practices/table")
@requires(P.SEE_DESK)
def library_table() -> ResponseReturnValue:
    """All records of a kind as a table, with the state of each translation."""
    kind = asked_kind()
    table = Table(words.TABLES[kind], words.PLURALS[kind], tables.library(kind), all_written(viewer(), kind))
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer
