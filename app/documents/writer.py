"""Documents and letters as DOCX, written by a short-lived process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.documents.blocks import Document, Letter
from app.documents.process import files_of
from app.documents.wire import packed

PROGRAM = Path(__file__).resolve().with_name("word_program.py")


def to_docx(document: Document, made: datetime) -> bytes:
    """The document's bytes."""
    return _written([document], made)[0]


def letters_to_docx(letters: Sequence[Letter], made: datetime) -> list[bytes]:
    """The bytes of each letter, all written by one process."""
    return _written(letters, made) if letters else []


def _written(trees: Sequence[Document | Letter], made: datetime) -> list[bytes]:
    return files_of(PROGRAM, packed(trees, made), len(trees), b"PK")
