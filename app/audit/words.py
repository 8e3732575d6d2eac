"""What the machine words of the log mean, in the reader's language. Each room registers its own at import."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.languages import NAMES

_actions: dict[str, Any] = {}
_fields: dict[str, Any] = {"version": _l("Version")}
_kinds: dict[str, Any] = {}
_values: dict[str, Callable[[], Mapping[str, Any]]] = {}
_notes: dict[str, Any] = {}
_names: dict[str, Names] = {}

Names = Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, str]]
"""Finds what records with these ids are called."""


def register(actions: Mapping[str, Any], fields: Mapping[str, Any] | None = None, kinds: Mapping[str, Any] | None = None) -> None:
    """Add lazily translated words: action to sentence, field to label, kind of record to its name.

    The same field may mean another thing in another room: of the kinds named here, these labels hold.
    """
    _actions.update(actions)
    _fields.update(fields or {})
    _fields.update({f"{kind}.{name}": label for kind in kinds or () for name, label in (fields or {}).items()})
    _kinds.update(kinds or {})


def register_values(values: Mapping[str, Mapping[Any, Any] | Callable[[], Mapping[Any, Any]]]) -> None:
    """What machine words among the values mean: ``kind.field`` or ``field`` to labels by word, or to pairs of label and tone."""
    for place, labels in values.items():
        known = labels if callable(labels) else _known(labels)
        _values[place] = known


def _known(labels: Mapping[Any, Any]) -> Callable[[], Mapping[str, Any]]:
    plain = {
        str(word.value if isinstance(word, Enum) else word): label[0] if isinstance(label, tuple) else label
        for word, label in labels.items()
    }
    return lambda: plain


def register_notes(notes: Mapping[str, Any]) -> None:
    """What notes that are machine words mean: ``action:word`` to its label."""
    _notes.update(notes)


def register_names(fields: Iterable[str], names: Names) -> None:
    """Who knows what the ids in these fields are called."""
    _names.update(dict.fromkeys(fields, names))


def meanings(kind: str, field: str) -> Mapping[str, Any]:
    """What the machine words of this field mean; nothing where nobody registered any."""
    known = _values.get(f"{kind}.{field}") or _values.get(field)
    return known() if known is not None else {}


def note(action: str, words: str) -> str:
    """A note as people read it; one that is not of machine words stays as it is."""
    return ", ".join(str(_notes.get(f"{action}:{word}", word)) for word in words.split(", "))


def namer(field: str) -> Names | None:
    """Who knows what the ids in this field are called."""
    return _names.get(field)


def action(word: str) -> Any:
    """What was done: "Expression of interest accepted". The machine word itself where nobody registered one."""
    return _actions.get(word, word)


def field(word: str, kind: str = "") -> Any:
    """The label of a changed field of a kind of record."""
    return _fields.get(f"{kind}.{word}") or _fields.get(word, word.replace("_", " "))


def kind(word: str) -> Any:
    """What sort of record it is."""
    return _kinds.get(word, word)


def known_actions() -> dict[str, Any]:
    """Every registered action; the test that all recorded ones are among them reads it."""
    return dict(_actions)


def known_kinds() -> dict[str, Any]:
    """Every registered kind of record, for the filter of the log's page."""
    return dict(_kinds)


register_values({"language": NAMES, "languages": NAMES})
