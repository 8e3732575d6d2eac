"""What a person did that the rules refuse. Each carries the sentence the person reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class RuleBroken(Exception):
    """A rule said no. ``message`` is a (lazily) translated sentence; ``field`` names where it belongs."""

    status = 409

    def __init__(self, message: Any, *, field: str | None = None) -> None:
        super().__init__(str(field or "rule"))
        self.message = message
        self.field = field


class Conflict(RuleBroken):
    """Somebody else changed the record meanwhile.

    ``changes`` says what differs: label, theirs, yours; ``saved`` are the lines of the audit log that say who did what, when.
    """

    def __init__(self, message: Any, changes: list[tuple[Any, Any, Any]] | None = None, saved: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.changes = changes or []
        self.saved = saved


class TooMany(RuleBroken):
    """A rate limit was met; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LinkOver(RuleBroken):
    """A link that expired, was used, or was replaced; the page says the way on."""

    status = 410
