"""A file that somebody filled in, as rows of cells: CSV in its usual forms, or the first sheet of an XLSX workbook."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from app.core.errors import RuleBroken
from app.tables import guarding
from app.tables.words import WHY_NOT

READER = Path(__file__).resolve().with_name("xlsx_in.py")
MOST_BYTES = 10 * 1024 * 1024
MOST_SEEN = 100_000
MOST_COLUMNS = 200
_SECONDS = 90
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf", b"GIF8", b"\x7fELF")


class Unreadable(RuleBroken):
    """The file as a whole cannot be read; ``row`` where it is one row that stops it."""

    def __init__(self, word: str, row: int = 0) -> None:
        super().__init__(WHY_NOT[word], field="file")
        self.word, self.row = word, row


@dataclass(frozen=True)
class Odd:
    """A cell that holds something else than a value: a formula, an error of a formula, a day with an hour."""

    kind: str  # "formula", "error", "moment"
    shown: str = ""


Value = str | int | float | bool | date | Odd | None


@dataclass(frozen=True)
class Line:
    """One row of the sheet, by the number a spreadsheet shows beside it."""

    number: int
    cells: tuple[Value, ...]


@dataclass
class Sheet:
    """What a file holds: its rows in order, empty ones left out, and the ranges of merged cells."""

    lines: list[Line] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def read(data: bytes, most: int) -> Sheet:
    """The rows of a file, at most so many beside its heading; ``Unreadable`` says what is wrong with it."""
    if len(data) > MOST_BYTES:
        raise Unreadable("too_large")
    if data.startswith(_OLD_OFFICE):
        raise Unreadable("old_office")
    if data.startswith(_OTHERS):
        raise Unreadable("not_a_table")
    sheet = _xlsx(data) if data.startswith(_ZIP) else _csv(data)
    if not sheet.lines:
        raise Unreadable("empty")
    if len(sheet.lines) > most + 2:  # the heading, and the row of hints
        raise Unreadable("too_long")
    return sheet


def _csv(data: bytes) -> Sheet:
    text = _decoded(data)
    if "\0" in text:
        raise Unreadable("not_a_table")
    first = next((line for line in text.splitlines() if line.strip()), "")
    sign = max("\t;,", key=lambda sign: _parts(first, sign))
    sheet = Sheet()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if number > MOST_SEEN or len(cells) > MOST_COLUMNS:
                raise Unreadable("too_long", number)
            if any(cell.strip() for cell in cells):
                sheet.lines.append(Line(number, tuple(guarding.unguard_cell(cell) for cell in cells)))
    except csv.Error:
        raise Unreadable("quotes", number + 1) from None
    return sheet


def _parts(line: str, sign: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=sign), []))
    except csv.Error:
        return 0


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, or UTF-16 with one. Nothing else is guessed: a wrong guess ruins names silently."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise Unreadable("encoding") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Unreadable("encoding", data[: problem.start].count(b"\n") + 1) from None


def _xlsx(data: bytes) -> Sheet:
    """Asked of a process of its own, which ends when it takes too much time or memory."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(READER)], input=data, capture_output=True, timeout=_SECONDS, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unreadable("bomb") from None
    sheet, ended = Sheet(), False
    for told in _told(done.stdout):
        if "refused" in told:
            raise Unreadable(told["refused"] if told["refused"] in WHY_NOT else "damaged")
        if "merged" in told:
            sheet.merged = told["merged"]
        elif "row" in told:
            sheet.lines.append(Line(told["row"], tuple(_value(cell) for cell in told["cells"])))
        ended = ended or "end" in told
    if not ended:  # it was ended from outside: out of time or memory
        raise Unreadable("bomb")
    return sheet


def _told(output: bytes) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        yield json.loads(line)


def _value(cell: Any) -> Value:
    if isinstance(cell, str):
        return guarding.unguard(guarding.from_xml(cell))
    if not isinstance(cell, dict):
        found: Value = cell
        return found
    if "d" in cell:
        return date.fromisoformat(cell["d"])
    if "t" in cell:
        return Odd("moment", cell["t"])
    return Odd("formula", cell["f"]) if "f" in cell else Odd("error", cell["e"])
