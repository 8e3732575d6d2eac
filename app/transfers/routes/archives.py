"""Archives of exchanges that are over: asked for here, made by the worker, fetched for two weeks."""

from __future__ import annotations

import uuid

from flask import Response, abort, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.audit.rules import record
from app.core import clock
from app.core.errors import RuleBroken
from app.core.once import Sending
from app.exchanges.models import Exchange
from app.exchanges.queries import exchange_for
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.notifications import nudge
from app.transfers import archiving, queries, words
from app.transfers.forms import AskForm
from app.transfers.routes import blueprint

MAKE = "transfers.archive"


def _exchange(exchange_id: uuid.UUID) -> Exchange:
    return exchange_for(viewer(), exchange_id) or abort(404)


@blueprint.get("/desk/exchanges/<uuid:exchange_id>/archives")
@requires(P.MANAGE_EXCHANGES, P.SEE_PEOPLE, P.SEE_OUTBOX)
def archives(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """The archives of an exchange, and the button that asks for one."""
    return _page(_exchange(exchange_id), AskForm())


def _page(exchange: Exchange, form: AskForm, status: int = 200) -> ResponseReturnValue:
    now = clock.now()
    return render_template(
        "transfers/archives.html", exchange=exchange, form=form, words=words, archives=queries.archives_of(exchange.id, now),
        over=queries.is_over(exchange, now),
    ), status  # fmt: skip


@blueprint.post("/desk/exchanges/<uuid:exchange_id>/archives")
@requires(P.MANAGE_EXCHANGES, P.SEE_PEOPLE, P.SEE_OUTBOX)
def ask_for_archive(exchange_id: uuid.UUID) -> ResponseReturnValue:
    """Ask for an archive in the reader's language."""
    exchange, form = _exchange(exchange_id), AskForm()
    if not form.validate():
        return _page(exchange, form, 422)
    sending = Sending(form, clock.now())
    if sending.before:
        return sending.again()
    try:
        made = archiving.ask(exchange, language=language(), by=me(), now=clock.now()).id
    except RuleBroken as refused:
        db.session.rollback()
        form.refuse(refused)
        return _page(_exchange(exchange_id), form, 409)
    answer = sending.leads_to(url_for("transfers.archives", exchange_id=exchange_id))
    db.session.commit()
    nudge.send(MAKE, str(made))
    flash(_("The archive is being made. Look again in a minute."), "good")
    return answer


@blueprint.get("/desk/archives/<uuid:archive_id>/file")
@requires(P.MANAGE_EXCHANGES, P.SEE_PEOPLE, P.SEE_OUTBOX)
def archive_file(archive_id: uuid.UUID) -> Response:
    """The archive itself."""
    found = queries.archive(archive_id, clock.now())
    stored = db.session.get(StoredFile, found.file_id) if found is not None and found.file_id else None
    if found is None or stored is None or exchange_for(viewer(), found.exchange_id) is None:
        abort(404)
    answer = files.response(stored)
    record("archive.downloaded", "archive", found.id, by=me(), now=clock.now())
    db.session.commit()
    return answer
