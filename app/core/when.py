"""Instants in words: the reader's hour first, the place named, other places from west to east.

Everything here is told which language and which zone to speak in; ``template_globals`` binds the two for pages.
Stand-alone month names of Babel ("LLLL") are not used: they come out in another language for French and Spanish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from markupsafe import Markup, escape

from app.core import draw, zones
from app.core.languages import babel_locale

# Both names of each month, as Arabic readers from the Gulf to the Maghreb expect them.
ARABIC_MONTHS = (
    "كانون الثاني/يناير", "شباط/فبراير", "آذار/مارس", "نيسان/أبريل", "أيار/مايو", "حزيران/يونيه",
    "تموز/يوليه", "آب/أغسطس", "أيلول/سبتمبر", "تشرين الأول/أكتوبر", "تشرين الثاني/نوفمبر", "كانون الأول/ديسمبر",
)  # fmt: skip

# The order of the parts in each language; no commas where the design has none.
PATTERNS: dict[str, dict[str, str]] = {
    "full": {"en": "EEEE d MMMM y", "fr": "EEEE d MMMM y", "es": "EEEE d 'de' MMMM 'de' y", "ru": "EEEE, d MMMM y 'г'.",
             "zh": "y年M月d日EEEE", "ar": "EEEE d MMMM y"},
    "long": {"en": "d MMMM y", "fr": "d MMMM y", "es": "d 'de' MMMM 'de' y", "ru": "d MMMM y 'г'.",
             "zh": "y年M月d日", "ar": "d MMMM y"},
    "day": {"en": "d MMMM", "fr": "d MMMM", "es": "d 'de' MMMM", "ru": "d MMMM", "zh": "M月d日", "ar": "d MMMM"},
    "short": {"en": "EEE d MMMM", "fr": "EEE d MMMM", "es": "EEE d 'de' MMMM", "ru": "EEE, d MMMM",
              "zh": "M月d日EEE", "ar": "EEEE d MMMM"},
}  # fmt: skip


@lru_cache(maxsize=32)
def _locale(language: str) -> Locale:
    return Locale.parse(babel_locale(language))


@lru_cache(maxsize=4096)
def _day_text(day: date, style: str, language: str) -> str:
    pattern = PATTERNS[style][language]
    if language == "ar":  # the quotes make Babel print the month's double name as it stands
        pattern = pattern.replace("MMMM", f"'{ARABIC_MONTHS[day.month - 1]}'")
    if language == "fr" and day.day == 1:
        pattern = pattern.replace("d MMMM", "d'er' MMMM")
    return str(format_date(day, pattern, locale=_locale(language)))


def date_text(moment: date | datetime, language: str, zone: str = "UTC", style: str = "full") -> str:
    """A date in words: "Thursday 11 March 2027" (``full``), ``long``, ``day`` ("11 March") or ``short`` with weekday."""
    if isinstance(moment, datetime):
        moment = zones.to_wall(moment, zone).date()
    return _day_text(moment, style, language)


def time_text(moment: datetime, zone: str) -> str:
    """The hour on the clocks of that zone, 24 hours: "16:00"."""
    wall = zones.to_wall(moment, zone)
    return f"{wall.hour:02}:{wall.minute:02}"


def month_text(day: date, language: str) -> str:
    """The month alone, for a date box."""
    if language == "ar":
        return ARABIC_MONTHS[day.month - 1]
    return str(format_date(day, "MMMM", locale=_locale(language)))


def weekday_text(day: date, language: str, long: bool = False) -> str:
    """The day of the week: "Thu", or "Thursday"."""
    return str(format_date(day, "EEEE" if long else "EEE", locale=_locale(language)))


@dataclass(frozen=True, slots=True)
class Box:
    """The three parts of a date box, and the whole date for those who hear it."""

    month: str
    day: int
    weekday: str
    whole: str


def box(moment: date | datetime, language: str, zone: str = "UTC") -> Box:
    """A date taken apart for a date box."""
    day = zones.to_wall(moment, zone).date() if isinstance(moment, datetime) else moment
    return Box(month_text(day, language), day.day, weekday_text(day, language), _day_text(day, "full", language))


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the world clock."""

    zone: str
    name: str
    time: str
    until: str
    day: str  # the weekday, only where it differs from the reader's
    offset: str
    kind: str  # 'd' within the working day, 'e' early or late, 'n' at night
    band: Markup
    mine: bool
    changes: bool  # clocks change there within two weeks


