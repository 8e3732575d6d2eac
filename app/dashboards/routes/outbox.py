"""The outbox: what was sent to whom, what waits, what failed and why. Links in a shown mail are blank."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.queries.phoning import calls_beside
from app.accounts.reader import language
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import RuleBroken
from app.core.frames import framed, holds_frames
from app.core.text import line
from app.dashboards import links, rules, tables, words
from app.dashboards.queries import outbox as queries
from app.dashboards.routes import blueprint
from app.extensions import db
from app.notifications import pauses
from app.notifications.models import Message, State
from app.notifications.rendering import SECRET_KINDS, Preview, preview
from app.tables.exporting import Table, download

log = logging.getLogger("app.dashboards")


@blueprint.get("/desk/outbox")
@requires(P.SEE_OUTBOX)
def outbox() -> ResponseReturnValue:
    """The list, newest first."""
    wanted = _filters()
    page = queries.page(wanted)

    def at(**key: Any) -> str:
        return url_for("dashboards.outbox", **{**_asked(wanted), **key})

    return render_template(
        "dashboards/outbox.html",
        page=page,
        paused=pauses.present(clock.now()),
        wanted=wanted,
        newer_url=at(after=page.newer) if page.newer else None,
        older_url=at(before=page.older) if page.older else None,
        words=words,
        states=State,
        filtered=bool(_asked(wanted)),
        asked=_asked(wanted),
    )


@blueprint.get("/desk/outbox/table")
@requires(P.SEE_OUTBOX)
def outbox_table() -> ResponseReturnValue:
    """The outbox as a table, under the same filters. What a mail says stays out of it: its links open something."""
    wanted = _filters()
    table = Table("outbox", _("Outbox"), tables.OUTBOX, queries.all_messages(wanted), _asked(wanted))
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


def _filters() -> queries.Filters:
    """The filters of the address; what makes no sense counts as not asked."""
    args = request.args
    state = args.get("state", "")
    kind = args.get("kind", "")
    return queries.Filters(
        state=State(state) if state in set(State) else None,
        kind=kind if kind in words.KINDS else None,
        words=line(args.get("q", ""))[:200],
        before=_key(args.get("before")),
        after=_key(args.get("after")),
    )


def _asked(wanted: queries.Filters) -> dict[str, str]:
    """The filters as an address carries them, without the place in the list."""
    asked = {"state": wanted.state.value if wanted.state else "", "kind": wanted.kind or "", "q": wanted.words}
    return {name: value for name, value in asked.items() if value}


def _key(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def _load(message_id: uuid.UUID) -> Message:
    found = queries.message(message_id)
    if found is None:
        abort(404)
    return found


@blueprint.get("/desk/outbox/<uuid:message_id>")
@requires(P.SEE_OUTBOX)
def message(message_id: uuid.UUID) -> ResponseReturnValue:
    """One mail as its recipient sees it, its calendar part, and what became of it."""
    return _page(_load(message_id))


def _page(found: Message, refused: Any = None, code: int = 200) -> ResponseReturnValue:
    holds_frames()
    now = clock.now()
    repeat = queries.sent_again(found.id)
    can = viewer().can(P.MANAGE_OUTBOX)
    page = render_template(
        "dashboards/message.html",
        message=found,
        mail=_shown(found),
        repeat=repeat,
        original=found.resend_of,
        refused=refused,
        may_send_again=can and rules.may_send_again(found, now),
        may_send_now=can and found.state is State.QUEUED and found.due_at > now,
        secret=found.kind in SECRET_KINDS,
        calls=calls_beside(found) if viewer().can(P.SEE_PEOPLE) else [],
        lines=lines_about("message", found.id) if viewer().can(P.READ_AUDIT) else [],
        words=words,
        state=State,
        link=links.to,
    )
    return page, code


def _shown(found: Message) -> Preview | None:
    """The mail with its links blank; nothing of a mail that opens an account, or whose text cannot be made."""
    try:
        return preview(found)
    except Exception:  # a template that fails for these facts fails for the sender too: the page says so and stays
        log.exception("mail %s cannot be shown", found.id)
        return None


@blueprint.get("/desk/outbox/<uuid:message_id>/mail")
@requires(P.SEE_OUTBOX)
def message_html(message_id: uuid.UUID) -> ResponseReturnValue:
    """The HTML of a mail for the frame that shows it: no scripts, no forms, nothing from outside."""
    mail = _shown(_load(message_id))
    if mail is None or not mail.html:
        abort(404)
    return framed(mail.html)


@blueprint.post("/desk/outbox/<uuid:message_id>/again")
@requires(P.MANAGE_OUTBOX)
def send_again(message_id: uuid.UUID) -> ResponseReturnValue:
    """Send a mail again that ended."""
    found = _load(message_id)
    try:
        again = rules.send_again(found, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return _page(_load(message_id), refused.message, 409)
    db.session.commit()
    flash(_("The mail is on its way again."), "good")
    return redirect(url_for("dashboards.message", message_id=again), 303)


@blueprint.post("/desk/outbox/<uuid:message_id>/now")
@requires(P.MANAGE_OUTBOX)
def send_now(message_id: uuid.UUID) -> ResponseReturnValue:
    """Let a waiting mail leave at once."""
    found = _load(message_id)
    try:
        rules.send_now(found, by=me(), now=clock.now())
    except RuleBroken as refused:
        db.session.rollback()
        return _page(_load(message_id), refused.message, 409)
    db.session.commit()
    flash(_("The mail leaves now."), "good")
    return redirect(url_for("dashboards.message", message_id=message_id), 303)
