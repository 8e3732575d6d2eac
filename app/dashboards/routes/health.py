"""Is the platform alive, is it ready, how is it doing."""

from __future__ import annotations

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.access import P, public, requires
from app.core import clock, zones
from app.dashboards import words
from app.dashboards.queries import outbox, shown
from app.dashboards.routes import bare_blueprint, blueprint
from app.extensions import db

PATIENCE = outbox.PATIENCE


def _plain(word: str, code: int = 200) -> Response:
    response = Response(word + "\n", code, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


@bare_blueprint.get("/live")
@public
def live() -> ResponseReturnValue:
    """The process answers."""
    return _plain("live")


@bare_blueprint.get("/ready")
@public
def ready() -> ResponseReturnValue:
    """The database answers too; 503 while it does not."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        db.session.rollback()
        return _plain("the database is away", 503)
    return _plain("ready")


@blueprint.get("/desk/health")
@requires(P.SEE_OUTBOX)
def health() -> ResponseReturnValue:
    """How the outbox is doing, and which time zone data is in use."""
    now = clock.now()
    pulse = outbox.pulse(now)
    return render_template(
        "dashboards/health.html",
        pulse=pulse,
        late=pulse.oldest_due is not None and pulse.oldest_due < now - PATIENCE,
        zones=zones.iana_version(),
        words=words,
        shown=shown,
        moment=now,
    )
