"""The page of gaps, and the word of a named person that a translation is right."""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language
from app.core import clock
from app.core.languages import LANGUAGES
from app.core.paging import key_of
from app.dashboards.queries import gaps as queries
from app.dashboards.queries import shown
from app.dashboards.routes import blueprint
from app.dashboards.tables import GAPS
from app.extensions import db
from app.letters.queries import formula_gaps
from app.tables.exporting import Table, download
from app.texts import rules
from app.texts.kinds import known, load
from app.texts.queries import mark_of_page, source_of
from app.texts.states import State
from app.texts.words import STATES


@blueprint.get("/desk/texts")
@requires(P.MANAGE_WORDINGS)
def text_gaps() -> ResponseReturnValue:
    """Every text that lacks, is out of date or was reviewed by nobody."""
    wanted = _filters()
    letters = _letters(wanted) if viewer().can(P.MANAGE_LETTERS) else []
    after = key_of(request.args.get("after"), (datetime.fromisoformat, str, uuid.UUID, str))
    if after is not None and after[0].tzinfo is None:
        after = None
    found = queries.page(viewer(), clock.now(), wanted, after)
    asked = {name: value for name, value in vars(wanted).items() if value}

    def at(**more: Any) -> str:
        return url_for("dashboards.text_gaps", **{**asked, **more})

    return render_template(
        "dashboards/text_gaps.html", page=found, wanted=wanted, kinds=queries.kinds_of(viewer()), states=queries.STATES,
        STATES=STATES, counts=queries.counts(viewer(), clock.now()), shown=shown, at=at, filtered=bool(asked),
        is_first=after is None, asked=asked, letters=letters,
    )  # fmt: skip


@blueprint.get("/desk/texts/table")
@requires(P.MANAGE_WORDINGS)
def gaps_table() -> ResponseReturnValue:
    """These texts as a table, under the filters of the page."""
    wanted = _filters()
    rows = queries.every(viewer(), clock.now(), wanted)
    table = Table("texts", _("Texts to translate or review"), GAPS, rows, vars(wanted))
    answer = download(table, request.args.get("form"), by=me(), now=clock.now(), language=language())
    db.session.commit()
    return answer


def _filters() -> queries.Filters:
    """The filters of the address; what makes no sense counts as not asked."""
    args = request.args
    language, kind, state = args.get("language", ""), args.get("kind", ""), args.get("state", "")
    return queries.Filters(
        language if language in LANGUAGES else "",
        kind if kind in known() or kind == queries.LETTERS else "",
        state if state in queries.STATES else "",
    )


def _letters(wanted: queries.Filters) -> list[tuple[str, int, int]]:
    """The wording of letters under these filters: language, how many texts are out of date, how many nobody reviewed."""
    if wanted.kind not in ("", queries.LETTERS):
        return []
    found = []
    for language_, states in formula_gaps().items():
        counted = [states[s] if wanted.state in ("", s.value) else 0 for s in (State.OUT_OF_DATE, State.DRAFT)]
        if any(counted) and wanted.language in ("", language_):
            found.append((language_, counted[0], counted[1]))
    return found


@blueprint.post("/desk/texts/<string:kind>/<uuid:object_id>/reviewed/<lang_code>")
@requires(P.MANAGE_WORDINGS)
def text_reviewed(kind: str, object_id: uuid.UUID, lang_code: str) -> ResponseReturnValue:
    """The texts of a record in a language were read beside their source and are right."""
    known_kind, row = known().get(kind), load(kind, object_id)
    if known_kind is None or row is None or lang_code not in LANGUAGES or not known_kind.may_change(row):
        abort(404)
    if not viewer().can(known_kind.permission):  # type: ignore[arg-type]
        abort(403)
    db.session.refresh(row, with_for_update=True)
    fields = known_kind.texts(row)
    seen = mark_of_page(fields, source_of(kind, object_id, fields), lang_code)
    if not hmac.compare_digest(seen, request.form.get("seen", "")):
        db.session.rollback()
        flash(_("The texts changed while you were reading. Look again, then say that they are right."), "warn")
    elif rules.reviewed(kind, object_id, fields, lang_code, by=me(), now=clock.now()):
        db.session.commit()
        flash(_("Your review is noted."), "good")
    return redirect(f"{url_for(known_kind.endpoint, **known_kind.address(object_id))}#languages", 303)
