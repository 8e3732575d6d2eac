"""When the sun sets at a place, to a few minutes: the hour at which a fast is broken.

The sunrise equation with the sun's place to a hundredth of a degree; places are those of the pinned zone data.
"""

from __future__ import annotations

import importlib.resources
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import acos, asin, cos, degrees, radians, sin

_NOON_2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_PLACE = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")


@cache
def _places() -> dict[str, tuple[float, float]]:
    table = importlib.resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    return {row[2]: _degrees(row[1]) for row in rows}


def _degrees(said: str) -> tuple[float, float]:
    """Latitude and longitude of ``+2438+04643`` or ``+513030-0000731``."""
    read = _PLACE.fullmatch(said)
    assert read is not None, said
    return _angle(*read.groups()[:4]), _angle(*read.groups()[4:])


def _angle(sign: str, whole: str, minutes: str, seconds: str | None) -> float:
    size = int(whole) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -size if sign == "-" else size


@cache
def sunset(day: date, zone: str) -> datetime | None:
    """The instant of sunset on this date at the place a zone is named after; nothing where there is no place or no sunset."""
    if zone not in _places():
        return None
    latitude, longitude = _places()[zone]
    days = (datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - _NOON_2000).days - longitude / 360
    mean = radians((357.5291 + 0.98560028 * days) % 360)
    centre = 1.9148 * sin(mean) + 0.02 * sin(2 * mean) + 0.0003 * sin(3 * mean)
    along = radians((degrees(mean) + centre + 180 + 102.9372) % 360)
    transit = days + 0.0053 * sin(mean) - 0.0069 * sin(2 * along)
    tilt = asin(sin(along) * sin(radians(23.4397)))
    turned = (sin(radians(-0.833)) - sin(radians(latitude)) * sin(tilt)) / (cos(radians(latitude)) * cos(tilt))
    if not -1 <= turned <= 1:
        return None
    return _NOON_2000 + timedelta(days=transit + degrees(acos(turned)) / 360)
