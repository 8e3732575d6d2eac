"""Pages of calls and expressions of interest: public ones, those behind links, the secretariat's."""

from flask import Blueprint

blueprint = Blueprint("interests", __name__)

from app.interests.routes import applicant, apply, behalf, calls, desk, paper, queue  # noqa: E402 - they add their views to the blueprint

__all__ = ["applicant", "apply", "behalf", "blueprint", "calls", "desk", "paper", "queue"]
