"""The page of a circular: for everyone where it is public, else for those it was sent to, by account or by their own link."""

from __future__ import annotations

import uuid

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.accounts.access import P, public, viewer
from app.accounts.reader import language, link_page
from app.circulars import queries
from app.circulars.models import Circular
from app.circulars.routes import blueprint
from app.circulars.rules.writing import fields_of
from app.circulars.words import ground_names
from app.core import clock
from app.core.errors import LinkOver
from app.core.text import best
from app.texts.queries import in_language, source_of, standings_of


@blueprint.get("/circulars/<uuid:circular_id>")
@public
def circular(circular_id: uuid.UUID) -> ResponseReturnValue:
    """A circular, if the viewer may read it."""
    row = queries.circular_in_view(viewer(), circular_id, clock.now())
    return _page(row) if row is not None else abort(404)


@blueprint.get("/circulars/read/<token>")
@public
def read(token: str) -> ResponseReturnValue:
    """The same behind the link of a mail, without an account, for a year."""
    found = queries.by_link(token)
    if found is None:
        abort(404)
    if found.person is not None and not found.person.active:
        raise LinkOver(_("This account is closed. Write to the secretariat."))
    row = found.circular
    if not row.is_sent or row.sent_at is None or row.sent_at + queries.LINK_LASTS < clock.now():
        raise LinkOver(_("This link worked for a year. Sign in to read the circular, or ask the secretariat for it."))
    return link_page(_page(row, found.person_id))


def _page(row: Circular, person_id: uuid.UUID | None = None) -> str:
    """The text in the reader's language, else in the one that stands in; corrections both ways."""
    used = row.language_for(language())
    order = (row.fallback, *sorted(row.subjects))
    stands = in_language(standings_of(queries.SUBJECT, row.id, fields_of(row)), used)
    return render_template(
        "circulars/circular.html", row=row, used=used, own=used == language(), subject=best(row.subjects, used, order),
        text=best(row.texts, used, order), stands=stands, source=source_of(queries.SUBJECT, row.id, fields_of(row)),
        by_link=person_id is not None,
        corrections=[c for c in queries.corrections_of(row, viewer(), clock.now(), person_id) if c.is_sent],
        former=_former(row), grounds=ground_names(row.grounds, language()), may_open_desk=viewer().can(P.SEE_DESK),
    )  # fmt: skip


def _former(row: Circular) -> tuple[Circular, bool] | None:
    """The one it corrects, and whether the viewer may open it."""
    if row.corrects is None:
        return None
    return row.corrects, queries.circular_in_view(viewer(), row.corrects.id, clock.now()) is not None
