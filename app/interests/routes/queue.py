"""The secretariat's queue."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.accounts.access import P, requires, viewer
from app.accounts.queries import states
from app.accounts.reader import best, language
from app.core.paging import key_of
from app.core.text import clean, fold
from app.interests import queries
from app.interests.forms.fields import ground_choices, to_uuid
from app.interests.models import Source, Status
from app.interests.queries.queue import Filters, call_choices
from app.interests.routes import blueprint
from app.interests.words import SOURCES, STATUSES


@blueprint.get("/desk/expressions")
@requires(P.SEE_EXPRESSIONS)
def queue() -> ResponseReturnValue:
    """Expressions of interest, newest first; without a filter those that wait for a decision."""
    wanted = _filters()
    after = key_of(request.args.get("after"), (datetime.fromisoformat, uuid.UUID))
    page = queries.queue_page(viewer(), wanted, (after[0], after[1]) if after else None)
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k != "after" and v}
    known = states()
    names = {s.id: best(s.names) for s in known}
    options = sorted(((str(i), str(name)) for i, name in names.items()), key=lambda o: fold(o[1]))
    return render_template(
        "interests/queue.html",
        page=page,
        args=request.args,
        kept=kept,
        after_url=url_for("interests.queue", **{**kept, "after": page.after}) if page.after else None,
        first_url=url_for("interests.queue", **kept) if after else None,
        state_names=names,
        calls={c.id: best(c.titles) for c in call_choices()},
        state_choices=options,
        ground_choices=list(ground_choices()),
        staff=queries.staff(),
        language=language(),
        STATUSES=STATUSES,
        SOURCES=SOURCES,
    )


def _filters() -> Filters:
    """The filters of the address; what is not one of ours filters nothing."""
    args = request.args
    status, assignee = args.get("status", ""), args.get("assignee", "")
    return Filters(
        status=_member(Status, status),
        every_status=status == "all",
        call_id=_id(args.get("call")),
        state_id=_id(args.get("state")),
        ground=clean(args.get("ground", ""))[:60],
        assignee_id=_id(assignee),
        nobody=assignee == "nobody",
        source=_member(Source, args.get("source", "")),
        words=clean(args.get("words", ""))[:200],
    )


def _id(value: str | None) -> uuid.UUID | None:
    found = to_uuid(value)
    return found if isinstance(found, uuid.UUID) else None


def _member(kind: Any, value: str) -> Any:
    return kind(value) if value in {m.value for m in kind} else None
