"""What the machine words of the log mean, in the reader's language. Each room registers its own at import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

_actions: dict[str, Any] = {}
_fields: dict[str, Any] = {"version": _l("Version")}
_kinds: dict[str, Any] = {}


def register(actions: Mapping[str, Any], fields: Mapping[str, Any] | None = None, kinds: Mapping[str, Any] | None = None) -> None:
    """Add lazily translated words: action to sentence, field to label, kind of record to its name."""
    _actions.update(actions)
    _fields.update(fields or {})
    _kinds.update(kinds or {})


def action(word: str) -> Any:
    """What was done: "Expression of interest accepted". The machine word itself where nobody registered one."""
    return _actions.get(word, word)


def field(word: str) -> Any:
    """The label of a changed field."""
    return _fields.get(word, word.replace("_", " "))


def kind(word: str) -> Any:
    """What sort of record it is."""
    return _kinds.get(word, word)


def known_actions() -> dict[str, Any]:
    """Every registered action; the test that all recorded ones are among them reads it."""
    return dict(_actions)


def known_kinds() -> dict[str, Any]:
    """Every registered kind of record, for the filter of the log's page."""
    return dict(_kinds)
