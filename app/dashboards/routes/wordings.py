"""Any sentence of the platform in other words: search, type, look, save, take back, export."""

from __future__ import annotations

import io
import json

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires, viewer
from app.accounts.reader import language as page_language
from app.audit.queries import lines_about
from app.core import clock
from app.core.errors import Conflict, RuleBroken
from app.core.languages import LANGUAGES, babel_locale
from app.core.paging import Page, key_of, page_of
from app.core.text import line
from app.dashboards.routes import blueprint
from app.extensions import db
from app.wordings import checks, queries, rules
from app.wordings.sentences import Sentence, examples, forms_of, places_in, search, sentences

SIZE = 20


@blueprint.get("/desk/wordings")
@requires(P.MANAGE_WORDINGS)
def wordings() -> ResponseReturnValue:
    """Search a sentence in any language; without a search, what the installation says in its own words."""
    asked = line(request.args.get("q", ""))[:200]
    after = key_of(request.args.get("after"), (str,))
    found = search(asked, queries.holding(asked)) if asked else []
    page = _page(found, after[0] if after else None)
    changed = queries.wordings_of(s.name for s in page.rows) if page.rows else {}
    own = queries.all_wordings() if not asked else []
    known = sentences()
    return render_template(
        "dashboards/wordings.html", asked=asked, page=page, here=page_language(), is_first=after is None,
        now_said=lambda s: queries.now_said(s, page_language(), changed), changed=changed,
        own=[row for row in own if row.sentence in known], orphans=[row for row in own if row.sentence not in known],
        previewed=checks.previewed,
    )  # fmt: skip


def _page(found: list[Sentence], after: str | None) -> Page[Sentence]:
    """A page of what a search found: the list lies in memory, the key is the last sentence's name."""
    start = next((number + 1 for number, s in enumerate(found) if s.name == after), 0) if after else 0
    return page_of(found[start : start + SIZE + 1], SIZE, lambda s: (s.name,))


def _sentence(name: str) -> Sentence:
    return sentences().get(name) or abort(404)


@blueprint.get("/desk/wordings/<string:sentence>")
@requires(P.MANAGE_WORDINGS)
def wording(sentence: str) -> ResponseReturnValue:
    """One sentence in six languages, what it was before, and who changed it."""
    found = _sentence(sentence)
    own = queries.wordings_of([found.name])
    lines = [entry for code in LANGUAGES for entry in lines_about("wording", rules.id_of(found.name, code))]
    return render_template(
        "dashboards/wording.html", sentence=found, own=own, now_said=lambda code: queries.now_said(found, code, own),
        examples=examples, places=sorted(places_in(found.words) | places_in(found.plural)),
        lines=sorted(lines, key=lambda entry: entry.at, reverse=True) if viewer().can(P.READ_AUDIT) else [],
    )  # fmt: skip


@blueprint.route("/desk/wordings/<string:sentence>/<string:lang_code>", methods=["GET", "POST"])
@requires(P.MANAGE_WORDINGS)
def wording_edit(sentence: str, lang_code: str) -> ResponseReturnValue:
    """Type another wording; look at it first, then save."""
    found = _sentence(sentence)
    if lang_code not in LANGUAGES:
        abort(404)
    present = list(queries.now_said(found, lang_code, queries.wordings_of([found.name])))
    count = forms_of(lang_code) if found.has_number else 1
    if request.method == "GET":
        return _form(found, lang_code, present or [""] * count, present)
    typed = [request.form.get(f"form_{number}", "") for number in range(count)]
    try:
        if request.form.get("look"):
            return _form(found, lang_code, typed, _seen(), looked=checks.checked(found, lang_code, typed))
        rules.say(found, lang_code, typed, seen=_seen(), by=me(), now=clock.now())
    except Conflict as conflict:
        db.session.rollback()
        return _form(found, lang_code, typed, present, refused=conflict), 409
    except RuleBroken as refused:
        db.session.rollback()
        return _form(found, lang_code, typed, _seen(), refused=refused), 422
    db.session.commit()
    flash(_("The wording is saved. Every page and mail says it so within a few seconds."), "good")
    return redirect(url_for("dashboards.wording", sentence=sentence), 303)


def _seen() -> list[str]:
    """The forms that stood on the page when it was opened."""
    return request.form.getlist("seen")


def _form(
    found: Sentence, lang_code: str, typed: list[str], seen: list[str], *, looked: list[str] | None = None,
    refused: RuleBroken | None = None,
) -> str:  # fmt: skip
    return render_template(
        "dashboards/wording_edit.html", sentence=found, code=lang_code, typed=typed, seen=seen, looked=looked, refused=refused,
        examples=examples(lang_code), original=found.said.get(lang_code, ()), previewed=checks.previewed,
        changes=refused.changes if isinstance(refused, Conflict) else None,
        places=sorted(places_in(found.words) | places_in(found.plural)),
    )  # fmt: skip


@blueprint.post("/desk/wordings/<string:sentence>/<string:lang_code>/back")
@requires(P.MANAGE_WORDINGS)
def wording_back(sentence: str, lang_code: str) -> ResponseReturnValue:
    """Say it as the platform does again; also for a sentence that the platform does not say any more."""
    if lang_code not in LANGUAGES:
        abort(404)
    found = sentences().get(sentence)
    original = list(found.said.get(lang_code, ())) if found else []
    if rules.forget(sentence, lang_code, original, by=me(), now=clock.now()):
        db.session.commit()
        flash(_("The platform's own wording is back."), "good")
    where = url_for("dashboards.wording", sentence=sentence) if found else url_for("dashboards.wordings")
    return redirect(where, 303)


@blueprint.get("/desk/wordings.json")
@requires(P.MANAGE_WORDINGS)
def wordings_json() -> ResponseReturnValue:
    """Every own wording, for another installation or a translator."""
    rows = [
        {
            "context": row.context, "sentence": row.words, "plural": row.plural, "language": row.language, "forms": row.forms,
            "instead_of": row.instead_of, "by": row.by_name, "at": row.at.isoformat(),
        }
        for row in queries.all_wordings()
    ]  # fmt: skip
    return _file(json.dumps(rows, ensure_ascii=False, indent=1), "application/json", "wordings.json")


@blueprint.get("/desk/wordings-<string:lang_code>.po")
@requires(P.MANAGE_WORDINGS)
def wordings_po(lang_code: str) -> ResponseReturnValue:
    """The own wordings of a language as translators' programs read them."""
    if lang_code not in LANGUAGES:
        abort(404)
    catalog = Catalog(locale=babel_locale(lang_code), project="Pathways Exchange", charset="utf-8")
    for row in queries.all_wordings(lang_code):
        named = (row.words, row.plural) if row.plural else row.words
        catalog.add(named, tuple(row.forms) if row.plural else row.forms[0], context=row.context or None)
    out = io.BytesIO()
    write_po(out, catalog, width=0)
    return _file(out.getvalue().decode("utf-8"), "text/x-gettext-translation", f"wordings-{lang_code}.po")


def _file(text: str, kind: str, name: str) -> Response:
    response = Response(text, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
