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


@dataclass(frozen=True)
class Figures:
    """Facts one below the other, each with its label: the hour, the place, a reference."""

    rows: list[tuple[str, str]]


Passage = Paragraph | Figures


@dataclass(frozen=True)
class Mark:
    """The picture at the head of a letter."""

    data: bytes = field(repr=False)
    kind: str  # "svg" or "png"


@dataclass(frozen=True)
class Letter:
    """A letter in one language. Every line is ready to print; what is empty is left out."""

    language: str
    right_to_left: bool
    network: str
    sender: str  # below the network's name: the office that writes
    contact: str  # at the foot of each page
    head: list[tuple[str, str]]  # number and date, each with its label
    addressee: list[str]
    subject: tuple[str, str]
    salutation: str  # a note verbale has none
    passages: list[Passage]
    closing: str
    signatory: list[str]
    annexes_label: str = ""
    annexes: list[str] = field(default_factory=list)
    remark: str = ""  # across the head of a page that is no letter yet
    mark: Mark | None = None
