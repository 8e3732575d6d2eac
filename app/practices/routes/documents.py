"""Files: handed out under the access of the record they belong to, added and taken away at the desk."""

from __future__ import annotations

import uuid

from flask import Response, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, public, requires, viewer
from app.core import clock
from app.core.errors import RuleBroken
from app.extensions import db
from app.files import rules as files
from app.practices import rules
from app.practices.models import Kind
from app.practices.queries import document_in_view
from app.practices.routes import blueprint, desk


@blueprint.get("/practices/files/<uuid:document_id>")
@public
def document(document_id: uuid.UUID) -> Response:
    """One version of a file, to keep."""
    found = document_in_view(viewer(), document_id)
    return files.response(found.file) if found is not None else abort(404)


@blueprint.post("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>/files")
@requires(P.MANAGE_LIBRARY)
def desk_add_document(kind: str, record_id: uuid.UUID) -> ResponseReturnValue:
    """Add a file, or the next version of one."""
    row = desk.found(Kind(kind), record_id)
    form = desk.document_form()
    if not form.validate():
        return desk.page(Kind(kind), row, document_form=form), 422
    try:
        made = rules.add_document(
            row, form.file.data, form.language.data, note=form.note.data or "", by=me(), now=clock.now()
        )  # fmt: skip
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return desk.page(Kind(kind), desk.found(Kind(kind), record_id), document_form=form), 422
    db.session.commit()
    flash(_("The file is kept as version %(number)s.", number=made.version), "good")
    return redirect(f"{url_for('practices.desk_edit', kind=kind, record_id=record_id)}#files", 303)


@blueprint.post("/desk/practices/<any(practice,tool,resource):kind>/<uuid:record_id>/files/<uuid:document_id>/remove")
@requires(P.MANAGE_LIBRARY)
def desk_remove_document(kind: str, record_id: uuid.UUID, document_id: uuid.UUID) -> ResponseReturnValue:
    """Take a file away."""
    row = desk.found(Kind(kind), record_id)
    found = document_in_view(viewer(), document_id)
    if found is not None and found.object_id == row.id:
        rules.remove_document(row, found, by=me(), now=clock.now())
        db.session.commit()
        flash(_("The file is taken away."))
    return redirect(f"{url_for('practices.desk_edit', kind=kind, record_id=record_id)}#files", 303)
