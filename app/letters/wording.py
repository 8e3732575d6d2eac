"""The formulas of letters: what each is called, what it may name, and how a name is filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.db import Texts

_NAME = re.compile(r"\{([a-z_]*)\}")

LABELS: dict[str, Any] = {
    "opening_mission": _l("Opening of a note verbale to a Permanent Mission"),
    "opening_ministry": _l("Opening of a note verbale to a Ministry"),
    "opening_other": _l("Opening of a note verbale to other authorities"),
    "closing_note": _l("Courtesy formula of a note verbale"),
    "salutation": _l("Salutation of a letter"),
    "form_default": _l("Form of address where none is known"),
    "closing_personal": _l("Courtesy formula of a letter"),
    "subject_session": _l("Subject: a session"),
    "subject_decision": _l("Subject: a decision"),
    "subject_designation": _l("Subject: a designation"),
    "session_note": _l("Invitation to a session, in a note verbale"),
    "session_personal": _l("Invitation to a session, in a letter"),
    "accepted_note": _l("Expression of interest accepted, in a note verbale"),
    "accepted_personal": _l("Expression of interest accepted, in a letter"),
    "waitlisted_note": _l("Expression of interest on the waiting list, in a note verbale"),
    "waitlisted_personal": _l("Expression of interest on the waiting list, in a letter"),
    "declined_note": _l("Expression of interest not accepted, in a note verbale"),
    "declined_personal": _l("Expression of interest not accepted, in a letter"),
    "designation_note": _l("Designation recorded, in a note verbale"),
    "designation_personal": _l("Designation recorded, in a letter"),
    "answer_by": _l("Request for an answer"),
}
"""Every formula, in the order of the page."""

_MUST_NAME = ("title", "reference", "person", "addressee", "form", "date")


@cache
def defaults() -> Mapping[str, Texts]:
    """The wording that comes with the platform: formula to language to text."""
    file = Path(__file__).resolve().with_name("data") / "formulas.json"
    found: Mapping[str, Texts] = json.loads(file.read_text(encoding="utf-8"))
    return found


def names_in(text: str) -> list[str]:
    """The names a text uses, each once."""
    return list(dict.fromkeys(_NAME.findall(text)))


def may_name(key: str) -> list[str]:
    """What a formula may name."""
    return names_in(defaults()[key]["en"])


def must_name(key: str) -> list[str]:
    """What a formula cannot do without."""
    allowed = may_name(key)
    if key in ("session_note", "session_personal"):
        return ["title", "date"]
    return [name for name in _MUST_NAME if name in allowed][:1]


def filled(text: str, values: Mapping[str, str]) -> str:
    """A formula with its names filled in; what is filled in is text and no formula again."""
    return _NAME.sub(lambda found: values.get(found[1], ""), text)
