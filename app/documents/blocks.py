"""A document as a tree of blocks: what stands in it, not what it looks like."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A section begins."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``soft`` is smaller."""

    text: str
    soft: bool = False


@dataclass(frozen=True)
class Answer:
    """A label with room to write: so many lines."""

    label: str
    hint: str = ""
    lines: int = 1


@dataclass(frozen=True)
class Tick:
    """A label with boxes to tick."""

    label: str
    options: list[str] = field(default_factory=list)
    hint: str = ""
    columns: int = 1


Block = Heading | Paragraph | Answer | Tick


@dataclass(frozen=True)
class Document:
    """A whole document in one language."""

    title: str
    subtitle: str
    language: str
    right_to_left: bool
    author: str
    blocks: list[Block]
