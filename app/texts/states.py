"""How far a text in one language may be relied on, judged from the texts as they are and the marks on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.db import Texts
from app.core.languages import LANGUAGES
from app.texts.models import TextMark

Fields = Mapping[str, Texts]
"""The texts of a record: name of the field to language to text."""


class State(StrEnum):
    """What is known of the texts in one language."""

    SOURCE = "source"  # written first; the others are made from it
    MISSING = "missing"
    PARTIAL = "partial"  # some fields are there, others lack
    OUT_OF_DATE = "out_of_date"  # its source changed since
    DRAFT = "draft"  # nobody has said that it is right
    REVIEWED = "reviewed"


_READ_ONCE = (State.OUT_OF_DATE, State.REVIEWED)
_WORST_FIRST = (State.MISSING, State.OUT_OF_DATE, State.DRAFT, State.REVIEWED)


@dataclass(frozen=True)
class Standing:
    """All texts of a record in one language: the worst of their states, which fields lack, who reviewed them last."""

    language: str
    state: State
    lacking: tuple[str, ...] = ()  # fields without a text in this language
    reviewed_name: str | None = None
    reviewed_at: datetime | None = None


def digest(text: str | None) -> str:
    """A short name for a text: two texts with the same digest are the same."""
    return hashlib.sha256((text or "").strip().encode()).hexdigest()[:32]


def source_language(fields: Fields, marks: Iterable[TextMark], order: Iterable[str]) -> str:
    """The language a record was written in first: as the marks say, else the first that has a text, in this order."""
    said = [mark.source_language for mark in marks]
    if said:
        return max(sorted(set(said)), key=said.count)
    there = {language for texts in fields.values() for language, text in texts.items() if text.strip()}
    return next((language for language in (*order, *LANGUAGES) if language in there), next(iter(order), LANGUAGES[0]))


def field_state(texts: Texts, language: str, source: str, mark: TextMark | None) -> State:
    """The state of one text in one language."""
    text = texts.get(language, "").strip()
    if not text:
        return State.MISSING
    if language == source:
        return State.SOURCE
    if mark is None or mark.digest != digest(text):
        return State.DRAFT
    if texts.get(source, "").strip() and mark.source_digest != digest(texts[source]):
        return State.OUT_OF_DATE
    return State.REVIEWED if mark.reviewed_at is not None else State.DRAFT


def standing(fields: Fields, language: str, source: str, marks: Mapping[tuple[str, str], TextMark]) -> Standing:
    """What is known of a record in one language. Fields that are empty in the source ask for no translation."""
    if language == source:
        return Standing(language, State.SOURCE)
    asked = {name: texts for name, texts in fields.items() if texts.get(source, "").strip() or texts.get(language, "").strip()}
    found = {name: field_state(texts, language, source, marks.get((name, language))) for name, texts in asked.items()}
    worst = min(found.values(), key=_WORST_FIRST.index, default=State.MISSING)
    if worst is State.MISSING and any(state is not State.MISSING for state in found.values()):
        worst = State.PARTIAL
    lacking = tuple(name for name, state in found.items() if state is State.MISSING)
    read = [marks[name, language] for name, state in found.items() if state in _READ_ONCE and (name, language) in marks]
    last = max((m for m in read if m.reviewed_at), key=lambda m: m.reviewed_at or m.written_at, default=None)
    return Standing(language, worst, lacking, last.reviewed_name if last else None, last.reviewed_at if last else None)
