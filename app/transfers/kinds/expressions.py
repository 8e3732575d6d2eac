"""Expressions of interest that came on paper: entered on behalf, each with its source; the contact gets a copy to correct."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.languages import LANGUAGES
from app.core.signing import settings
from app.core.text import fold
from app.extensions import db
from app.interests import rules
from app.interests.models import APPLICANT_KINDS, Call, Source
from app.interests.queries import by_submission_key
from app.interests.rules.complete import SENTENCES
from app.interests.tables import ask_words, queue, tool_words
from app.interests.words import FIELDS, KINDS, MODES, SOURCES
from app.topics.queries import grounds
from app.transfers.cells import Field, Planned, Row, words_of
from app.transfers.kinds.base import Importer, Told, nothing, places, twice

_CODES = _l("Codes or names, apart by semicolons")
FIELDS_OF = (
    Field("source", _l("How it came"), "note_verbale; email; phone", needed=True),
    Field("source_number", _l("Number of the letter"), _l("As on the letter")),
    Field("source_date", _l("Date of the letter or call"), "2027-03-11", needed=True),
    Field(
        "organisation_kind",
        FIELDS["organisation_kind"],
        "ministry; mission; un_entity; civil_society; academia; regional_body",
        needed=True,
    ),
    Field("state", _l("Code of the State"), _l("Two letters such as KE, or the name of the State")),
    Field("organisation_name", FIELDS["organisation_name"], _l("As on the letter")),
    Field("organisation_unit", FIELDS["organisation_unit"], ""),
    Field("honorific", FIELDS["contact_honorific"], ""),
    Field("given_name", FIELDS["contact_given_name"], ""),
    Field("family_name", FIELDS["contact_family_name"], ""),
    Field("post", FIELDS["contact_post"], ""),
    Field("email", FIELDS["contact_email"], "name@ministry.example"),
    Field("phone", FIELDS["contact_phone"], _l("With the code of the country: +254 …")),
    Field("language", FIELDS["language"], "ar; zh; en; fr; ru; es"),
    Field("zone", FIELDS["contact_zone"], _l("Such as Africa/Nairobi; else where they belong")),
    Field("mode", FIELDS["mode"], "seek; offer; both"),
    Field("asks", FIELDS["asks"], _CODES),
    Field("grounds", FIELDS["grounds"], _CODES, needed=True),
    Field("tools", FIELDS["tools"], _CODES),
    Field("languages", FIELDS["languages"], "en; fr"),
    Field("aim", FIELDS["aim"], ""),
    Field("start_on", FIELDS["start_on"], "2027-03-11"),
    Field("constraints", FIELDS["constraints"], ""),
)
MOST = 500
"""References are numbered without gaps, so a long table would keep applicants waiting who send their form meanwhile."""


def plan(rows: list[Row], told: Told) -> tuple[list[Planned], Callable[[], None]]:
    """What each row will do."""
    where, known = places(), _known()
    call = db.session.get_one(Call, told.call_id)
    read = [(row, *_said(row, where, known)) for row in rows]
    keys = {row.number: _key(call, fields, came) for row, fields, came in read}
    twice(rows, lambda row: keys[row.number], "source")
    planned = []
    for row, fields, came in read:
        if row.problems:
            continue
        key = keys[row.number]
        who = fields["organisation_name"] or row.text("state")
        there = by_submission_key(key)
        if there is not None:
            planned.append(Planned(row.number, "left", f"{there.reference} {who}", nothing))
        else:
            planned.append(Planned(row.number, "new", who, partial(_enter, call, fields, came, key, told)))
    return planned, nothing


def _known() -> dict[str, Any]:
    """The words of every list, in six languages."""
    return {
        "source": words_of({s: label for s, label in SOURCES.items() if s is not Source.WEB_FORM}),
        "organisation_kind": words_of({k: KINDS[k] for k in APPLICANT_KINDS}),
        "mode": words_of(MODES),
        "asks": words_of(ask_words()),
        "grounds": words_of({code: ground.labels for code, ground in grounds().items()}),
        "tools": words_of(tool_words()),
        "languages": {fold(code): code for code in LANGUAGES},
    }


def _said(row: Row, where: Any, known: dict[str, Any]) -> tuple[dict[str, Any], rules.Came]:
    source, on = row.one("source", known["source"]), row.day("source_date")
    if not row.text("source"):
        row.wrong("source", _("Say how it came."))
    if not row.cell("source_date"):
        row.wrong("source_date", _("Enter a date, such as 2027-03-11."))
    kind = row.one("organisation_kind", known["organisation_kind"])
    if not row.text("organisation_kind"):
        row.wrong("organisation_kind", _("Say what kind of organisation it is"))
    state = where.state(row, "state")
    name = row.text("organisation_name")
    if not name and not row.text("state"):
        row.wrong("organisation_name", _("Enter the organisation, or choose the State."))
    chosen = row.many("grounds", known["grounds"])
    if not row.text("grounds", 2000):
        row.wrong("grounds", SENTENCES["grounds"])
    fields = {
        "organisation_kind": kind, "state_id": state.id if state else None, "organisation_name": name,
        "organisation_unit": row.text("organisation_unit"), "contact_honorific": row.text("honorific", 60),
        "contact_given_name": row.text("given_name", 100), "contact_family_name": row.text("family_name", 100),
        "contact_post": row.text("post"), "contact_email": row.address("email"), "contact_phone": row.text("phone", 40),
        "language": row.language("language") or settings().default_language,
        "contact_zone": row.zone("zone") or (state.zone if state else settings().default_zone),
        "mode": row.one("mode", known["mode"]), "asks": row.many("asks", known["asks"]), "grounds": chosen,
        "tools": row.many("tools", known["tools"]), "languages": row.many("languages", known["languages"]),
        "aim": row.text("aim", 4000, long=True), "start_on": row.day("start_on"),
        "constraints": row.text("constraints", 4000, long=True),
    }  # fmt: skip
    return fields, rules.Came(source or Source.EMAIL, row.text("source_number", 100), on)


def _key(call: Call, fields: dict[str, Any], came: rules.Came) -> str:
    """What tells one row from another: the same row uploaded again is the same expression."""
    said = json.dumps([str(call.id), fields, came.source.value, came.number, came.on], default=str, sort_keys=True)
    return f"import:{hashlib.sha256(said.encode()).hexdigest()}"


def _enter(call: Call, fields: dict[str, Any], came: rules.Came, key: str, told: Told) -> None:
    rules.enter(call, fields, came, by=told.by, now=told.now, key=key)


IMPORTER = Importer(FIELDS_OF, plan, queue, MOST, writes=True)
