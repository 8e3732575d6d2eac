"""Small drawings made on the server: SVG text without style attributes, coloured by classes of the style sheet.

Things that follow reading order (bands, bars) are drawn from left to right and mirrored by the style sheet when the
page runs from right to left. Maps are never mirrored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

# ---------------------------------------------------------------- hours and bars

HOURS = ((0, 420, "n"), (420, 480, "e"), (480, 1080, "d"), (1080, 1320, "e"), (1320, 1440, "n"))
_OPEN = ' preserveAspectRatio="none" aria-hidden="true" focusable="false">'


def hour_kind(minute: int) -> str:
    """'d' in the working day, 'e' early or late, 'n' at night; minute of the local day."""
    minute %= 1440
    return next(kind for start, end, kind in HOURS if start <= minute < end)


@lru_cache(maxsize=4096)
def hour_band(start: int, length: int = 60) -> Markup:
    """A 24-hour bar in one place's local time, with the session marked on it."""
    zones = "".join(f'<rect class="{k}" x="{a}" width="{b - a}" height="18"/>' for a, b, k in HOURS)
    length = max(1, min(length, 1440))
    x = min(start % 1440, 1440 - length)
    return Markup(  # noqa: S704 - numbers only
        f'<svg class="hours" viewBox="0 0 1440 18"{_OPEN}{zones}<rect class="m" x="{x}" y="1" width="{length}" height="16"/></svg>'
    )


POINTS = ((300, 10), (360, 7), (420, 4), (480, 2), (540, 1), (1020, 0), (1080, 1), (1200, 2), (1320, 4), (1440, 7))


def points(start: int, length: int, day_off: bool = False) -> int:
    """What a session costs one State: its worst half-hour in local time, 0 in the day to 10 after midnight."""
    if day_off:
        return 10
    return max(next(p for end, p in POINTS if m % 1440 < end) for m in range(start, start + length, 30))


def share_bar(value: float, more: float = 0, total: float = 100) -> Markup:
    """A plain bar: value, then what would be added to it. Never longer than the whole."""

    def width(part: float) -> int:
        return 0 if total <= 0 else round(100 * min(max(part / total, 0), 1))

    extra = f'<rect class="b-s" width="{width(value + more)}" height="10"/>' if more else ""
    return Markup(  # noqa: S704 - numbers only
        f'<svg viewBox="0 0 100 10"{_OPEN}<rect class="b-bg" width="100" height="10"/>{extra}'
        f'<rect class="b-1" width="{width(value)}" height="10"/></svg>'
    )


# -------------------------------------------------------------------- the dot map
# A grid of dots on land. It has no borders on purpose. The outline is read once, at set-up, from the npm package
# "world-atlas" (public-domain Natural Earth data); only the resulting list of dots is kept.

A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
M = math.sqrt(3) / 2
WIDE, HIGH = 2.7066, 1.3173
W = 960
K = W / (2 * WIDE)
CENTRE = 11  # the longitude in the middle; it keeps the Bering Strait uncut

Point = tuple[float, float]


class Dot(NamedTuple):
    """A dot of the map: its place in drawing units and on the globe."""

    x: int
    y: int
    lon: float
    lat: float


class Ring(NamedTuple):
    """A closed outline with the box it lies in."""

    west: float
    east: float
    south: float
    north: float
    line: list[Point]


def equal_earth(lon: float, lat: float) -> Point:
    """Equal Earth projection, in units of the globe's radius."""
    t = math.asin(M * math.sin(math.radians(lat)))
    t2, t6 = t * t, t**6
    x = math.radians(lon) * math.cos(t) / (M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)))
    return x, t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))


def to_map(lon: float, lat: float) -> Point:
    """Longitude and latitude to the map's own 960-wide drawing units."""
    x, y = equal_earth((lon - CENTRE + 540) % 360 - 180, lat)
    return (x + WIDE) * K, (HIGH - y) * K


def land_rings(path: Path) -> Iterator[list[Point]]:
    """Outer and inner rings of all land, from a TopoJSON file."""
    topo = json.loads(path.read_text(encoding="utf-8"))
    (sx, sy), (tx, ty) = topo["transform"]["scale"], topo["transform"]["translate"]
    arcs: list[list[Point]] = []
    for arc in topo["arcs"]:
        x = y = 0
        line: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        arcs.append(line)
    for geometry in topo["objects"]["land"]["geometries"]:
        parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for ring in (ring for part in parts for ring in part):
            yield _joined(arcs, ring)


def _joined(arcs: Sequence[list[Point]], ring: Iterable[int]) -> list[Point]:
    """The arcs of one ring end to end; a negative number is an arc walked backwards."""
    points_: list[Point] = []
    for i in ring:
        part = arcs[i] if i >= 0 else arcs[~i][::-1]
        points_ += part[1:] if points_ else part
    return points_


