"""Placeholders that survive rendering: what differs from person to person is cut out and filled in later.

One mail to ten thousand people is rendered once per language; only names and links are filled for each.
A slot is a name between two private-use characters, which ``core.text.clean`` removes from everybody's text, so nothing
a person typed can ever be one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

OPEN, CLOSE = "\ue000", "\ue001"
_SLOT = re.compile(f"{OPEN}([a-z0-9_.-]+){CLOSE}")


def slot(name: str) -> str:
    """The placeholder for a value of this name."""
    return f"{OPEN}{name}{CLOSE}"


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut at its slots: ``pieces`` are literal, name, literal, name … literal."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Cut:
        """Cut a rendered text."""
        return cls(tuple(_SLOT.split(text)))

    @property
    def names(self) -> frozenset[str]:
        """The slots of the text."""
        return frozenset(self.pieces[1::2])

    def with_some(self, values: Mapping[str, str]) -> Cut:
        """The text with these slots replaced by their values, cut at the others still."""
        out = [self.pieces[0]]
        for name, literal in zip(self.pieces[1::2], self.pieces[2::2], strict=True):
            if name in values:
                out[-1] += values[name] + literal
            else:
                out += [name, literal]
        return Cut(tuple(out))

    def fill(self, values: Mapping[str, str], escape: Callable[[str], str] | None = None) -> str:
        """The whole text with each slot replaced by its (escaped) value; a missing one is a ``KeyError``."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        out = list(self.pieces)
        for index in range(1, len(out), 2):
            value = values[out[index]]
            out[index] = escape(value) if escape else value
        return "".join(out)
