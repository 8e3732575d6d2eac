"""A program that ends: writes down which days the installed lists of public holidays name, for COPY into a table.

Told on stdin: {"first": year, "last": year}. Writes one line of JSON (release, subdivisions with their names), then the rows
of ``country_days``, tab separated. It runs by itself (``python -I``) and imports nothing of the platform: the library is large.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.metadata import version
from typing import Any

import holidays
from holidays.calendars.islamic import _IslamicLunar

OURS = ("ar", "zh", "en", "fr", "ru", "es")
DAY = timedelta(days=1)
Found = dict[date, tuple[str, dict[str, str], str, str]]
"""Day to kind, names, original, its language."""


def main() -> None:
    """Read what is wanted, write what is known."""
    told = json.load(sys.stdin)
    years = range(told["first"], told["last"] + 1)
    listed = holidays.list_supported_countries(include_aliases=False)
    parts = {code: _parts(code) for code, names in listed.items() if names}
    out = sys.stdout
    out.write(json.dumps({"release": version("holidays"), "subdivisions": parts}, ensure_ascii=False) + "\n")
    for code, names in sorted(listed.items()):
        country = _days(code, "", years)
        _write(out, code, "", country)
        for part in sorted(names):
            _write(out, code, part, _beside(country, _days(code, part, years)))
    _write(out, "UN", "", _united_nations(years))
    _write(out, "*", "", _ramadan(years))


def _parts(code: str) -> dict[str, str]:
    """Subdivisions and what they are called."""
    known = holidays.country_holidays(code).get_subdivision_aliases()
    return {part: (names[0] if names else part) for part, names in sorted(known.items())}


def _days(code: str, part: str, years: range) -> Found:
    """The public holidays of a place, and the days of its weekends that are worked instead."""
    read = holidays.country_holidays(code, subdiv=part or None)
    spoken = read.supported_languages or ()
    original = read.default_language or "en_US"
    books = {tag: _book(code, part, years, tag if tag in spoken else None) for tag in {original, *_ours(spoken, original)}}
    first = books[original]
    found: Found = {}
    for day in sorted(first):
        said = [_told(first, name) for name in first.get_list(day)]
        kind = "estimated" if all(estimated for _, estimated in said) else "holiday"
        names = {_ours_of(tag): _joined(book, day) for tag, book in books.items() if day in book and _ours_of(tag) in OURS}
        found[day] = (kind, names, _joined(first, day), original.replace("_", "-"))
    for day in sorted(first.weekend_workdays):
        if day.year in years and day not in found:
            found[day] = ("working", {}, "", "")
    return found


def _book(code: str, part: str, years: range, language: str | None) -> Any:
    return holidays.country_holidays(code, subdiv=part or None, years=years, language=language)


def _ours(spoken: tuple[str, ...], original: str) -> Iterator[str]:
    """For each of our languages the tag the list has, the original's before others of its language."""
    for ours in OURS:
        tags = sorted((tag for tag in spoken if _ours_of(tag) == ours), key=lambda tag: (tag != original, tag != "zh_CN", tag))
        yield from tags[:1]


def _ours_of(tag: str) -> str:
    return tag.split("_")[0]


def _joined(book: Any, day: date) -> str:
    return "; ".join(dict.fromkeys(_told(book, name)[0] for name in book.get_list(day)))


def _told(book: Any, name: str) -> tuple[str, bool]:
    """A name without the label that calls it estimated, and whether it had one."""
    for label in ("observed_estimated_label", "estimated_label"):
        said = book.tr(getattr(book, label, "") or "")
        if "%s" in said and (found := re.fullmatch(re.escape(said).replace("%s", "(.+)"), name)):
            return found[1], True
    return name, False


def _beside(country: Found, part: Found) -> Found:
    """How a subdivision differs from its country."""
    found = {day: told for day, told in part.items() if country.get(day, ("",))[0] != told[0] or country[day][2] != told[2]}
    for day in country.keys() - part.keys():
        found[day] = ("ordinary", {}, "", "")
    return found


def _united_nations(years: range) -> Found:
    """The official holidays of United Nations Headquarters, by the rule of its yearly circulars (A/RES/52/214 A, ST/IC/2019/23)."""
    federal = holidays.country_holidays("US", years=years, language="en_US")
    market = holidays.financial_holidays("XNYS", years=years, language="en_US")
    kept = ("New Year's Day", "Memorial Day", "Independence Day", "Labor Day", "Thanksgiving", "Christmas Day")
    plain = {day: name for day, name in federal.items() if name.startswith(kept) and day.isoweekday() < 6}
    plain |= {day: name for day, name in market.items() if name == "Good Friday"}
    found: Found = {day: ("holiday", {"en": name}, name, "en") for day, name in sorted(plain.items())}
    moon = _IslamicLunar()
    for year in years:
        for name, dates in (("Eid al-Fitr", moon.eid_al_fitr_dates(year)), ("Eid al-Adha", moon.eid_al_adha_dates(year))):
            for day, _ in dates:
                if day.year == year:
                    found.setdefault(day, ("estimated", {"en": name}, name, "en"))
    return found


def _ramadan(years: range) -> Found:
    """Every day from the first of Ramadan to the eve of Eid al-Fitr."""
    moon = _IslamicLunar()
    begins = sorted({day for year in years for day, _ in moon.ramadan_beginning_dates(year)})
    ends = sorted({day for year in years for day, _ in moon.eid_al_fitr_dates(year)})
    found: Found = {}
    for first in begins:
        last = next((day for day in ends if 28 <= (day - first).days <= 31), first + 30 * DAY)
        for n in range((last - first).days):
            found[first + n * DAY] = ("ramadan", {}, "", "")
    return {day: told for day, told in found.items() if day.year in years}


def _write(out: Any, code: str, part: str, found: Found) -> None:
    for day, (kind, names, original, language) in sorted(found.items()):
        told = json.dumps(names, ensure_ascii=False)
        cells = (code, part, day.isoformat(), kind, told, "" if original in names.values() else original, language)
        out.write("\t".join(_cell(cell) for cell in cells) + "\n")


def _cell(text: str) -> str:
    """As COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", " ").replace("\n", " ").replace("\r", " ")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main()
