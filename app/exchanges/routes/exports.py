"""Exchanges, sessions and the invitations of a session as downloads, under the filters of their pages."""

from __future__ import annotations

import uuid

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.exchanges import queries, tables
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.extensions import db
from app.tables.exporting import Table, download


def sent(table: Table) -> ResponseReturnValue:
    """Send a table, its line in the log first."""
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


@blueprint.get("/desk/exchanges/table")
@requires(Permission.SEE_ALL_EXCHANGES)
def exchanges_table() -> ResponseReturnValue:
    """Exchanges that stand by themselves, as a table."""
    return sent(Table("exchanges", _("Exchanges"), tables.EXCHANGES, queries.all_exchanges(viewer())))


@blueprint.get("/desk/sessions/table")
@requires(Permission.SEE_ALL_EXCHANGES)
def sessions_table() -> ResponseReturnValue:
    """Sessions to come, or those that are over, as a table."""
    is_past = request.args.get("when") == "past"
    rows = queries.all_sessions(viewer(), clock.now(), is_past=is_past)
    return sent(Table("sessions", _("Sessions"), tables.SESSIONS, rows, {"when": "past" if is_past else None}))


@blueprint.get("/desk/sessions/<uuid:session_id>/invitations/table")
@requires(Permission.SEE_ALL_EXCHANGES)
def invitations_table(session_id: uuid.UUID) -> ResponseReturnValue:
    """The invitations of a session as a table."""
    row, shown = session_or_404(session_id), request.args.get("answer", "")[:20]
    columns = tables.invitations(addresses=viewer().can(Permission.SEE_PEOPLE))
    rows = queries.all_invitations_of(row, answer=shown)
    return sent(Table("invitations", _("Invitations"), columns, rows, {"session": row.id, "answer": shown}))


@blueprint.get("/desk/replies/table")
@requires(Permission.JUDGE_REPLIES)
def replies_table() -> ResponseReturnValue:
    """Answers that were not understood as a table, without their texts."""
    return sent(Table("replies", _("Answers not understood"), tables.REPLIES, queries.all_unclear_mails()))
