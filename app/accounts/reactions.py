"""What this room does on news from below."""

from __future__ import annotations

from app.accounts.rules import reach
from app.core import clock
from app.notifications.events import AddressFailed


def mark_unreachable(event: AddressFailed) -> None:
    """Mail to an address came back for good."""
    reach.mark_unreachable(event.address, now=clock.now())
