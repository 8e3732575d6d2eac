"""Text from strangers, made harmless before it meets a header, a calendar line or a mail body."""

from __future__ import annotations

import re

# Controls but tab and line feed, bidi overrides and isolates that could turn a sentence round, the private
# use area (where our own placeholders live), lone surrogates and non-characters.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ue000-\uf8ff\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_SPACE = re.compile(r"\s+")


def many_lines(text: str) -> str:
    """The text with plain line feeds as its only breaks and without unwanted characters."""
    return _UNWANTED.sub("", _BREAK.sub("\n", text))


def one_line(text: str, limit: int = 998) -> str:
    """The text on one line, each run of space a single one: fit for a header, a subject or a name."""
    return _SPACE.sub(" ", many_lines(text)).strip()[:limit]
