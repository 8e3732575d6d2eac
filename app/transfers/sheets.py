"""A sheet against the columns of a kind: which column is which, the row of hints left out; and the template to fill in."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from flask_babel import gettext as _

from app.core.text import line
from app.tables.reading import Sheet, Unreadable
from app.tables.writing import Column, Form, write
from app.transfers.cells import Field, Problem, Row, heading, headings
from app.transfers.kinds import Importer

HINTS = "# "
"""The row below the headings that begins with this tells what to enter, and is not read."""


def rows_of(sheet: Sheet, importer: Importer) -> tuple[list[Row], list[Problem]]:
    """The rows, or what is wrong with headings and merged cells."""
    first, *lines = sheet.lines
    known = headings(importer.fields)
    unread = headings(Field(column.name, column.label, "") for column in importer.leaves_as())
    at: dict[str, int] = {}
    problems: list[Problem] = []
    for place, cell in enumerate(first.cells):
        shown = line(str(cell or ""))
        name = known.get(heading(shown))
        if name is None and shown and heading(shown) not in unread:
            problems.append(Problem(first.number, shown[:60], _("This column is not known. Take it out, or use the template.")))
        elif name is not None and name in at:
            problems.append(Problem(first.number, shown, _("This column is there twice. Keep one of the two.")))
        elif name is not None:
            at[name] = place
    labels = {field.name: str(field.label) for field in importer.fields}
    for field in importer.fields:
        if field.needed and field.name not in at:
            problems.append(Problem(first.number, labels[field.name], _("This column is missing. Use the template.")))
    for ref in sheet.merged:
        problems.append(Problem(_row_of(ref), ref, _("These cells are merged. Separate them, and fill in each.")))
    if lines and lines[0].number == first.number + 1 and str((lines[0].cells or ("",))[0] or "").startswith(HINTS):
        lines = lines[1:]
    if not lines and not problems:
        raise Unreadable("empty")
    if len(lines) > importer.most:
        raise Unreadable("too_long")
    return [Row(one, at, labels) for one in lines], problems


def _row_of(ref: str) -> int:
    return int("".join(c for c in ref.partition(":")[0] if c.isdigit()) or 0)


def template(importer: Importer, title: str, form: Form, language: str) -> IO[bytes]:
    """A table with headings and one row of hints."""
    columns = [Column(f.name, f.label, _hint(place, f.hint)) for place, f in enumerate(importer.fields)]
    content, _count = write(form, title, columns, [None], language)
    return content


def _hint(place: int, hint: object) -> Callable[[object], str]:
    return lambda _row: f"{HINTS}{hint}" if place == 0 else str(hint)
