"""Run as a program of its own: trees of blocks on standard input, DOCX files on standard output. Its memory ends with it."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))  # run by its path, it knows no other way to the app

from app.documents.blocks import Document  # noqa: E402
from app.documents.wire import unpacked  # noqa: E402
from app.documents.word import to_docx  # noqa: E402
from app.documents.word_letter import letter_to_docx  # noqa: E402


def main() -> None:
    """Read what the parent process wrote, and answer each file after its length."""
    trees, made = unpacked(sys.stdin.buffer.read())
    for tree in trees:
        file = to_docx(tree, made) if isinstance(tree, Document) else letter_to_docx(tree, made)
        sys.stdout.buffer.write(struct.pack(">I", len(file)) + file)


if __name__ == "__main__":
    main()
