"""Hours and days in words, in six languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.core import when

START = datetime(2027, 3, 11, 13, 0, tzinfo=UTC)

FULL = {
    "ar": "الخميس 11 آذار/مارس 2027", "zh": "2027年3月11日星期四", "en": "Thursday 11 March 2027",
    "fr": "jeudi 11 mars 2027", "ru": "четверг, 11 марта 2027 г.", "es": "jueves 11 de marzo de 2027",
}  # fmt: skip
SHORT = {
    "ar": "الخميس 11 آذار/مارس", "zh": "3月11日周四", "en": "Thu 11 March",
    "fr": "jeu. 11 mars", "ru": "чт, 11 марта", "es": "jue 11 de marzo",
}  # fmt: skip


@pytest.mark.parametrize("language", FULL)
def test_dates_are_written_as_their_readers_write_them(language: str) -> None:
    assert when.date_text(START, language) == FULL[language]
    assert when.date_text(START, language, style="short") == SHORT[language]
    assert when.date_text(date(2027, 3, 11), language) == FULL[language]


def test_the_date_is_that_of_the_place() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert when.date_text(late, "en", "Africa/Nairobi", "long") == "1 January 2027"
    assert when.date_text(late, "fr", "Africa/Nairobi", "long") == "1er janvier 2027"
    assert when.date_text(late, "en", "America/New_York", "long") == "31 December 2026"


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name_in_every_language(month: int) -> None:
    names = {lang: when.month_text(date(2027, month, 5), lang) for lang in FULL}
    assert "/" in names["ar"]
    assert names["zh"].endswith("月")
    assert all(name.isascii() for lang, name in names.items() if lang in ("en", "es"))
    assert not any(when.month_text(date(2027, month, 5), lang).endswith("月") for lang in FULL if lang != "zh")
    assert when.date_text(date(2027, month, 5), "ar", style="day") == f"5 {names['ar']}"


def test_a_date_box_takes_the_date_apart() -> None:
    assert when.box(START, "en", "Pacific/Kiritimati") == when.Box("March", 12, "Fri", "Friday 12 March 2027")


def test_the_world_goes_from_west_to_east_and_names_other_days() -> None:
    places = ["Pacific/Kiritimati", "Asia/Bangkok", "America/New_York", "Africa/Nairobi", "Asia/Amman"]
    rows = when.world(START, 90, places, "en", "Africa/Nairobi")
    assert [(r.name, r.time, r.until, r.day, r.kind, r.offset, r.mine) for r in rows] == [
        ("New York", "08:00", "09:30", "", "d", "UTC−5", False),
        ("Nairobi", "16:00", "17:30", "", "d", "UTC+3", True),
        ("Amman", "16:00", "17:30", "", "d", "UTC+3", False),
        ("Bangkok", "20:00", "21:30", "", "e", "UTC+7", False),
        ("Kiritimati", "03:00", "04:30", "Fri", "n", "UTC+14", False),
    ]
    assert [r.zone for r in rows if r.changes] == ["America/New_York"]


def test_the_readers_own_place_is_always_there_once() -> None:
    rows = when.world(START, 60, ["Europe/Paris", "Europe/Paris"], "fr", "Asia/Kathmandu")
    assert [(r.name, r.offset) for r in rows] == [("Paris", "UTC+1"), ("Katmandou", "UTC+5:45")]


def test_template_names_speak_for_the_reader_unless_told_otherwise() -> None:
    names = when.template_globals(lambda: "es", lambda: "America/Bogota")
    assert names["time_text"](START) == "08:00"
    assert names["time_text"](START, "UTC") == "13:00"
    assert names["city"]() == "Bogotá"
    assert names["utc_offset"](START) == "UTC−5"
    assert names["date_text"](START, "day") == "11 de marzo"
    assert names["machine_time"](START) == "2027-03-11T13:00Z"
    assert names["machine_time"](date(2027, 3, 11)) == "2027-03-11"
