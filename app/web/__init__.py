"""What every page shares: its language, its access check, its headers, its error pages, the names templates use."""

from __future__ import annotations

from flask import Flask

from app.web import errors, guards, languages, names


def init_app(app: Flask) -> None:
    """Bind all of it to the app; called once by the factory, before the rooms."""
    languages.init_app(app)
    guards.init_app(app)
    errors.init_app(app)
    names.init_app(app)
