"""Run as a program of its own: data on standard input, a PDF on standard output. It ends, and its memory with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typst

TEMPLATE = Path(__file__).resolve().with_name("form.typ")


def main() -> None:
    """Read the data and the folders of fonts, write the PDF. The system's fonts are never used: they differ."""
    told = json.load(sys.stdin)
    pdf = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=told["font_paths"],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(told["data"], ensure_ascii=False)},
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
