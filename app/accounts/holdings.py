"""How much of what a person holds, kind by kind, for the page before a hand-over. Each room registers its own at import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import Person

Count = Callable[[Person, datetime], int]


@dataclass(frozen=True)
class Held:
    """One kind of thing and how many of it."""

    name: str
    words: Any
    count: int


_kinds: dict[str, tuple[Any, Count]] = {}


def register(name: str, words: Any, count: Count) -> None:
    """Let pages and rules ask how many of this kind somebody holds. Registering twice changes nothing."""
    _kinds.setdefault(name, (words, count))


def held_by(person: Person, now: datetime) -> list[Held]:
    """Everything a person holds, kinds with none of it left out."""
    counted = [Held(name, words, count(person, now)) for name, (words, count) in _kinds.items()]
    return [held for held in counted if held.count]


def how_many(name: str, person: Person, now: datetime) -> int:
    """How many of one kind."""
    return _kinds[name][1](person, now) if name in _kinds else 0
