"""The tables of docs/security.md name tests that exist, leave no class out, and forget none of the tests written for them."""

from __future__ import annotations

import re

from tests.security.test_c_d_doors import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(tests/[^`:]+)::(test_\w+)`", DOCUMENT))


def test_every_class_has_its_line_with_tests():
    lines = [line for line in DOCUMENT.splitlines() if re.match(r"\| [A-N]\. ", line)]
    assert [line[2] for line in lines] == list("ABCDEFGHIJKLMN")
    assert all("::test_" in line for line in lines)


def test_every_named_test_exists():
    assert len(NAMED) > 100
    for path, name in NAMED:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_every_test_of_a_class_is_named():
    for path in sorted((ROOT / "tests" / "security").glob("test_*.py")):
        for name in re.findall(r"^def (test_[a-n]_\w+)\(", path.read_text(encoding="utf-8"), re.M):
            assert (path.relative_to(ROOT).as_posix(), name) in NAMED, f"{path.name}::{name}"
