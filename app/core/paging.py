"""One page of a list by key: the last row's sort values travel in the address, nothing is counted."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the key after which the next ones begin."""

    rows: Sequence[Row]
    after: str | None  # for the address of the next page; None on the last


def key_text(values: Sequence[Any]) -> str:
    """A key as it stands in an address."""
    raw = json.dumps([str(v) for v in values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def key_of(text: str | None, kinds: Sequence[Callable[[str], Any]]) -> list[Any] | None:
    """The values of a key, each read by its kind (``str``, ``UUID`` …); ``None`` for anything that is not one of ours."""
    if not text or len(text) > 2000:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        if not isinstance(found, list) or len(found) != len(kinds) or not all(_storable(str(v)) for v in found):
            return None
        return [kind(str(value)) for kind, value in zip(kinds, found, strict=True)]
    except (binascii.Error, ValueError, RecursionError):
        return None


def _storable(text: str) -> bool:
    """Could the database hold this text? Half a surrogate pair is ``ValueError`` here."""
    return "\0" not in text and bool(text.encode() or True)


def page_of(found: Sequence[Row], size: int, key: Callable[[Row], Sequence[Any]]) -> Page[Row]:
    """A page from ``size + 1`` rows read: the one too many tells that there are more."""
    rows = found[:size]
    return Page(rows, key_text(key(rows[-1])) if len(found) > size else None)


def instant(text: str) -> datetime:
    """An instant as keys write it; ``ValueError`` for anything else, one without a zone among it."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def day(text: str) -> date:
    """A day as keys and filters write it; ``ValueError`` for anything else, years nobody means among it."""
    found = date.fromisoformat(text)
    if not 1900 <= found.year <= 2200:
        raise ValueError(text)
    return found


def day_or_none(text: str | None) -> date | None:
    """A day from an address, if it is one."""
    try:
        return day(text or "")
    except ValueError:
        return None
