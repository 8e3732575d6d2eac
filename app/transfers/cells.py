"""One row of an uploaded table, read cell by cell; what is wrong is a sentence with its row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import zones
from app.core.languages import LANGUAGES, NAMES, babel_locale
from app.core.text import clean, fold, line
from app.tables.reading import Line, Odd, Value


@dataclass(frozen=True)
class Field:
    """One column of a template: its name, its heading, and what to enter."""

    name: str
    label: Any
    hint: Any
    needed: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where. Row 0 is the file as a whole; a column may be empty."""

    row: int
    column: str
    sentence: str

    def told(self) -> dict[str, Any]:
        """As the report keeps it."""
        return asdict(self)


@dataclass
class Planned:
    """What one row will do: something new, a change, or nothing; and for whom."""

    row: int
    what: str  # "new", "updated", "left"
    who: str
    do: Callable[[], None]


def heading(text: str) -> str:
    """A heading as it is compared: in whatever case, with or without a mark behind it."""
    return fold(text).strip(" *:")


def spoken(label: Any) -> list[str]:
    """A label of ours in all six languages."""
    found = []
    for language in LANGUAGES:
        with force_locale(babel_locale(language)):
            found.append(str(label))
    return found


def headings(fields: Iterable[Field]) -> dict[str, str]:
    """Every heading that is understood, to the name of its column."""
    found: dict[str, str] = {}
    for one in fields:
        for text in (one.name, *spoken(one.label)):
            found.setdefault(heading(text), one.name)
    return found


def words_of(labels: Mapping[Any, Any]) -> dict[str, Any]:
    """Values by every word they go by: their own, and their label in six languages. Labels may be texts per language."""
    found: dict[str, Any] = {}
    for value, label in labels.items():
        label = label[0] if isinstance(label, tuple) else label
        said = list(label.values()) if isinstance(label, dict) else spoken(label)
        for text in (str(getattr(value, "value", value)), *said):
            found.setdefault(fold(text), value)
    return found


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    return {fold(word): code for code, name in NAMES.items() for word in (code, name)}


_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_A_DAY = _l("Write the date as 2027-03-11. Other forms can be read two ways.")
_FROM_LIST = _l("“%(word)s” is not known here. Enter one of: %(words)s.")


@dataclass
class Row:
    """The cells of one row by the names of their columns, and the problems found so far."""

    line: Line
    at: Mapping[str, int]
    labels: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The row's number in the sheet."""
        return self.line.number

    def wrong(self, name: str, sentence: Any) -> None:
        """Note a problem at a column, once however often the cell is read."""
        found = Problem(self.number, self.labels.get(name, ""), str(sentence))
        if found not in self.problems:
            self.problems.append(found)

    def cell(self, name: str) -> Value:
        """What stands there; a formula or its error is noted and counts as empty."""
        place = self.at.get(name)
        value = self.line.cells[place] if place is not None and place < len(self.line.cells) else None
        if isinstance(value, Odd):
            self.wrong(name, _odd(value))
            return None
        return value

    def text(self, name: str, most: int = 200, *, long: bool = False) -> str:
        """A text on one line, or a long one with its lines."""
        value = self.cell(name)
        if value is None:
            return ""
        raw = value.isoformat() if isinstance(value, date) else str(value)
        said = clean(raw).strip() if long else line(raw)
        if len(said) > most:
            self.wrong(name, _("Shorten this text: it has %(got)s characters, %(most)s fit.", got=len(said), most=most))
        return said[:most]

    def needed(self, name: str, sentence: Any, most: int = 200) -> str:
        """A text that has to be there."""
        before = len(self.problems)
        said = self.text(name, most)
        if not said and len(self.problems) == before:
            self.wrong(name, sentence)
        return said

    def address(self, name: str) -> str:
        """An e-mail address."""
        from email_validator import EmailNotValidError, validate_email

        said = self.text(name, 254)
        if said:
            try:
                validate_email(said, check_deliverability=False, test_environment=True)
            except EmailNotValidError:
                self.wrong(name, _("Enter an e-mail address, such as name@ministry.example."))
        return said

    def one(self, name: str, known: Mapping[str, Any]) -> Any:
        """One value of a list, by any of its words; ``None`` where nothing stands."""
        said = self.text(name)
        if not said:
            return None
        if fold(said) not in known:
            self._unknown(name, said, known)
            return None
        return known[fold(said)]

    def many(self, name: str, known: Mapping[str, Any]) -> list[Any]:
        """Several values of a list, apart by semicolons or on lines of their own; in the order of the list."""
        said = [part.strip() for part in self.text(name, 2000, long=True).replace("\n", ";").split(";")]
        found = set()
        for part in filter(None, said):
            if fold(part) in known:
                found.add(known[fold(part)])
            else:
                self._unknown(name, part, known)
        return [value for value in dict.fromkeys(known.values()) if value in found]

    def _unknown(self, name: str, said: str, known: Mapping[str, Any]) -> None:
        words = ", ".join(dict.fromkeys(str(getattr(value, "value", value)) for value in known.values()))
        self.wrong(name, str(_FROM_LIST) % {"word": said[:60], "words": words[:400]})

    def day(self, name: str) -> date | None:
        """A date: a real one, or text in the one form that is read the same everywhere."""
        value = self.cell(name)
        if isinstance(value, date):
            return self._sane(name, value)
        said = line(str(value)) if value not in (None, "") else ""
        if not said:
            return None
        found = _DAY.fullmatch(said)
        try:
            if found is None:
                raise ValueError(said)
            return self._sane(name, date(int(found[1]), int(found[2]), int(found[3])))
        except ValueError:
            self.wrong(name, _A_DAY)
            return None

    def _sane(self, name: str, day: date) -> date | None:
        if 1900 <= day.year <= 2200:
            return day
        self.wrong(name, _("Enter a year between 1900 and 2200."))
        return None

    def language(self, name: str) -> str | None:
        """One of the six languages, by its code or its own name."""
        found: str | None = self.one(name, _languages())
        return found

    def zone(self, name: str) -> str | None:
        """A time zone by its name in the zone data."""
        said = self.text(name)
        if said and said not in zones.selectable():
            self.wrong(name, _("This time zone is not known. Enter one such as Africa/Nairobi."))
            return None
        return said or None


def _odd(value: Odd) -> str:
    if value.kind == "moment":
        return str(_A_DAY)
    if value.kind == "error":
        return str(_("This cell shows an error (%(shown)s). Enter the value itself.", shown=value.shown[:20]))
    return str(_("This cell holds a formula. Copy it and paste it as a value."))
