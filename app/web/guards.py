"""Before a view: access, origin. After it: the headers that keep a page closed."""

from __future__ import annotations

import logging
import re
import time
import uuid
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request

import logs
from app.accounts import access
from app.core.signing import settings
from app.extensions import db

log = logging.getLogger("app.requests")
ASKED_OFTEN = frozenset({"health.live", "health.ready", "health.metrics"})
"""Programs ask for these all day: only a refusal is worth a line."""
_NUMBER = re.compile(r"[0-9A-Fa-f-]{16,64}")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS = ", ".join(
    f"{power}=()"
    for power in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
        "fullscreen", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment",
        "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
"""What a browser can do and no page of ours asks for."""
FRAME_CSP = CSP.replace("base-uri", "frame-src 'self'; base-uri")


def _same_origin() -> bool:
    """Does a changing request come from our own pages? Browsers say so themselves in ``Sec-Fetch-Site``.

    Pages behind signed links keep their address to themselves (``Referrer-Policy: no-referrer``), and for their forms
    a browser then writes ``Origin: null``: that alone says nothing, the form's token decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if not origin or origin == "null":
        return True  # mail clients, scripts without a browser, browsers of before 2023
    ours = urlsplit(settings().base_url)
    theirs = urlsplit(origin)
    return (theirs.scheme, theirs.netloc) in {(ours.scheme, ours.netloc), (request.scheme, request.host)}


def _number() -> str:
    """The request's number: the proxy's where one of ours gives it, of hexadecimal digits, else a new one."""
    said = request.headers.get("X-Request-ID", "") if settings().proxy_hops else ""
    return said if _NUMBER.fullmatch(said) else uuid.uuid4().hex


def _before() -> None:
    g.request_id = _number()
    g.began = time.perf_counter()
    logs.request_id.set(g.request_id)
    request.host  # noqa: B018 - raises on a host that is not ours, before anything is read
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in ("GET", "HEAD", "OPTIONS") and not getattr(view, "anybody_posts", False) and not _same_origin():
        abort(400)
    db.session().info["reads"] = getattr(view, "reads", False)
    access.enforce(current_app, request.endpoint)


def _writes_again(_error: BaseException | None) -> None:
    """Where a session outlives its request, as in commands and tests, it may write again."""
    db.session().info["reads"] = False
    logs.request_id.set("")  # the thread serves another request next


def _after(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", FRAME_CSP if g.get("frames") else CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    headers.setdefault("X-Request-Id", g.get("request_id", ""))
    if settings().base_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if response.mimetype == "text/html":
        # A page shows what its reader may see, in the reader's language and zone: never shared by a cache.
        headers.setdefault("Cache-Control", "no-store" if _personal() else "private, no-cache")
        headers.add("Vary", "Cookie, Save-Data")
    _note(response.status_code)
    return response


def _note(status: int) -> None:
    """One line a request: which view, never which address, for addresses hold keys and what was searched."""
    if not settings().log_requests or (request.endpoint in ASKED_OFTEN and status < 400):
        return
    route = request.url_rule.rule if request.url_rule else "(none)"
    ms = round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1)
    log.info("request", extra={"method": request.method, "route": route, "status": status, "ms": ms})


def _personal() -> bool:
    """Holds the page a form's token, or what only this reader may see?"""
    return bool(g.get("csrf_token")) or access.viewer().is_authenticated


def init_app(app: Flask) -> None:
    """Bind the guards."""
    app.before_request(_before)
    app.teardown_request(_writes_again)
    app.after_request(_after)
