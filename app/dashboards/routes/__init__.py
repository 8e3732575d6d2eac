"""Pages of this room: first pages, texts about the network, the desk, the outbox, health."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("dashboards", __name__)
bare_blueprint = Blueprint("health", __name__)

from app.dashboards.routes import about, code, desk, gaps, health, home, outbox, rehearsals, templates, wordings  # noqa: E402

__all__ = [
    "about", "bare_blueprint", "blueprint", "code", "desk", "gaps", "health", "home", "outbox", "rehearsals", "templates",
    "wordings",
]  # fmt: skip
