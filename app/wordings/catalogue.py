"""The installation's wordings laid over a catalogue, kept in each process and read anew when their number rises."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from babel.support import NullTranslations, Translations
from flask import current_app, has_app_context
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import own_transaction
from app.core.languages import LANGUAGES
from app.wordings.models import Wording, WordingVersion

EVERY = 2.0
"""Seconds between two looks at the number, in each process. One statement of a row; most pages send none."""


@dataclass
class Kept:
    """What this process knows."""

    version: int = -1
    looked: float = float("-inf")
    over: dict[str, dict[Any, str]] = field(default_factory=dict)  # language to what gettext looks up
    laid: dict[tuple[str, int], tuple[NullTranslations, NullTranslations]] = field(default_factory=dict)


_kept = Kept()
_lock = threading.Lock()


def version() -> int:
    """The number of the wordings in force here: part of the key of whatever is kept rendered."""
    _look()
    return _kept.version


def forget() -> None:
    """Look again at once: this process has just changed a wording."""
    _kept.looked = float("-inf")


def over(language: str, base: NullTranslations) -> NullTranslations:
    """The catalogue of a language with the installation's wordings in front; ``base`` itself where there are none."""
    _look()
    mine = _kept.over.get(language)
    if not mine:
        return base
    known = _kept.laid.get((language, _kept.version))
    if known is None or known[0] is not base:
        known = _kept.laid[language, _kept.version] = (base, _laid(base, mine))
    return known[1]


def _laid(base: NullTranslations, mine: dict[Any, str]) -> NullTranslations:
    made = Translations()
    made._catalog = {**getattr(base, "_catalog", {}), **mine}
    made.plural = getattr(base, "plural", lambda number: int(number != 1))  # type: ignore[attr-defined]
    made._fallback = getattr(base, "_fallback", None)  # type: ignore[attr-defined]
    return made


def _look() -> None:
    """Ask for the number, at most once in so many seconds; a database that is away changes nothing."""
    now = time.monotonic()
    every = current_app.config.get("WORDINGS_EVERY", EVERY) if has_app_context() else EVERY
    if now - _kept.looked < every:
        return
    with _lock:
        if now - _kept.looked < every:
            return
        _kept.looked = now
        try:
            _read()
        except SQLAlchemyError:
            current_app.logger.warning("the wordings could not be read; those of before stay in force")


def _read() -> None:
    """In a transaction of its own, so that the page's is not begun for it."""
    with own_transaction() as session:
        number = session.scalar(select(WordingVersion.version)) or 0
        if number == _kept.version:
            return
        found: dict[str, dict[Any, str]] = {language: {} for language in LANGUAGES}
        for row in session.execute(select(Wording.language, Wording.context, Wording.words, Wording.plural, Wording.forms)):
            found.setdefault(row.language, {}).update(keys_of(row.context, row.words, row.plural, row.forms))
    _kept.over, _kept.version = found, number
    _kept.laid.clear()


def keys_of(context: str, words: str, plural: str, forms: list[str]) -> dict[Any, str]:
    """What gettext looks a sentence up by: its words after its context, with the number of the form where it has several."""
    key = f"{context}\x04{words}" if context else words
    if not plural:
        return {key: forms[0]}
    return {(key, number): form for number, form in enumerate(forms)} | {key: forms[0]}
