"""Run as a program of its own: rows as lines of JSON on standard input, a workbook on standard output. Its memory ends with it."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

MOST_ROWS = 1_048_576
MOST_TEXT = 32_767
CUT = " […]"
"""A cell holds no more, and the library would cut it without a word: the mark says that the CSV file has the whole."""
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]\x00-\x1f]")


def sheet_name(title: str, number: int) -> str:
    """At most 31 signs, none of those a name may not hold, no apostrophe at its ends; the further sheets numbered."""
    more = f" {number}" if number > 1 else ""
    tidy = _NOT_IN_NAMES.sub(" ", title).strip(" '")[: 31 - len(more)].strip(" '")
    return (tidy or "Sheet") + more


class Writer:
    """One workbook, written row by row; a full sheet is followed by the next one."""

    def __init__(self, head: dict[str, Any]) -> None:
        self.head = head
        self.book = Workbook(write_only=True)
        self.sheets = 0
        self._begin()

    def _begin(self) -> None:
        self.sheets += 1
        self.sheet = self.book.create_sheet(sheet_name(self.head["title"], self.sheets))
        self.sheet.sheet_view.rightToLeft = self.head["rtl"]
        self.sheet.freeze_panes = "A2"
        for at, label in enumerate(self.head["heads"], 1):
            self.sheet.column_dimensions[get_column_letter(at)].width = max(12, min(40, len(label) + 4))
        self.rows = 0
        self._append([["s", label, False, True] for label in self.head["heads"]])

    def add(self, row: list[Any]) -> None:
        """One row more."""
        if self.rows == MOST_ROWS:
            self._end()
            self._begin()
        self._append(row)

    def _append(self, row: list[Any]) -> None:
        self.sheet.append([self._cell(given) for given in row])
        self.rows += 1

    def _cell(self, given: Any) -> Any:
        if given is None:
            return None
        kind, value = given[0], given[1]
        if kind in ("n", "b"):
            return value
        if kind == "s":
            return self._text(value, quoted=given[2], strong=len(given) > 3)
        moment = date.fromisoformat(value) if kind == "d" else datetime.fromisoformat(value)
        if moment.year < 1900:  # the calendar of a spreadsheet begins there
            return self._text(value, quoted=False, strong=False)
        cell = WriteOnlyCell(self.sheet, moment)
        cell.number_format = "yyyy-mm-dd" if kind == "d" else "yyyy-mm-dd hh:mm:ss"
        return cell

    def _text(self, text: str, *, quoted: bool, strong: bool) -> Any:
        if len(text) > MOST_TEXT:
            text = text[: MOST_TEXT - len(CUT)] + CUT
        cell = WriteOnlyCell(self.sheet, text)
        cell.data_type = "s"  # a text that begins like a formula stays text
        if quoted:
            cell.quotePrefix = True
        if strong:
            cell.font = Font(bold=True)
        return cell

    def _end(self) -> None:
        self.sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(self.head['heads'])))}{self.rows}"

    def save(self, target: Any) -> None:
        """Write the whole workbook."""
        self._end()
        self.book.save(target)


def main() -> None:
    """First line: title, direction, headings. Each further line: one row."""
    lines = iter(sys.stdin.buffer)
    writer = Writer(json.loads(next(lines)))
    for line in lines:
        writer.add(json.loads(line))
    writer.save(sys.stdout.buffer)


if __name__ == "__main__":
    main()
