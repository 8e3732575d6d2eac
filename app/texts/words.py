"""The states of texts in the reader's words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register
from app.core.text import LocalText
from app.texts.states import State

STATES: dict[State, tuple[Any, str]] = {
    State.SOURCE: (_l("Written first"), "brand"),
    State.MISSING: (_l("Missing"), ""),
    State.PARTIAL: (_l("In part"), "warn"),
    State.OUT_OF_DATE: (_l("Out of date"), "warn"),
    State.DRAFT: (_l("Not reviewed"), ""),
    State.REVIEWED: (_l("Reviewed"), "good"),
}
"""Word and tone."""

IN_LANGUAGE: dict[str, Any] = {
    "ar": _l("This text is in Arabic."),
    "zh": _l("This text is in Chinese."),
    "en": _l("This text is in English."),
    "fr": _l("This text is in French."),
    "ru": _l("This text is in Russian."),
    "es": _l("This text is in Spanish."),
}
"""Whole sentences: what a language is called in one depends on the language it is said in."""
IN_PART: dict[str, Any] = {
    "ar": _l("A part of this text is in Arabic."),
    "zh": _l("A part of this text is in Chinese."),
    "en": _l("A part of this text is in English."),
    "fr": _l("A part of this text is in French."),
    "ru": _l("A part of this text is in Russian."),
    "es": _l("A part of this text is in Spanish."),
}


def said_in(here: str, *texts: LocalText) -> list[Any]:
    """What a reader of the language ``here`` is told of these texts: nothing when all of them are in it."""
    there = [text for text in texts if text]
    other = dict.fromkeys(text.lang for text in there if text.lang != here)
    words = IN_LANGUAGE if len(other) == 1 and all(text.lang != here for text in there) else IN_PART
    return [words[language] for language in other if language in words]


register(actions={"texts.reviewed": _l("Translation reviewed")}, fields={"language": _l("Language")})