def world(start: datetime, minutes: int, places: Iterable[str], language: str, mine: str) -> list[Place]:
    """The same moment in each of these zones and the reader's own, from west to east."""
    start = start.astimezone(UTC)
    own_day = zones.to_wall(start, mine).date()
    rows = []
    for name in _west_to_east(start, places, language, mine):
        wall = zones.to_wall(start, name)
        minute = wall.hour * 60 + wall.minute
        rows.append(
            Place(
                zone=name,
                name=zones.city(name, babel_locale(language)),
                time=wall.strftime("%H:%M"),
                until=time_text(start + timedelta(minutes=minutes), name),
                day="" if wall.date() == own_day else weekday_text(wall.date(), language),
                offset=zones.offset_text(start, name),
                kind=draw.hour_kind(minute),
                band=draw.hour_band(minute, minutes),
                mine=name == mine,
                changes=zones.changes_near(start, name),
            )
        )
    return rows


def elsewhere(start: datetime, places: Iterable[str], language: str, mine: str) -> list[tuple[str, str, str]]:
    """Name, hour, and the weekday where it differs from the reader's: of these zones but the reader's own, in the same order."""
    own_day = zones.to_wall(start, mine).date()
    return [
        (city, hour, "" if day == own_day else weekday)
        for name, city, hour, day, weekday in _hours_of(start.astimezone(UTC), tuple(places), language)
        if name != mine
    ]


@lru_cache(maxsize=512)
def _hours_of(start: datetime, places: tuple[str, ...], language: str) -> list[tuple[str, str, str, date, str]]:
    """The moment in each of these zones, whoever reads it: a mail to many says the same places in every zone."""
    rows = []
    for name in _west_to_east(start, places, language, ""):
        wall = zones.to_wall(start, name)
        day = wall.date()
        city = zones.city(name, babel_locale(language))
        rows.append((name, city, f"{wall.hour:02}:{wall.minute:02}", day, weekday_text(day, language)))
    return rows


def _west_to_east(start: datetime, places: Iterable[str], language: str, mine: str) -> list[str]:
    wanted = dict.fromkeys((*places, mine) if mine else places)
    return sorted(wanted, key=lambda z: (zones.offset(start, z), z != mine, zones.city(z, babel_locale(language))))


def machine_time(moment: date | datetime) -> str:
    """For the attribute of a ``<time>``: an instant in UTC, or a day."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="minutes")[:16] + "Z"
    return moment.isoformat()


def template_globals(language: Callable[[], str], zone: Callable[[], str]) -> dict[str, Callable[..., object]]:
    """The names templates use, speaking the reader's language in the reader's zone unless told another."""

    def in_place(moment: date | datetime, style: str = "full", at: str | None = None) -> str:
        return date_text(moment, language(), at or zone(), style)

    def dated(moment: date | datetime, style: str = "long", at: str | None = None) -> Markup:
        return Markup(  # noqa: S704 - a date in words of Babel's, escaped
            f'<time datetime="{machine_time(moment)}">{escape(in_place(moment, style, at))}</time>'
        )

    def at_hour(moment: datetime, at: str | None = None) -> str:
        return time_text(moment, at or zone())

    def city(at: str | None = None) -> str:
        return zones.city(at or zone(), babel_locale(language()))

    def offset(moment: datetime, at: str | None = None) -> str:
        return zones.offset_text(moment, at or zone())

    def world_rows(start: datetime, minutes: int, places: Iterable[str] = ()) -> list[Place]:
        return world(start, minutes, places, language(), zone())

    def date_box(moment: date | datetime, at: str | None = None) -> Box:
        return box(moment, language(), at or zone())

    return {
        "date_text": in_place,
        "dated": dated,
        "time_text": at_hour,
        "city": city,
        "utc_offset": offset,
        "world_rows": world_rows,
        "date_box": date_box,
        "machine_time": machine_time,
    }
