"""Pages of calls and expressions of interest: public ones, those behind links, the secretariat's."""

from flask import Blueprint

blueprint = Blueprint("interests", __name__)

from app.interests.routes import (  # noqa: E402 - they add their views to the blueprint
    applicant,
    apply,
    behalf,
    calls,
    co_leads,
    desk,
    exports,
    paper,
    queue,
)

__all__ = ["applicant", "apply", "behalf", "blueprint", "calls", "co_leads", "desk", "exports", "paper", "queue"]
