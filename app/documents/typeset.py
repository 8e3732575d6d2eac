"""Run as a program of its own: data on standard input, PDFs on standard output. It ends, and its memory with it."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import cast

import typst

HERE = Path(__file__).resolve().parent
TEMPLATES = ("form.typ", "letter.typ")


def main() -> None:
    """Read the data and the folders of fonts, write each PDF after its length. The system's fonts are never used: they differ."""
    told = json.load(sys.stdin)
    if told["template"] not in TEMPLATES:
        raise SystemExit("no such template")
    typesetter = typst.Compiler(
        str(HERE / told["template"]), root=str(HERE), font_paths=told["font_paths"], ignore_system_fonts=True
    )
    for data in told["documents"]:
        pdf = cast(bytes, typesetter.compile(format="pdf", sys_inputs={"data": json.dumps(data, ensure_ascii=False)}))
        sys.stdout.buffer.write(struct.pack(">I", len(pdf)) + pdf)


if __name__ == "__main__":
    main()
