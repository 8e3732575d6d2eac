"""Machine words of this room in the reader's words, and what the audit log calls its changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.queries import states
from app.accounts.reader import best, language
from app.audit.words import register, register_values
from app.core.languages import LANGUAGES, NAMES
from app.core.text import fold
from app.practices.models import Kind, LawStatus, Level, Measure, PracticeType, ResourceType
from app.topics.queries import grounds

KINDS: dict[Kind, Any] = {Kind.PRACTICE: _l("Practice"), Kind.TOOL: _l("Tool"), Kind.RESOURCE: _l("Resource")}
PLURALS: dict[Kind, Any] = {Kind.PRACTICE: _l("Practices"), Kind.TOOL: _l("Tools"), Kind.RESOURCE: _l("Resources")}
TABLES: dict[Kind, str] = {Kind.PRACTICE: "practices", Kind.TOOL: "tools", Kind.RESOURCE: "resources"}
"""What a file with a table of them is called; the log says it too."""
PRACTICE_TYPES: dict[PracticeType, Any] = {
    PracticeType.POLICY: _l("Law or policy"),
    PracticeType.PROGRAMME: _l("Programme"),
    PracticeType.AGREEMENT: _l("Agreement"),
}
RESOURCE_TYPES: dict[ResourceType, Any] = {
    ResourceType.REPORT: _l("Report"),
    ResourceType.GUIDE: _l("Guide"),
    ResourceType.VIDEO: _l("Video"),
    ResourceType.DATA: _l("Data"),
    ResourceType.LAW: _l("Legal text"),
    ResourceType.OTHER: _l("Other resource"),
}
TYPES: dict[str, Any] = {
    **{t.value: word for t, word in PRACTICE_TYPES.items()},
    "tool": KINDS[Kind.TOOL],
    **{t.value: word for t, word in RESOURCE_TYPES.items()},
}
"""What a line of the catalogue can be, in the order of its facet."""
LEVELS: dict[Level, Any] = {
    Level.LOCAL: _l("Local"),
    Level.NATIONAL: _l("National"),
    Level.BILATERAL: _l("Between two States"),
    Level.REGIONAL: _l("Regional"),
}
MEASURES: dict[Measure, Any] = {
    Measure.ADMISSION: _l("Admission"),
    Measure.STAY: _l("Stay"),
    Measure.BOTH: _l("Admission and stay"),
}
LAW: dict[LawStatus, tuple[Any, str]] = {
    LawStatus.IN_FORCE: (_l("In force"), "good"),
    LawStatus.ENDED: (_l("Ended"), ""),
    LawStatus.UNKNOWN: (_l("Not known whether it is in force"), ""),
}
"""Status of the law: word and tone."""

FIELDS: dict[str, Any] = {
    "code": _l("Code"),
    "titles": _l("Title"),
    "summaries": _l("Summary"),
    "audiences": _l("For whom it is"),
    "descriptions": _l("What it is"),
    "points": _l("Points to explore"),
    "grounds": _l("Grounds of admission and stay"),
    "illustrative": _l("Illustration"),
    "offered": _l("Offered for piloting"),
    "milestones": _l("Milestones of a pilot"),
    "type": _l("Type"),
    "states": _l("States"),
    "lead_body": _l("Lead body"),
    "level": _l("Level"),
    "measure": _l("What it grants"),
    "sdg_targets": _l("Targets of the 2030 Agenda"),
    "objectives": _l("Objectives of the Global Compact for Migration"),
    "main_objectives": _l("Main objectives among them"),
    "year_from": _l("First year"),
    "year_to": _l("Last year"),
    "law_status": _l("Status of the law"),
    "sources": _l("Sources"),
    "publisher": _l("Published by"),
    "year": _l("Year"),
    "links": _l("Web address"),
    "published": _l("On the site"),
    "document": _l("File"),
}

for _kind in Kind:
    register(
        actions={
            f"{_kind.value}.created": _l("Written"),
            f"{_kind.value}.changed": _l("Changed"),
            f"{_kind.value}.published": _l("Put on the site"),
            f"{_kind.value}.hidden": _l("Taken off the site"),
            f"{_kind.value}.document_added": _l("File added"),
            f"{_kind.value}.document_removed": _l("File taken away"),
        }
    )
register(actions={}, fields=FIELDS, kinds={kind.value: word for kind, word in KINDS.items()})


def names_by_code() -> dict[str, str]:
    """Every State's name in the reader's language, by its code."""
    found, spoken = states(), language()
    if spoken not in _names or _names[spoken][0] is not found:  # read again, and so perhaps renamed
        _names[spoken] = (found, {s.code: str(best(s.names)) for s in found if s.code})
    return _names[spoken][1]


_names: dict[str, tuple[object, dict[str, str]]] = {}


def state_names(codes: Iterable[str], known: Mapping[str, str] | None = None) -> list[str]:
    """States by their codes, in the order of their names; a code nobody knows stays as it is."""
    names = names_by_code() if known is None else known
    return sorted((names.get(code, code) for code in codes), key=fold)


def listed(names: Iterable[str]) -> str:
    """Names one after the other, with the reader's own comma."""
    return {"ar": "، ", "zh": "、"}.get(language(), ", ").join(names)


def ground_labels(codes: Iterable[str]) -> list[str]:
    """Grounds by their labels in the reader's language, in their own order."""
    wanted = set(codes)
    return [str(best(g.labels)) for code, g in grounds().items() if code in wanted]


def differences_in_words(changes: Iterable[tuple[str, Any, Any]]) -> list[tuple[Any, str, str]]:
    """What two editors wrote, field by field; of texts only the languages in which they differ."""
    found: list[tuple[Any, str, str]] = []
    for name, theirs, yours in changes:
        label = FIELDS.get(name, name)
        if isinstance(theirs, dict) and isinstance(yours, dict):
            found += [
                (f"{label} ({NAMES[lang]})", theirs.get(lang) or "–", yours.get(lang) or "–")
                for lang in LANGUAGES
                if theirs.get(lang, "") != yours.get(lang, "")
            ]
        else:
            found.append((label, in_words(name, theirs), in_words(name, yours)))
    return found


_CHOICES: dict[str, dict[Any, Any]] = {
    "type": {**PRACTICE_TYPES, **RESOURCE_TYPES},
    "level": LEVELS,
    "measure": MEASURES,
    "law_status": {status: word for status, (word, _tone) in LAW.items()},
}


def in_words(name: str, value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return str(_l("Yes") if value else _l("No"))
    if isinstance(value, Enum):
        return str(_CHOICES.get(name, {}).get(value, value.value))
    if name == "states":
        return listed(state_names(value))
    if name == "grounds":
        return listed(ground_labels(value))
    if name in ("sources", "milestones"):
        return "; ".join(str(row.get("title") or best(row.get("titles"))) for row in value)
    return ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)


for _kind in Kind:
    register_values({f"{_kind.value}.{name}": labels for name, labels in _CHOICES.items()})
