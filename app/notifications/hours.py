"""What a mail says on its reader's clock: left open while the mail is composed for a language, and filled in for each zone.

A mail to many is composed once for a language. Of all it says only hours, days and places depend on the reader's zone,
and there may be two hundred of those, so each is a slot until the zone is known. Templates print these and ask nothing of
them: what depends on an answer, such as whether the day is another one in UTC, is decided here.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from app.core import when, zones
from app.core.languages import babel_locale
from app.notifications.facts import instant
from app.notifications.slots import slot


class Clock:
    """The hours of one zone, in the words of one language."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.zone = zone

    def date_text(self, moment: str | datetime, style: str = "full") -> str:
        """The date in words."""
        return when.date_text(instant(moment), self.language, self.zone, style)

    def time_text(self, moment: str | datetime) -> str:
        """The hour."""
        return when.time_text(instant(moment), self.zone)

    def utc_offset(self, moment: str | datetime) -> str:
        """The offset from UTC at that moment."""
        return zones.offset_text(instant(moment), self.zone)

    def city(self) -> str:
        """The place the zone is named after."""
        return zones.city(self.zone, babel_locale(self.language))

    def utc_day(self, moment: str | datetime) -> str:
        """The date in UTC after a comma, where it is another one than here."""
        told = Clock(self.language, "UTC").date_text(moment)
        return f", {told}" if told != self.date_text(moment) else ""

    def elsewhere(self, moment: str | datetime, places: Iterable[str]) -> list[str]:
        """The same moment in each of these zones but the reader's own, from west to east."""
        rows = when.elsewhere(instant(moment), places, self.language, self.zone)
        return [f"{name} {time} ({day})" if day else f"{name} {time}" for name, time, day in rows]


Asked = Mapping[tuple[Any, ...], str]
"""What a mail asks of its reader's clock: the function's name and what it is given, and the name of the slot."""


class Hours:
    """The functions templates call. Where they name a zone they are answered at once, else a slot is left."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.asked: dict[tuple[Any, ...], str] = {}

    def names(self) -> dict[str, Callable[..., Any]]:
        """What the template's context gets."""
        return {
            "date_text": self.date_text,
            "time_text": self.time_text,
            "utc_offset": lambda moment: self._left("utc_offset", moment),
            "city": self.city,
            "utc_day": lambda moment: self._left("utc_day", moment),
            "elsewhere": lambda moment, places=(): self._left("elsewhere", moment, tuple(places)),
            "ends": lambda moment, minutes: instant(moment) + timedelta(minutes=minutes),
        }

    def date_text(self, moment: str | datetime, style: str = "full", zone: str | None = None) -> str:
        """The date in words, on the reader's calendar or in a zone that is named."""
        return Clock(self.language, zone).date_text(moment, style) if zone else self._left("date_text", moment, style)

    def time_text(self, moment: str | datetime, zone: str | None = None) -> str:
        """The hour on the reader's clock or in a zone that is named."""
        return Clock(self.language, zone).time_text(moment) if zone else self._left("time_text", moment)

    def city(self, zone: str | None = None) -> str:
        """The place the reader's zone is named after, or one that is named."""
        return Clock(self.language, zone).city() if zone else self._left("city")

    def _left(self, *asked: Any) -> str:
        return slot(self.asked.setdefault(asked, f"hours.{len(self.asked)}"))


def answers(asked: Asked, language: str, zone: str) -> tuple[dict[str, str], dict[str, str]]:
    """What the slots of a mail say in this zone: as text, and as HTML."""
    clock = Clock(language, zone)
    words: dict[str, str] = {}
    marked: dict[str, str] = {}
    for (name, *given), where in asked.items():
        found = getattr(clock, name)(*given)
        if name == "elsewhere":
            words[where] = f"{' · '.join(found)}\r\n" if found else ""
            marked[where] = f"{' · '.join(map(_kept_together, found))}<br>" if found else ""
        else:
            words[where], marked[where] = found, _as_html(found)
    return words, marked


@lru_cache(maxsize=4096)
def _kept_together(words: str) -> str:
    """A piece that no line end parts. The style sheet is in the tags already when this is filled in."""
    return f'<span class="keep" style="white-space: nowrap;">{_as_html(words)}</span>'


def _as_html(words: str) -> str:
    """As the words would stand in the page had they been there when it was written out."""
    return html.escape(words, quote=False).replace("\xa0", "&nbsp;")
