"""The office's pages of imports and archives."""

from flask import Blueprint

from app.transfers import words

blueprint = Blueprint("transfers", __name__)

from app.transfers.routes import archives, imports  # noqa: E402 - they add their views to the blueprint

__all__ = ["archives", "blueprint", "imports", "words"]
