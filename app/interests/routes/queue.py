"""The secretariat's queue."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Row

from app.accounts.access import P, requires, viewer
from app.accounts.queries import states
from app.accounts.reader import best, language, viewer_zone
from app.core import when
from app.core.db import Texts, reading
from app.core.paging import instant, key_of
from app.core.text import LocalText, clean, fold
from app.interests import queries
from app.interests.forms.fields import ground_choices, to_uuid
from app.interests.models import Source, Status
from app.interests.queries.queue import Filters, choices
from app.interests.routes import blueprint
from app.interests.words import SOURCES, STATUSES


@blueprint.get("/desk/expressions")
@requires(P.SEE_EXPRESSIONS)
@reading
def queue() -> ResponseReturnValue:
    """Expressions of interest, newest first; without a filter those that wait for a decision."""
    wanted = asked_of_the_queue()
    after = key_of(request.args.get("after"), (instant, uuid.UUID))
    page = queries.queue_page(viewer(), wanted, (after[0], after[1]) if after else None)
    kept: dict[str, Any] = {k: v for k, v in request.args.items() if k != "after" and v}
    offered = choices({row.call_id for row in page.rows} | ({wanted.call_id} if wanted.call_id else set()))
    calls = {call_id: best(titles) for call_id, titles in offered.also.items()}
    options = offered.calls if wanted.call_id in (None, *offered.calls) else offered.calls | _only(offered.also, wanted.call_id)
    names, state_options = _states(language())
    words = {s: (str(word), tone) for s, (word, tone) in STATUSES.items() if s is not Status.DRAFT}
    return render_template(
        "interests/queue.html",
        page=page,
        sent=_moments(page.rows),
        chosen={name: request.args.get(name, "") for name in FILTERS},
        kept=kept,
        after_url=url_for("interests.queue", **{**kept, "after": page.after}) if page.after else None,
        first_url=url_for("interests.queue", **kept) if after else None,
        record_url=url_for("interests.record", expression_id=_ANY).replace(str(_ANY), "RECORD"),
        state_names=names,
        calls=calls,
        here=language(),
        status_words=words,
        source_words={s: str(word) for s, word in SOURCES.items()},
        status_choices=[(s.value, word) for s, (word, _tone) in words.items()],
        call_choices=[(str(i), best(titles).text) for i, titles in options.items()],
        calls_go_on=offered.goes_on,
        state_options=_chosen(state_options, request.args.get("state", "")),
        ground_choices=list(ground_choices()),
        staff_choices=offered.staff,
    )


def _only(calls: dict[uuid.UUID, Texts], call_id: uuid.UUID | None) -> dict[uuid.UUID, Texts]:
    return {i: titles for i, titles in calls.items() if i == call_id}


def _moments(rows: Sequence[Row[Any]]) -> dict[uuid.UUID, tuple[str, str]]:
    """When each was sent, for machines and in words: the words around it are looked up once for all rows."""
    around, zone, lang = _("%(date)s, %(time)s", date="{date}", time="{time}"), viewer_zone(), language()
    return {
        row.id: (
            when.machine_time(row.submitted_at),
            around.format(date=when.date_text(row.submitted_at, lang, zone, "short"), time=when.time_text(row.submitted_at, zone)),
        )
        for row in rows
    }


FILTERS = ("status", "call", "state", "ground", "assignee", "source", "words")
_ANY = uuid.UUID(int=0)
_sorted: dict[str, tuple[object, dict[uuid.UUID, LocalText], Markup]] = {}


def _chosen(options: Markup, value: str) -> Markup:
    """The options with this one selected."""
    return options.replace(Markup('<option value="%s">') % value, Markup('<option value="%s" selected>') % value)


def _states(lang: str) -> tuple[dict[uuid.UUID, LocalText], Markup]:
    """Names of States by id, and as options of the filter, sorted; kept as long as the list they come from."""
    known = states()
    if lang not in _sorted or _sorted[lang][0] is not known:
        names = {s.id: best(s.names) for s in known}
        ordered = sorted(((str(i), str(name)) for i, name in names.items()), key=lambda o: fold(o[1]))
        options = Markup("").join(Markup('<option value="%s">%s</option>') % option for option in ordered)
        _sorted[lang] = (known, names, options)
    return _sorted[lang][1:]


def asked_of_the_queue() -> Filters:
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
