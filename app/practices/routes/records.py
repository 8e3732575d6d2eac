"""A practice, a tool, a resource: all it says, its files, in which language it stands, and what came of it."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from app.accounts.access import P, public, viewer
from app.accounts.reader import language
from app.audit.queries import lines_about
from app.core.db import reading
from app.core.text import size_words
from app.links.queries import related_to
from app.practices import words
from app.practices.indexing import Record, texts_of
from app.practices.models import Kind
from app.practices.queries import by_code, documents_of, latest, sdg_targets
from app.practices.routes import blueprint
from app.practices.routes.catalogue import years
from app.texts.queries import in_language, standings_of
from app.topics.queries import objectives


@blueprint.get("/practices/<string:code>")
@public
@reading
def practice(code: str) -> ResponseReturnValue:
    """What a government did, on what footing, and what peers can ask about it."""
    row = _found(Kind.PRACTICE, code)
    known = objectives()
    goals = [(known[n], n in row.main_objectives) for n in row.objectives if n in known]
    return _page(Kind.PRACTICE, row, years=years(row), goals=goals, targets=sdg_targets())


@blueprint.get("/practices/tools/<string:code>")
@public
@reading
def tool(code: str) -> ResponseReturnValue:
    """What a tool is and for whom, its files, the milestones of a pilot, and where it is piloted."""
    row = _found(Kind.TOOL, code)
    return _page(Kind.TOOL, row, milestones=sorted(row.milestones, key=lambda m: m["after_days"]))


@blueprint.get("/practices/resources/<string:code>")
@public
@reading
def resource(code: str) -> ResponseReturnValue:
    """Something to read, watch or use."""
    return _page(Kind.RESOURCE, _found(Kind.RESOURCE, code))


def _found(kind: Kind, code: str) -> Any:
    return by_code(viewer(), kind, code) or abort(404)


def _page(kind: Kind, row: Record, **more: Any) -> ResponseReturnValue:
    documents = documents_of(kind, row.id)
    standings = standings_of(kind, row.id, texts_of(row))
    return render_template(
        f"practices/{kind.value}.html",
        kind=kind,
        row=row,
        here=in_language(standings, language()),
        source=standings[0].language,
        documents=latest(documents),
        former=[d for d in documents if d not in latest(documents)],
        related=related_to(kind, row.id, viewer()),
        lines=lines_about(kind, row.id) if viewer().can(P.READ_AUDIT) else [],
        size_words=size_words,
        words=words,
        **more,
    )
