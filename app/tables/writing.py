"""Rows to a file beside: CSV for people or for software, XLSX by a short-lived process. Memory does not grow with the rows."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from app.core.languages import direction
from app.tables import guarding

Row = TypeVar("Row")
Cell = str | int | float | Decimal | bool | date | datetime | None
WRITER = Path(__file__).resolve().with_name("xlsx_out.py")
_SECONDS = 600


class Form(StrEnum):
    """How a table leaves: as a spreadsheet, as CSV that spreadsheets open rightly, or as CSV for software."""

    XLSX = "xlsx"
    CSV = "csv"
    PLAIN = "plain"


MEDIA = {
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.CSV: "text/csv; charset=utf-8",
    Form.PLAIN: "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: its name for software, its heading for people, and what it shows of a row. Instants are in UTC.

    ``code`` is what software reads in place of a word: "focal_point" for "Focal point".
    """

    name: str
    label: Any
    value: Callable[[Row], Cell]
    code: Callable[[Row], Cell] | None = None


def word(name: str, label: Any, member: Callable[[Row], Any], words: Mapping[Any, Any]) -> Column[Row]:
    """A column of an enum: its word for people, its value for software. ``words`` may hold pairs of word and tone."""

    def said(row: Row) -> Cell:
        found = member(row)
        if found is None:
            return None
        shown = words.get(found, found.value)
        return str(shown[0] if isinstance(shown, tuple) else shown)

    def code(row: Row) -> Cell:
        found = member(row)
        return None if found is None else str(found.value)

    return Column(name, label, said, code)


def listed(
    name: str, label: Any, codes: Callable[[Row], Iterable[str] | None], words: Callable[[], Mapping[str, Any]]
) -> Column[Row]:
    """A column of several codes: their words for people, themselves for software; apart by semicolons."""

    def said(row: Row) -> Cell:
        known = words()
        return "; ".join(str(known.get(code, code)) for code in codes(row) or ())

    return Column(name, label, said, lambda row: "; ".join(codes(row) or ()))


class NotWritten(RuntimeError):
    """The process that makes a spreadsheet failed; its words are in the log."""


def write(form: Form, title: str, columns: Sequence[Column[Any]], rows: Iterable[Any], language: str) -> tuple[IO[bytes], int]:
    """The file, open at its beginning, and how many rows it holds."""
    target = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller, who sends and closes it
    try:
        if form is Form.XLSX:
            count = _xlsx(target, title, columns, rows, language)
        else:
            count = _csv(target, columns, rows, for_software=form is Form.PLAIN)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target, count


def _csv(target: IO[bytes], columns: Sequence[Column[Any]], rows: Iterable[Any], *, for_software: bool) -> int:
    """RFC 4180 with CRLF. For people a byte order mark comes first: without it spreadsheets guess the encoding."""
    text = io.TextIOWrapper(target, encoding="utf-8" if for_software else "utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([c.name if for_software else guarding.guard_cell(str(c.label)) for c in columns])
    count = 0
    values = [c.code or c.value if for_software else c.value for c in columns]
    for row in rows:
        writer.writerow([_in_csv(value(row)) for value in values])
        count += 1
    text.flush()
    text.detach()
    return count


def _in_csv(value: Cell) -> str | int | float | Decimal:
    """A cell of a CSV file: numbers as numbers, days and instants by ISO 8601, text guarded."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return guarding.guard_cell(value) if isinstance(value, str) else value


def _xlsx(target: IO[bytes], title: str, columns: Sequence[Column[Any]], rows: Iterable[Any], language: str) -> int:
    """Rows go to the writer line by line; it keeps none of them."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-I", str(WRITER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )  # fmt: skip
        assert child.stdin is not None and child.stdout is not None
        late = threading.Timer(_SECONDS, child.kill)
        late.start()
        try:
            count = _tell(child.stdin, title, columns, rows, language)
            while block := child.stdout.read(1 << 16):  # it answers when it has read all, so neither waits for the other
                target.write(block)
            code = child.wait()
        finally:
            late.cancel()
            child.kill()
            child.wait()
            child.stdout.close()
            with suppress(OSError):
                child.stdin.close()
        if code or count is None:
            errors.seek(0)
            raise NotWritten(errors.read()[-2000:].decode(errors="replace"))
    return count


def _tell(writer: IO[bytes], title: str, columns: Sequence[Column[Any]], rows: Iterable[Any], language: str) -> int | None:
    """Head and rows, a line each; how many rows, or nothing when the writer was gone before all were told."""
    head = {"title": title, "rtl": direction(language) == "rtl", "heads": [str(c.label) for c in columns]}
    count = 0
    try:
        writer.write(json.dumps(head).encode() + b"\n")
        for row in rows:
            writer.write(json.dumps([_in_xlsx(c.value(row)) for c in columns]).encode() + b"\n")
            count += 1
        writer.close()
    except BrokenPipeError:
        return None
    return count


def _in_xlsx(value: Cell) -> Any:
    """A cell as the writer reads it: its kind and value."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, datetime):
        return ["t", value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")]
    if isinstance(value, date):
        return ["d", value.isoformat()]
    if isinstance(value, int | float | Decimal):
        return ["n", float(value) if isinstance(value, Decimal) else value]
    # quoted as text by its style; only what begins with an apostrophe and a sign needs one more, as in CSV
    return ["s", guarding.to_xml(guarding.guard(value) if value.startswith("'") else value), guarding.looks_like_formula(value)]
