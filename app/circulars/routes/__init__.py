"""Pages of circulars and of the call list: the desk, what readers see, whom to phone."""

from flask import Blueprint

from app.circulars import words

blueprint = Blueprint("circulars", __name__)


@blueprint.app_context_processor
def _words() -> dict[str, object]:
    """The room's labels, for its templates."""
    return {"circular_words": words}


from app.circulars.routes import desk, exports, phone, public, sending  # noqa: E402 - they add their views to the blueprint

__all__ = ["blueprint", "desk", "exports", "phone", "public", "sending"]
