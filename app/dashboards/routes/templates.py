"""The register of templates: each mail in each language, read by a named person or not, with a sample to read."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, me, requires
from app.core import clock
from app.core.errors import RuleBroken
from app.core.frames import framed, holds_frames
from app.core.languages import LANGUAGES
from app.dashboards.routes import blueprint
from app.extensions import db
from app.wordings import reviews
from app.wordings.queries import review_of
from app.wordings.queries import reviews as lines
from app.wordings.reviews import Sample, Sort


@blueprint.get("/desk/templates")
@requires(P.SEE_OUTBOX)
def templates() -> ResponseReturnValue:
    """Every template and language: read by whom and when, changed since, or read by nobody."""
    known = {(row.sort, row.name, row.language): row for row in lines()}
    sorts = [(sort, sorted(sort.names(), key=lambda name: str(sort.label_of(name)))) for sort in reviews.known().values()]
    count = sum(not row.is_reviewed for row in known.values())
    return render_template("dashboards/templates.html", sorts=sorts, known=known, unread=count)


def _known(sort: str, name: str, lang_code: str) -> Sort:
    found = reviews.known().get(sort)
    if found is None or lang_code not in LANGUAGES or name not in found.names():
        abort(404)
    return found


@blueprint.get("/desk/templates/<string:sort>/<string:name>/<string:lang_code>")
@requires(P.SEE_OUTBOX)
def template(sort: str, name: str, lang_code: str) -> ResponseReturnValue:
    """A template in a language, filled with an invented reader."""
    return _page(sort, name, lang_code)


def _page(sort: str, name: str, lang_code: str, refused: RuleBroken | None = None) -> str:
    found = _known(sort, name, lang_code)
    holds_frames()
    return render_template(
        "dashboards/template.html", sort=found, name=name, code=lang_code, samples=found.samples(name, lang_code),
        row=review_of(sort, name, lang_code), refused=refused,
    )  # fmt: skip


@blueprint.get("/desk/templates/<string:sort>/<string:name>/<string:lang_code>/<int:number>")
@requires(P.SEE_OUTBOX)
def template_html(sort: str, name: str, lang_code: str, number: int) -> ResponseReturnValue:
    """The HTML of a sample for the frame that shows it."""
    shown: list[Sample] = _known(sort, name, lang_code).samples(name, lang_code)
    if not 0 <= number < len(shown) or not shown[number].html:
        abort(404)
    return framed(shown[number].html)


@blueprint.post("/desk/templates/<string:sort>/<string:name>/<string:lang_code>")
@requires(P.MANAGE_WORDINGS)
def template_reviewed(sort: str, name: str, lang_code: str) -> ResponseReturnValue:
    """A named person has read it and says that it is right."""
    _known(sort, name, lang_code)
    try:
        said = reviews.reviewed(sort, name, lang_code, seen=request.form.get("seen", ""), by=me(), now=clock.now())
        db.session.commit()
    except RuleBroken as refused:
        db.session.rollback()
        return _page(sort, name, lang_code, refused), 409
    if said:
        flash(_("Your review is noted."), "good")
    return redirect(url_for("dashboards.templates") + f"#{sort}-{name}", 303)
