"""Where on the map a session's hours are shown: the reader's place, the host's, those of the hosting States."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from app.core import draw, when, zones
from app.core.languages import babel_locale, direction

_POINT = re.compile(r"([+-])(\d{2,3})(\d{2})(\d{2})?")
_HIGH, _WIDE = 30, 210  # what a name takes on the map, so that two never lie on each other
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 920, 8, 412  # the part of the map that is drawn


@dataclass(frozen=True)
class Spot:
    """A circle on the map with a place and its hour."""

    x: int
    y: int
    label: str
    text_x: int
    text_y: int
    anchor: str  # of the text, in its own direction
    dir: str


@cache
def _points() -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the city each zone is named after, from the pinned zone data."""
    table = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    found = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            _country, where, name, *_rest = line.split("\t")
            lat, lon = (_degrees(*m.groups()) for m in _POINT.finditer(where))
            found[name] = (lon, lat)
    return found


def _degrees(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    value = int(degrees) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -value if sign == "-" else value


def spots(start: datetime, wanted: Iterable[str], language: str, most: int = 3) -> list[Spot]:
    """The first few of these zones that have a place on the map and do not cover one another."""
    kept: list[Spot] = []
    for zone in dict.fromkeys(wanted):
        point = _points().get(zone)
        if point is None or len(kept) == most:
            continue
        x, y = (round(v) for v in draw.to_map(*point))
        if not (_LEFT < x < _RIGHT and _TOP < y < _BOTTOM) or any(abs(x - s.x) < _WIDE and abs(y - s.y) < _HIGH for s in kept):
            continue
        kept.append(_spot(x, y, f"{zones.city(zone, babel_locale(language))} {when.time_text(start, zone)}", direction(language)))
    return kept


def _spot(x: int, y: int, label: str, dir_: str) -> Spot:
    """The label stands towards the middle of the map; in right-to-left text "start" is the right end."""
    rightwards = x < (_LEFT + _RIGHT) // 2
    anchor = "start" if rightwards == (dir_ == "ltr") else "end"
    return Spot(x, y, label, x + (17 if rightwards else -17), y + 7, anchor, dir_)
