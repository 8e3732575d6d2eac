"""Drawings: the numbers behind them, and that they are sound SVG without styles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import draw

LAND = Path(__file__).parents[2] / "node_modules" / "world-atlas" / "land-110m.json"


@pytest.mark.parametrize(
    ("hour", "kind"),
    [(0, "n"), (6.99, "n"), (7, "e"), (8, "d"), (17.99, "d"), (18, "e"), (21.99, "e"), (22, "n"), (24, "n"), (31, "e")],
)
def test_the_day_has_three_kinds_of_hours(hour: float, kind: str) -> None:
    assert draw.hour_kind(int(hour * 60)) == kind


@given(st.integers(-2000, 4000), st.integers(-10, 3000))
def test_a_band_never_leaves_its_day(start: int, length: int) -> None:
    band = ElementTree.fromstring(draw.hour_band(start, length))
    parts = [(int(r.get("x", 0)), int(r.get("width", 0))) for r in band]
    assert sum(width for _, width in parts[:-1]) == 1440
    x, width = parts[-1]
    assert x >= 0
    assert width > 0
    assert x + width <= 1440
    assert "style" not in band.attrib


@pytest.mark.parametrize(
    ("hour", "minutes", "cost"), [(10, 90, 0), (16.5, 90, 1), (19, 90, 4), (3, 30, 10), (8.5, 30, 1), (23, 120, 10), (5.5, 30, 7)]
)
def test_points_are_those_of_the_worst_half_hour(hour: float, minutes: int, cost: int) -> None:
    assert draw.points(int(hour * 60), minutes) == cost


def test_a_day_off_costs_most() -> None:
    assert draw.points(600, 60, day_off=True) == 10


@pytest.mark.parametrize(
    ("value", "more", "total", "widths"),
    [
        (50, 0, 100, ["100", "50"]),
        (1, 1, 4, ["100", "50", "25"]),
        (9, 9, 3, ["100", "100", "100"]),
        (1, 0, 0, ["100", "0"]),
        (-1, 0, 5, ["100", "0"]),
    ],
)
def test_a_share_is_never_longer_than_the_whole(value: float, more: float, total: float, widths: list[str]) -> None:
    assert [r.get("width") for r in ElementTree.fromstring(draw.share_bar(value, more, total))] == widths


def test_the_middle_of_the_map_is_where_it_should_be() -> None:
    x, y = draw.to_map(draw.CENTRE, 0)
    assert (round(x), round(y)) == (480, round(draw.HIGH * draw.K))
    assert draw.to_map(-170, 0)[0] > 950  # the Bering Strait is not cut: the seam lies in the Pacific
    assert draw.to_map(-168, 0)[0] < 10
    north, south = draw.to_map(0, 60)[1], draw.to_map(0, -60)[1]
    assert north < y < south


def test_dots_of_one_row_are_written_short() -> None:
    dots = [draw.Dot(9, 9, 0, 0), draw.Dot(18, 9, 0, 0), draw.Dot(4, 17, 0, 0)]
    assert draw.dot_path(dots) == "M9 9h0m9 0h0M4 17h0"
    assert draw.plain_map(dots) == '<path class="mapdots" d="M9 9h0m9 0h0M4 17h0"/>'


def test_noon_is_day_and_midnight_is_night() -> None:
    noon = datetime(2027, 3, 21, 12, 0, tzinfo=UTC)
    here, there = draw.Dot(0, 0, 0, 0), draw.Dot(0, 0, 180, 0)
    assert draw.day_and_night([here, there], noon) == ([here], [there])
    pole = draw.Dot(0, 0, 0, 79)
    assert draw.day_and_night([pole], datetime(2027, 6, 21, 0, 0, tzinfo=UTC)) == ([pole], [])
    assert draw.day_and_night([pole], datetime(2027, 12, 21, 12, 0, tzinfo=UTC)) == ([], [pole])


def test_bubbles_part_until_none_touches() -> None:
    bubbles = [draw.Bubble(10, 10, 12, "a"), draw.Bubble(10, 10, 12, "b"), draw.Bubble(20, 10, 12, "c")]
    spread = draw.spread(bubbles)
    assert [b.name for b in spread] == ["a", "b", "c"]
    for i, one in enumerate(spread):
        for other in spread[:i]:
            assert ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5 > 25


@pytest.mark.skipif(not LAND.is_file(), reason="the land outline is not installed (npm ci)")
def test_dots_fall_on_land_and_nowhere_else() -> None:
    rings = [draw._boxed(line) for line in draw.land_rings(LAND)]
    for lon, lat in ((36.8, -1.3), (2.35, 48.85), (116.4, 39.9), (-99.1, 19.4), (151, -33.5)):
        assert draw.on_land(rings, lon, lat)
    for lon, lat in ((-30, 0), (0, -30), (80, -30), (-140, 30)):
        assert not draw.on_land(rings, lon, lat)
    dots = draw.land_dots(LAND)
    assert 1300 < len(dots) < 1600
    assert all(0 <= d.x <= 960 and 0 < d.y < 2 * draw.HIGH * draw.K for d in dots)
