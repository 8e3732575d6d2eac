"""Where a person goes after signing in: a page of ours, or the home page. Never another host."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect


def safe_next(target: str | None) -> str | None:
    """The target, if it is the path of one of our pages; ``None`` for everything else."""
    if not target or len(target) > 2000 or not _is_plain(target):
        return None
    path = urlsplit(target).path
    try:
        current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, RequestRedirect):
        return None
    return target


def _is_plain(target: str) -> bool:
    """One leading slash, nothing a browser could read as a host, however often it is percent-encoded."""
    seen = ""
    while target != seen:
        if not target.startswith("/") or target.startswith("//") or "\\" in target:
            return False
        if any(c.isspace() or not c.isprintable() for c in target):
            return False
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        if parts.scheme or parts.netloc or "//" in parts.path:
            return False
        seen, target = target, unquote(target, errors="strict" if target.isascii() else "replace")
    return True


def landing(target: str | None = None) -> str:
    """The wished page if it is ours, else the home page."""
    home = url_for("dashboards.home") if "dashboards.home" in current_app.view_functions else url_for("accounts.profile")
    return safe_next(target) or home
