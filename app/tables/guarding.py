"""Text that a spreadsheet would take for a formula, made harmless by an apostrophe in front, and back again.

Numbers stay numbers. The functions of each pair undo each other for every text there is: what already begins with
apostrophes and such a sign gets one more, and exactly one is taken away when a file is read.
"""

from __future__ import annotations

import re

_SIGNS = "=+\\-@|\t\r\n＝＋－＠"
_RISKY = re.compile(f"'*[{_SIGNS}]")
_GUARDED = re.compile(f"'+[{_SIGNS}]")
# A spreadsheet of a country that writes 1,5 opens a CSV file with semicolons in mind, or tabs, and takes no notice of quotation
# marks within a cell: what stands behind such a sign or a line end begins a cell of its own there.
_RISKY_WITHIN = re.compile(r"""(?<=[;\t\r\n])(['"]*)(?=[=+\-@|＝＋－＠])""")
_GUARDED_WITHIN = re.compile(r"""(?<=[;\t\r\n])'(['"]*)(?=[=+\-@|＝＋－＠])""")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
# What XML cannot hold, and the carriage return that its readers turn into another line end.
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def guard_cell(text: str) -> str:
    """The text as a cell of a CSV file holds it, whichever sign its reader takes for the one between cells."""
    return guard(_RISKY_WITHIN.sub(r"'\1", text))


def unguard_cell(text: str) -> str:
    """The text as it was before ``guard_cell``."""
    return _GUARDED_WITHIN.sub(r"\1", unguard(text))


def guard(text: str) -> str:
    """The text with an apostrophe in front where it begins like a formula."""
    return f"'{text}" if _RISKY.match(text) else text


def unguard(text: str) -> str:
    """The text as it was before ``guard``; what a person typed stays as it is."""
    return text[1:] if _GUARDED.match(text) else text


def looks_like_formula(text: str) -> bool:
    """Would a spreadsheet read this text as a formula if it were typed there?"""
    return bool(_RISKY.match(text))


def to_xml(text: str) -> str:
    """The text as a cell of an XLSX file holds it: signs XML cannot hold by their number (ECMA-376, ST_Xstring)."""
    kept = _ESCAPED.sub(lambda found: f"_x005F{found[0]}", text)
    return _NOT_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", kept)


def from_xml(text: str) -> str:
    """The text of an XLSX cell as it was before ``to_xml``."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
