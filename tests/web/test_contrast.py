"""Every text and control colour pair of the tokens, in light and in dark, holds its contrast."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "app" / "static" / "css" / "tokens.css"

TEXT = [  # 4.5 to 1
    *((t, s) for t in ("ink", "ink-soft", "brand") for s in ("paper", "surface", "sunk", "brand-tint")),
    *(("ink", f"{tone}-tint") for tone in ("good", "warn", "bad", "dawn", "idle")),
    ("on-brand", "brand"), ("on-brand", "brand-deep"), ("brand-deep", "brand-tint"), ("brand-deep", "surface"),
    ("dawn", "paper"), ("dawn", "surface"), ("dawn", "dawn-tint"),
    ("good", "good-tint"), ("good", "surface"), ("warn", "warn-tint"), ("warn", "surface"),
    ("bad", "bad-tint"), ("bad", "surface"), ("bad", "paper"), ("ink-soft", "idle-tint"),
    ("brand", "warn-tint"), ("brand", "good-tint"), ("brand", "bad-tint"),
    ("deep-ink", "deep"), ("deep-soft", "deep"), ("deep-dawn", "deep"),
    *((f"heat-{i}-ink", f"heat-{i}") for i in range(6)),
]  # fmt: skip
SHAPE = [  # 3 to 1: borders of controls, focus rings, chart marks
    *(("line-strong", s) for s in ("paper", "surface", "sunk")),
    *(("focus", s) for s in ("paper", "surface", "brand-tint")),
    ("series-1", "surface"), ("series-2", "surface"), ("series-3", "surface"), ("deep-day", "deep"),
]  # fmt: skip


def light(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def ratio(a: str, b: str) -> float:
    """The contrast of two colours."""
    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def palettes(css: str) -> dict[str, dict[str, str]]:
    """The colours by day, by night on a dark device, and by night as the profile asks."""
    find = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})").findall
    day, device = css.split("@media", 1)
    device, chosen = device.split(':root[data-theme="dark"]', 1)
    return {
        "light": dict(find(day)),
        "device": {**dict(find(day)), **dict(find(device))},
        "dark": {**dict(find(day)), **dict(find(chosen))},
    }


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") < 4.5


@pytest.mark.parametrize("palette", ["light", "device", "dark"])
@pytest.mark.parametrize(("pairs", "need"), [(TEXT, 4.5), (SHAPE, 3.0)], ids=["text", "shapes"])
def test_every_pair_of_colours_can_be_told_apart(palette: str, pairs: list[tuple[str, str]], need: float) -> None:
    colours = palettes(TOKENS.read_text(encoding="utf-8"))[palette]
    failing = {f"{a} on {b}": round(ratio(colours[a], colours[b]), 2) for a, b in pairs if ratio(colours[a], colours[b]) < need}
    assert failing == {}


def test_dark_by_choice_and_dark_by_device_are_the_same() -> None:
    found = palettes(TOKENS.read_text(encoding="utf-8"))
    assert found["device"] == found["dark"]
