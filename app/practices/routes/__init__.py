"""Pages of practices, tools and resources: the catalogue and its records, and the secretariat's desk."""

from flask import Blueprint

blueprint = Blueprint("practices", __name__)

from app.practices.routes import catalogue, desk, documents, exports, records  # noqa: E402 - they add their views to the blueprint

__all__ = ["blueprint", "catalogue", "desk", "documents", "exports", "records"]
