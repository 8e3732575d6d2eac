"""What the README and the guides point at is there, and light."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))


@pytest.mark.parametrize("text", TEXTS, ids=lambda p: p.name)
def test_every_link_to_a_file_leads_to_one(text):
    links = re.findall(r"\]\(([^)#:]+)\)", text.read_text(encoding="utf-8"))
    assert [link for link in links if not (text.parent / link).is_file()] == []


def test_every_picture_is_shown_somewhere_and_is_small():
    shown = {name for text in TEXTS for name in re.findall(r"pictures/([\w.]+\.png)", text.read_text(encoding="utf-8"))}
    assert {p.name for p in PICTURES} == shown
    assert [p.name for p in PICTURES if p.stat().st_size > 200_000] == []
