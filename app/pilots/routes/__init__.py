"""Pages of pilots: the list, a pilot, a milestone with what its owner does there, the secretariat's forms."""

from flask import Blueprint

from app.pilots import words

blueprint = Blueprint("pilots", __name__)


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    """The room's labels, for its templates."""
    return {"pilot_words": words}


from app.pilots.routes import desk, exports, milestones, public  # noqa: E402 - they add their views to the blueprint

__all__ = ["blueprint", "desk", "exports", "milestones", "public"]
