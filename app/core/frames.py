"""Mails shown in a frame of a page: the frame's own closed policy, and the page's leave to hold it."""

from __future__ import annotations

from flask import Response, g

MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


def holds_frames() -> None:
    """The page of this request shows a frame of our own; without this no page may."""
    g.frames = True


def framed(html: str) -> Response:
    """The HTML of a mail for the frame that shows it: no scripts, no forms, nothing from outside, nothing kept."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_CSP
    response.headers["Cache-Control"] = "no-store"
    return response
