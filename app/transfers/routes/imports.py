"""Imports: choose a table, see row by row what it would do, confirm. Every page works without scripts."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts import rehearsals
from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import best, language
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.core.paging import instant, key_of
from app.core.text import line
from app.exchanges.models import PeerSession
from app.extensions import db
from app.interests.models import Call
from app.interests.queries.queue import call_choices
from app.notifications import leaving, nudge
from app.tables.exporting import form_of
from app.tables.reading import MOST_BYTES
from app.tables.writing import MEDIA, Form
from app.transfers import queries, rules, words
from app.transfers.forms import FORMS, UploadForm, options_of
from app.transfers.kinds import IMPORTERS
from app.transfers.models import Import, ImportState, Kind
from app.transfers.routes import blueprint
from app.transfers.sheets import template

WORK = "transfers.work"


def _found(import_id: uuid.UUID) -> Import:
    return queries.import_in_view(viewer(), import_id) or abort(404)


@blueprint.get("/desk/imports")
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def imports() -> ResponseReturnValue:
    """What can be imported, and what was."""
    after = key_of(request.args.get("after"), (instant, uuid.UUID))
    page = queries.imports_page(viewer(), (after[0], after[1]) if after else None)
    return render_template("transfers/imports.html", page=page, words=words)


@blueprint.get("/desk/imports/template/<any(people,organisations,participants,expressions,calendars):kind>")
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def import_template(kind: str) -> Response:
    """An empty table with headings and a row of hints, in the reader's language."""
    wanted, form = Kind(kind), form_of(request.args.get("form"))
    content = template(IMPORTERS[wanted], str(words.KINDS[wanted]), form, language())
    name = f"{wanted.value}-template.{'xlsx' if form is Form.XLSX else 'csv'}"
    return send_file(content, mimetype=MEDIA[form], as_attachment=True, download_name=name, conditional=False, etag=False)


@blueprint.route("/desk/imports/new/<any(people,organisations,participants,expressions,calendars):kind>", methods=["GET", "POST"])
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def new_import(kind: str) -> ResponseReturnValue:
    """Upload a table. Nothing is changed yet: the next page says what it would do."""
    wanted = Kind(kind)
    form = _offered(FORMS[wanted](session_id=request.args.get("session"), call_id=request.args.get("call")))
    if not form.is_submitted():
        return _form_page(form, wanted)
    if not form.validate():
        return _form_page(form, wanted, 422)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    data = form.file.data.stream.read(MOST_BYTES + 1)
    try:
        made = rules.begin(
            data,
            line(form.file.data.filename or ""),
            wanted,
            options=options_of(form),
            language=language(),
            by=me(),
            now=clock.now(),
        )
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _form_page(form, wanted, 422)
    made_id = made.id
    answer = sending.leads_to(url_for("transfers.import_page", import_id=made_id))
    db.session.commit()
    _begin_work(made_id, at_once=rules.is_small(data))
    return answer


def _begin_work(import_id: uuid.UUID, *, at_once: bool) -> None:
    """Deal with a small table now, and let the worker know of a large one."""
    if at_once:
        rules.work(import_id, now=clock.now())
        db.session.commit()
    else:
        nudge.send(WORK, str(import_id))


def _offered(form: Any) -> UploadForm:
    if "session_id" in form:
        rows = queries.sessions_to_fill(viewer(), clock.now())
        form.session_id.choices = [("", _("Choose a session")), *((str(s.id), str(best(s.titles))) for s in rows)]
    if "call_id" in form:
        form.call_id.choices = [("", _("Choose a call")), *((str(i), str(best(titles))) for i, titles in call_choices().items())]
    given: UploadForm = form
    return given


def _form_page(form: UploadForm, kind: Kind, status: int = 200) -> ResponseReturnValue:
    return render_template("transfers/new.html", form=form, kind=kind, words=words, importer=IMPORTERS[kind]), status


@blueprint.get("/desk/imports/<uuid:import_id>")
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def import_page(import_id: uuid.UUID) -> ResponseReturnValue:
    """Where an import stands: progress, what is wrong and where, what each row does."""
    return _page(_found(import_id))


def _page(row: Import, refused: Any = None, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "transfers/import.html", row=row, words=words, refused=refused, figures=rules.figures(row), subject=_subject(row),
        did=words.DID if row.state is ImportState.DONE else words.WHAT,
        audit=lines_about("import", row.id) if viewer().can(P.READ_AUDIT) else [],
    ), status  # fmt: skip


def _subject(row: Import) -> Any:
    """The session or the call it is for."""
    if row.options.get("session_id"):
        session = db.session.get(PeerSession, uuid.UUID(row.options["session_id"]))
        return best(session.titles) if session else None
    if row.options.get("call_id"):
        call = db.session.get(Call, uuid.UUID(row.options["call_id"]))
        return best(call.titles) if call else None
    return None


@blueprint.post("/desk/imports/<uuid:import_id>/confirm")
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def confirm_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Do what the page said, if the figures are still the same."""
    row = _found(import_id)
    small = row.rows <= rules.SMALL // 3
    try:
        mails = _mails_of(row)
        rules.confirm(row, request.form.get("figures", ""), by=me(), now=clock.now())
        rehearsals.confirm(mails, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return _page(_found(import_id), refused.message, 409)
    db.session.commit()
    _begin_work(import_id, at_once=small)
    return redirect(url_for("transfers.import_page", import_id=import_id), 303)


def _mails_of(row: Import) -> rehearsals.Weighed | None:
    """The mails that its rows will write, looked at before the work begins, which may be another process's."""
    if not IMPORTERS[row.kind].writes or row.state is not ImportState.CHECKED:
        return None
    rules.try_out(row)
    notes = leaving.of_now()
    weighed = rehearsals.look(notes) if notes.to_many else None
    db.session.rollback()
    return weighed


@blueprint.post("/desk/imports/<uuid:import_id>/stop")
@requires(P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
def stop_import(import_id: uuid.UUID) -> ResponseReturnValue:
    """Stop it; nothing was changed."""
    try:
        rules.stop(_found(import_id), by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return _page(_found(import_id), refused.message, 409)
    db.session.commit()
    flash(_("The import stops. Nothing was changed."), "good")
    return redirect(url_for("transfers.import_page", import_id=import_id), 303)
