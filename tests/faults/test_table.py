"""The table of faults names tests that exist, and leaves none of the fifteen out."""

from __future__ import annotations

import re

from tests.journeys.platform import ROOT

LINES = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if re.match(r"\| F\d+ ", line)]


def test_every_fault_has_its_line():
    assert [line.split("|")[1].strip() for line in LINES] == [f"F{n}" for n in range(1, 16)]


def test_every_named_test_exists():
    for line in LINES:
        named = re.findall(r"`(tests/[^`:]+)::(test_\w+)`", line)
        assert named, line
        for path, name in named:
            assert f"\ndef {name}(" in (ROOT / path).read_text(), f"{path}::{name}"