def _boxed(line: list[Point]) -> Ring:
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return Ring(min(xs), max(xs), min(ys), max(ys), line)


def on_land(rings: Iterable[Ring], lon: float, lat: float) -> bool:
    """Does this place lie inside an odd number of outlines?"""
    inside = False
    for ring in rings:
        if not (ring.west <= lon <= ring.east and ring.south <= lat <= ring.north):
            continue
        ax, ay = ring.line[-1]
        for bx, by in ring.line:
            if (by > lat) != (ay > lat) and lon < (ax - bx) * (lat - by) / (ay - by) + bx:
                inside = not inside
            ax, ay = bx, by
    return inside


def _latitude(y: float) -> float:
    """The latitude drawn at this height, found by halving."""
    low, high = -90.0, 90.0
    for _ in range(40):
        middle = (low + high) / 2
        if (HIGH - equal_earth(0, middle)[1]) * K > y:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def land_dots(path: Path, step: int = 9) -> list[Dot]:
    """Every grid dot that falls on land; about 1,450 at step 9."""
    rings = [_boxed(line) for line in land_rings(path)]
    dots: list[Dot] = []
    row, y = 0, float(step)
    while y < 2 * HIGH * K - step:
        lat = _latitude(y)
        half = equal_earth(180, lat)[0] * K
        x = step / 2 if row % 2 else 0.0
        while x < W:
            if -58 < lat < 80 and abs(x - W / 2) < half:
                lon = ((x - W / 2) / half * 180 + CENTRE + 540) % 360 - 180
                if on_land(rings, lon, lat):
                    dots.append(Dot(round(x), round(y), round(lon, 2), round(lat, 2)))
            x += step
        y += step * 0.866
        row += 1
    return dots


def dot_path(dots: Iterable[Dot]) -> str:
    """Dots as one path of zero-length strokes; under 1 KB once compressed."""
    out: list[str] = []
    last_x, last_y = 0, None
    for dot in dots:
        out.append(f"m{dot.x - last_x} 0h0" if dot.y == last_y else f"M{dot.x} {dot.y}h0")
        last_x, last_y = dot.x, dot.y
    return "".join(out)


def day_and_night(dots: Iterable[Dot], utc: datetime) -> tuple[list[Dot], list[Dot]]:
    """The same dots split by whether the sun is up at that moment."""
    tilt = math.radians(-23.44 * math.cos(2 * math.pi * (utc.timetuple().tm_yday + 10) / 365))
    noon = -(utc.hour + utc.minute / 60 - 12) * 15
    day: list[Dot] = []
    night: list[Dot] = []
    for dot in dots:
        lat = math.radians(dot.lat)
        away = math.radians(dot.lon - noon)
        height = math.sin(lat) * math.sin(tilt) + math.cos(lat) * math.cos(tilt) * math.cos(away)
        (day if height > -0.05 else night).append(dot)
    return day, night


@lru_cache(maxsize=64)
def day_map(dots: tuple[Dot, ...], utc: datetime) -> Markup:
    """The two paths of the day-and-night map at that moment, which is cut to ten minutes by the caller's choice."""
    day, night = day_and_night(dots, utc)
    return Markup(  # noqa: S704 - numbers only
        f'<path class="mapdots day" d="{dot_path(day)}"/><path class="mapdots night" d="{dot_path(night)}"/>'
    )


def plain_map(dots: Iterable[Dot]) -> Markup:
    """All land in one path."""
    return Markup(f'<path class="mapdots" d="{dot_path(dots)}"/>')  # noqa: S704 - numbers only


class Bubble(NamedTuple):
    """A circle on the map and whom it stands for."""

    x: float
    y: float
    radius: float
    name: str


def spread(bubbles: Iterable[Bubble], gap: float = 3, rounds: int = 60) -> list[Bubble]:
    """Push overlapping bubbles apart, a little at a time."""
    items = list(bubbles)
    for _ in range(rounds):
        for i, one in enumerate(items):
            for j, other in enumerate(items[:i]):
                dx, dy = items[i].x - items[j].x, items[i].y - items[j].y
                apart = math.hypot(dx, dy)
                over = one.radius + other.radius + gap - apart
                if over > 0:  # two in the same place part sideways
                    kx, ky = (dx * over / 2 / apart, dy * over / 2 / apart) if apart else (over / 2, 0.0)
                    items[i] = items[i]._replace(x=items[i].x + kx, y=items[i].y + ky)
                    items[j] = items[j]._replace(x=items[j].x - kx, y=items[j].y - ky)
    return [b._replace(x=round(b.x, 1), y=round(b.y, 1)) for b in items]
