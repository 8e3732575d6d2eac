"""The states of texts in the reader's words."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register
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

register(actions={"texts.reviewed": _l("Translation reviewed")}, fields={"language": _l("Language")})
