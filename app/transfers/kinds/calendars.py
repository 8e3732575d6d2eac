"""Corrections of calendars: days off, working days, working weeks and events, each with its source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.tables import name_label
from app.accounts.words import WEEKDAYS
from app.calendars.models import EVERYWHERE, UNITED_NATIONS
from app.calendars.rules import overrides
from app.calendars.words import FIELDS, KINDS
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.transfers.cells import Field, Planned, Row, words_of
from app.transfers.kinds.base import Importer, Told, nothing, places, twice

FIELDS_OF = (
    Field("calendar", FIELDS["calendar"], _l("The State's two letters or name; UN; * for everybody"), needed=True),
    Field("subdivision", FIELDS["subdivision"], _l("Only for a part of the State, such as BY")),
    Field("kind", FIELDS["kind"], "day_off; working_day; working_week; event", needed=True),
    Field("first_day", FIELDS["first_day"], "2027-03-11", needed=True),
    Field("last_day", FIELDS["last_day"], _l("Empty for one day, or for a week that goes on")),
    Field("weekend", FIELDS["weekend"], _l("Of a working week: 5; 6 for Friday and Saturday")),
    *(Field(f"name_{code}", name_label(code), _l("Of a day off or an event, in any language")) for code in LANGUAGES),
    Field("source", FIELDS["source"], _l("A gazette, a note, a web address"), needed=True),
    Field("source_date", FIELDS["source_date"], "2026-11-30", needed=True),
)
_COLUMNS = {"code": "calendar", "names": "name_en"}


def plan(rows: list[Row], told: Told) -> tuple[list[Planned], Callable[[], None]]:
    """What each row will do: enter a correction, or nothing where it is entered already."""
    where, kinds, weekdays = places(), words_of(KINDS), words_of(WEEKDAYS)
    codes = overrides.codes_of_states()
    read = [(row, _said(row, where, codes, kinds, weekdays, told.now)) for row in rows]
    keys = {row.number: (said.code, said.subdivision, said.kind, said.first_day, said.last_day) for row, said in read if said}
    twice(rows, lambda row: keys.get(row.number), "first_day")
    return [_planned(row, said, told) for row, said in read if said is not None and not row.problems], nothing


def _said(
    row: Row, where: Any, codes: dict[Any, str], kinds: dict[str, Any], weekdays: dict[str, Any], now: datetime
) -> overrides.Correction | None:
    code = _code(row, where, codes)
    kind = row.one("kind", kinds)
    first = _day(row, "first_day")
    source = row.needed("source", _("Say who says so: a gazette, a note, an address."), 300)
    source_date = _day(row, "source_date")
    if kind is None and not row.text("kind"):
        row.wrong("kind", _("Say what it is."))
    names = {language: name for language in LANGUAGES if (name := row.text(f"name_{language}", 120))}
    last, weekend, part = row.day("last_day"), row.many("weekend", weekdays), row.text("subdivision", 40)
    if row.problems or code is None or kind is None or first is None or source_date is None:
        return None
    said = overrides.Correction(
        code=code, subdivision=part, kind=kind, first_day=first, last_day=last, weekend=tuple(weekend), names=names,
        source=source, source_date=source_date,
    )  # fmt: skip
    try:
        overrides.check(said, now)
    except RuleBroken as refused:
        row.wrong(_COLUMNS.get(str(refused.field), str(refused.field)), refused.message)
        return None
    return said


def _day(row: Row, name: str) -> date | None:
    found, before = row.day(name), len(row.problems)
    if found is None and len(row.problems) == before and not row.text(name):
        row.wrong(name, _("Enter a date, such as 2027-03-11."))
    return found


def _code(row: Row, where: Any, codes: dict[Any, str]) -> str | None:
    said = row.text("calendar")
    if said.upper() in (UNITED_NATIONS, EVERYWHERE):
        return said.upper()
    if not said:
        row.wrong("calendar", _("Choose a State, the United Nations or everybody."))
        return None
    place = where.state(row, "calendar")
    return codes.get(place.id) if place is not None else None


def _planned(row: Row, said: overrides.Correction, told: Told) -> Planned:
    who = f"{said.code} {said.first_day.isoformat()} {said.kind.value}"
    if overrides.same(said) is not None:
        return Planned(row.number, "left", who, nothing)
    return Planned(row.number, "new", who, partial(_add, said, told))


def _add(said: overrides.Correction, told: Told) -> None:
    overrides.add(said, by=told.by, now=told.now)


IMPORTER = Importer(FIELDS_OF, plan, lambda: (), most=2000)
