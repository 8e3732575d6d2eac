"""Addresses of other rooms' pages, by name: empty where an installation does not have the page, so no link is dead."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def to(endpoint: str, **values: Any) -> str:
    """The address of a page, or an empty text."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""
