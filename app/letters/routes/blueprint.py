"""The blueprint that every module of this package adds its views to, and what several of them need."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, viewer
from app.accounts.reader import best
from app.audit.queries import Line, lines_about
from app.core.errors import RuleBroken
from app.exchanges.models import PeerSession
from app.extensions import db
from app.interests.models import Expression
from app.letters import queries, words
from app.letters.models import Letter, LetterSet
from app.letters.queries import Subject

blueprint = Blueprint("letters", __name__)


@blueprint.record_once
def _words(state: BlueprintSetupState) -> None:
    """The room's labels, a name that all templates know: macros see it without the page's own names."""
    state.app.jinja_env.globals["letter_words"] = words


def page(template: str, status: int = 200, **facts: Any) -> Response:
    """A page with a status."""
    return make_response(render_template(f"letters/{template}.html", **facts), status)


def see(url: str) -> ResponseReturnValue:
    """On to another page, with GET."""
    return redirect(url, 303)


def refuse(form: Any, error: RuleBroken) -> int:
    """Put a rule's sentence on the form; answers the page's status."""
    db.session.rollback()
    form.refuse(error)
    return 422 if error.field else error.status


def letter_or_404(letter_id: uuid.UUID) -> Letter:
    """The letter, if the viewer may see it."""
    return queries.letter_in_view(viewer(), letter_id) or abort(404)


def set_or_404(set_id: uuid.UUID) -> LetterSet:
    """The letters prepared together, if the viewer may see them."""
    return queries.set_in_view(viewer(), set_id) or abort(404)


def subject_of_set(of: LetterSet) -> Subject:
    """What letters are about, if it is still there."""
    return queries.subject_of(viewer(), of.about_kind, of.about_id) or abort(404)


def called(subject: Subject) -> tuple[str, str]:
    """Address and name of what letters are about."""
    row = subject.row
    if isinstance(row, PeerSession):
        return url_for("exchanges.desk_session", session_id=row.id), str(best(row.titles))
    if isinstance(row, Expression):
        return url_for("interests.record", expression_id=row.id), row.reference or ""
    return url_for("accounts.designation", designation_id=row.id), _("Designation of %(name)s", name=row.person.full_name)


def audit_of(kind: str, row_id: uuid.UUID) -> list[Line]:
    """The log's lines about a record, for those who may read them."""
    return lines_about(kind, row_id) if viewer().can(P.READ_AUDIT) else []


def number_of(text: str | None) -> int:
    """A version as a form sends it; an impossible one for anything that is not a number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1
