"""Run as a program of its own: a workbook on standard input, the rows of its first sheet as lines of JSON on standard output.

Nothing is calculated. Time and memory have an end, whatever the file holds; a word on the last line says what was wrong.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time
from typing import Any

MOST_PARTS = 2_000
MOST_UNPACKED = 200 * 1024 * 1024
MOST_RATIO = 200
MOST_SEEN = 100_000
MOST_COLUMNS = 200
MEMORY = 1024 * 1024 * 1024
SECONDS = 60
MOST_SAID = 64 * 1024 * 1024
"""Bytes of the answer: one text kept once may stand in millions of cells, and whoever asked holds the whole answer in memory."""
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_DEFINES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.I)


class Refused(Exception):
    """The file is not one that is read; the word says why."""


_said = 0


def say(what: Any) -> None:
    """One line of the answer, while it is no longer than an answer may be."""
    global _said
    line = json.dumps(what) + "\n"
    _said += len(line)
    if _said > MOST_SAID and "refused" not in what:
        raise Refused("bomb")
    sys.stdout.write(line)


def bounded(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse what unpacks to far more than it is, before a byte of it is unpacked."""
    parts = archive.infolist()
    packed, unpacked = sum(p.compress_size for p in parts), sum(p.file_size for p in parts)
    if len(parts) > MOST_PARTS or packed > size or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 4096):
        raise Refused("bomb")
    if any(p.flag_bits & 1 for p in parts):
        raise Refused("encrypted")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as content:
                if _DEFINES.search(content.read(4096)):
                    raise Refused("damaged")


def merged(archive: zipfile.ZipFile, path: str) -> list[str]:
    """The ranges of merged cells of a sheet; the library does not tell them when it reads row by row."""
    found: list[str] = []
    with archive.open(path.lstrip("/")) as content:
        rest = b""
        while (block := content.read(1 << 20)) and len(found) < 50:
            rest = rest[-200:] + block
            found += [ref.decode() for ref in _MERGED.findall(rest)]
    return list(dict.fromkeys(found))


def cell(value: Any, kind: str) -> Any:
    """A cell as JSON: text, or what kind of thing stands there."""
    if kind == "f":
        return {"f": str(getattr(value, "text", value))[:200]}
    if kind == "e":
        return {"e": str(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return {"d": value.date().isoformat()} if at_midnight else {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    return str(value)


def read(data: bytes) -> None:
    """Write the rows, or raise ``Refused``."""
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        bounded(archive, len(data))
        if "xl/workbook.xml" not in archive.namelist():
            raise Refused("not_a_table")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        if not book.worksheets:
            raise Refused("empty")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not believed
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
            if number > MOST_SEEN:
                raise Refused("too_long")
            cells = [cell(c.value, c.data_type) for c in row]
            while cells and cells[-1] in (None, ""):
                cells.pop()
            if cells:
                say({"row": number, "cells": cells})
        say({"merged": merged(archive, sheet._worksheet_path)})


def main() -> None:
    """Bound this process, read, and say how it ended."""
    os.environ["OPENPYXL_LXML"] = "False"
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    try:
        read(sys.stdin.buffer.read())
    except Refused as refused:
        say({"refused": str(refused)})
    except MemoryError:
        say({"refused": "bomb"})
    except Exception:  # noqa: BLE001 - a damaged file breaks the library in more ways than it names
        say({"refused": "damaged"})
    else:
        say({"end": True})


if __name__ == "__main__":
    main()
