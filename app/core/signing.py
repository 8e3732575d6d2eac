"""Signed links and addresses outside a request: keys and the base URL come from the settings, never from a header."""

from __future__ import annotations

import uuid
from typing import Any, cast

from flask import current_app, g, has_request_context, url_for

from app.core import codes, tokens
from config import Settings

row_of = tokens.row_of


def settings() -> Settings:
    """The installation's settings."""
    return cast(Settings, current_app.config["SETTINGS"])


def sign(purpose: str, row: uuid.UUID, nonce: str) -> str:
    """A token that gives one right (``purpose``) over one row, until its nonce changes."""
    return tokens.sign(settings().secret_keys, purpose, row, nonce)


def matches(purpose: str, row: uuid.UUID, nonce: str, token: str) -> bool:
    """Was the token made for this purpose, row and present nonce?"""
    return tokens.matches(settings().secret_keys, purpose, row, nonce, token)


def mark(purpose: str, row: uuid.UUID, nonce: str) -> str:
    """What stands in a token's place wherever an address is kept; see ``opened``."""
    return tokens.mark(purpose, row, nonce)


def opened(address: str) -> str:
    """A kept address as it is used: its marks are tokens by the current key."""
    return tokens.opened(settings().secret_keys, address)


def standing_code(purpose: str, row: uuid.UUID, nonce: str, kept: str | None) -> str:
    """The digest under which a row's short code is found: the one it keeps, while that works."""
    return codes.standing_digest(settings().secret_keys, purpose, row, nonce, kept)


def code_digests(typed: str) -> list[str]:
    """Under what a typed short code may be found."""
    return codes.digests(settings().secret_keys, typed)


def code_matches(purpose: str, row: uuid.UUID, nonce: str, typed: str) -> bool:
    """Is this the short code of this purpose, row and present nonce?"""
    return codes.matches(settings().secret_keys, purpose, row, nonce, typed)


def external_url(endpoint: str, locale: str | None = None, **values: Any) -> str:
    """The full address of a page by the fixed base URL, for mails: works in a worker, ignores the Host header."""
    if current_app.url_map.is_endpoint_expecting(endpoint, "lang"):
        lang = locale or (g.get("lang") if has_request_context() else None)
        values = {"lang": lang, **values} if lang else values
    if has_request_context():
        path = url_for(endpoint, _external=False, **values)
    else:
        with current_app.test_request_context(base_url=settings().base_url):
            path = url_for(endpoint, _external=False, **values)
    return settings().base_url + path
