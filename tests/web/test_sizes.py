"""Whoever pays for each megabyte sees the size of a file beside its link, on every page."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FILES = (
    "interests.form_docx", "interests.form_pdf", "interests.record_file", "interests.expression_file",
    "accounts.designation_scan", "exchanges.desk_scan", "practices.document", "pilots.evidence_file", "transfers.archive_file",
    "letters.letter_file",
)  # fmt: skip
"""Every file that is kept; what is made while somebody waits has no size yet. Files of a draft: ``ui.files`` asks for sizes."""


def links():
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        for name in FILES:
            for found in re.finditer(rf"""url_for\(["']{re.escape(name)}["']""", text):
                yield path.relative_to(TEMPLATES), name, text[found.start() : found.start() + 700]


def test_every_link_to_a_file_has_its_size_beside_it():
    found = list(links())
    assert {name for _path, name, _after in found} == set(FILES)
    assert [(str(path), name) for path, name, after in found if not re.search(r"\bsize|sizes\[", after)] == []
