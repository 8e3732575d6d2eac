"""Is the platform alive, is it ready, is it well: for people, for monitors, for Prometheus."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.access import P, public, requires, viewer
from app.core import clock, limits
from app.core.db import reading
from app.core.signing import settings
from app.dashboards import metrics as figures
from app.dashboards import wellbeing, wording, words
from app.dashboards.queries import shown
from app.dashboards.queries import wellbeing as queries
from app.dashboards.routes import bare_blueprint, blueprint
from app.extensions import db
from app.heartbeats.models import BEAT, MAILBOX, RESTORE, SWEEP
from app.notifications import pauses

WRONG_TOKENS = 20
"""So many wrong tokens in five minutes from one client; then it waits."""


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


def _admitted() -> bool:
    """Is this somebody who may see the outbox, or a monitor with the token of the settings?"""
    if viewer().can(P.SEE_OUTBOX):
        return True
    token, said = settings().metrics_token, request.headers.get("Authorization", "")
    if not token or not said.startswith("Bearer "):
        return False
    if secrets.compare_digest(said.removeprefix("Bearer ").strip().encode(), token.encode()):
        return True
    limits.hit(limits.bucket("metrics", limits.client(request.remote_addr)), WRONG_TOKENS, timedelta(minutes=5), clock.now())
    return False


@bare_blueprint.get("/health")
@public
def state() -> ResponseReturnValue:
    """How everything stands, for programs: 200, or 503 while something is in trouble. A person is led to the page."""
    if not _admitted():
        abort(404 if viewer().is_authenticated else 401)
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return redirect(url_for("dashboards.health"), 303)
    facts = queries.facts(clock.now())
    found = wellbeing.findings(facts)
    response = jsonify(_told(facts, found))
    response.headers["Cache-Control"] = "no-store"
    response.status_code = 503 if wellbeing.verdict(found) == wellbeing.Severity.TROUBLE else 200
    return response


def _told(facts: queries.Facts, found: list[wellbeing.Finding]) -> dict[str, Any]:
    return {
        "verdict": wellbeing.verdict(found),
        "findings": [
            {
                "code": one.code, "severity": one.severity.value, "since": _iso(one.since),
                "sentence": str(wording.sentence(one, _iso(one.since))), "advice": wording.advice(one),
            }
            for one in found
        ],
        "oldest_due": {lane: _iso(at) for lane, at in facts.oldest.items()},
        "last": {name: _iso(sign.at) for name, sign in sorted(facts.signs.items())},
        "states": {state.value: count for state, count in queries.states().items()},
        "frozen_since": _iso(facts.frozen_since),
        "tzdata": {"package": facts.zones_here, "sessions": facts.zones_of_sessions or facts.zones_here},
        "migration": {"database": facts.migration, "release": facts.release},
        "at": _iso(facts.real),
    }  # fmt: skip


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at is not None else None


@bare_blueprint.get("/metrics")
@public
def metrics() -> ResponseReturnValue:
    """Figures for Prometheus. Closed until a token is set; then open to who says it, and to who may see the outbox."""
    if not _admitted():
        if not settings().metrics_token or viewer().is_authenticated:
            abort(404)
        refused = _plain("a bearer token is needed", 401)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    facts = queries.facts(clock.now())
    report = figures.Report(facts, queries.states(figures.MOST), wellbeing.findings(facts))
    content, content_type = figures.exposition(report, request.headers.get("Accept", ""))
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/desk/health")
@requires(P.SEE_OUTBOX)
@reading
def health() -> ResponseReturnValue:
    """What the desk's line says, all of it, and the figures behind it."""
    now = clock.now()
    facts = queries.facts(now)
    return render_template(
        "dashboards/health.html",
        facts=facts,
        found=wellbeing.findings(facts),
        states=queries.states(),
        lanes=wellbeing.LIMITS,
        last={"sweep": SWEEP, "beat": BEAT, "mailbox": MAILBOX, "restore": RESTORE},
        wording=wording,
        paused=pauses.present(now),
        words=words,
        shown=shown,
        moment=now,
    )
