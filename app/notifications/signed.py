"""What the links to a person's choices are signed for, and how a mail program is told that one click ends a subscription."""

from __future__ import annotations

from app.core.signing import settings

PURPOSE = "choices"
"""Of the link to one's choices."""
FIRST_NONCE = "first"
"""Of the links of everybody who has never ended one."""


def stop_purpose(topic: str) -> str:
    """Of the link that ends a topic: a link of one topic ends no other."""
    return f"stop-{topic}"


def stop_addresses(topic: str, token: str, page: str) -> str:
    """The value of List-Unsubscribe: a page that takes one POST, and a mailbox that reads one subject (RFC 2369, 8058)."""
    return f"<{page}>, <mailto:{settings().organizer_address}?subject={stop_purpose(topic)}-{token}>"
