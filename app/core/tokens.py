"""Links that carry a right: an HMAC over purpose, row and nonce. Only the nonce is stored.

A token ends when its row's nonce changes, when the row says it is used or over, or when the key that
signed it left the key list. It is 54 characters of ``A-Z a-z 0-9 _ -``: mail gateways leave it alone.

Where an address waits in the database, a mark stands in the token's place: purpose, row and nonce, worth nothing
without a key. ``opened`` makes it a token when the address is used.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import uuid

_MAC = 24  # bytes of the MAC that travel: 192 bits
_MARK = re.compile(r"~([a-z-]+)~([0-9a-f]{32})~([A-Za-z0-9_-]+)")
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])(stop-[a-z]+-)?[A-Za-z0-9_-]{54}(?![A-Za-z0-9_-])")
"""A token by itself, or in the subject by which a mail program ends a subscription."""


def fresh_nonce() -> str:
    """A nonce for a new link; storing another one ends all links made with the former."""
    return secrets.token_urlsafe(12)


def mac(key: str, purpose: str, row: bytes, nonce: str) -> bytes:
    """What only the key's owner can say of this purpose, row and nonce."""
    told = b"\0".join((purpose.encode(), row, nonce.encode()))
    return hmac.digest(key.encode(), told, "sha256")[:_MAC]


def sign(keys: list[str], purpose: str, row: uuid.UUID, nonce: str) -> str:
    """The token for this row and purpose, by the first (current) key."""
    return _token(keys[0], purpose, row.bytes, nonce)


def _token(key: str, purpose: str, row: bytes, nonce: str) -> str:
    return base64.urlsafe_b64encode(row + mac(key, purpose, row, nonce)).rstrip(b"=").decode()


def mark(purpose: str, row: uuid.UUID, nonce: str) -> str:
    """What stands in a token's place in an address that is kept. Of characters that addresses leave as they are."""
    return f"~{purpose}~{row.hex}~{nonce}"


def opened(keys: list[str], address: str) -> str:
    """An address as it is used: each mark in it a token."""
    return _MARK.sub(lambda found: _token(keys[0], found[1], bytes.fromhex(found[2]), found[3]), address)


def row_of(token: str) -> uuid.UUID | None:
    """Which row a token speaks of, unverified; ``None`` when it cannot be one of ours."""
    if len(token) != 54 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return uuid.UUID(bytes=raw[:16])


def hidden(text: str) -> str:
    """A text without the tokens in it: a mail that quotes one of ours must not hand its right to whoever reads the mail."""
    return _TOKEN.sub(r"\1…", text)


def matches(keys: list[str], purpose: str, row: uuid.UUID, nonce: str, token: str) -> bool:
    """Was this token made for this row, purpose and nonce, by a key of the list? Constant time."""
    found = False
    for key in keys:
        found |= hmac.compare_digest(sign([key], purpose, row, nonce), token)
    return found
