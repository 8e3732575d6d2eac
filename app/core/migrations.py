"""Which migrations this release has, read from the files' own lines: the migration tool is not loaded for it."""

from __future__ import annotations

import re
from pathlib import Path

VERSIONS = Path(__file__).resolve().parent.parent.parent / "migrations" / "versions"
_NAMED = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*[\"']([^\"']+)[\"']", re.M)


def known() -> dict[str, str | None]:
    """The migrations of this release, each with the one before it."""
    found = [dict(_NAMED.findall(file.read_text(encoding="utf-8"))) for file in VERSIONS.glob("*.py")]
    return {names["revision"]: names.get("down_revision") for names in found}


def head() -> str | None:
    """The newest migration: the one that no other comes after."""
    there = known()
    ends = set(there) - set(there.values())
    return ends.pop() if len(ends) == 1 else None
