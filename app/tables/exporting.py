"""A list as a download: written whole to a file beside, entered in the log with its number of rows, then sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Response, send_file

from app.audit.rules import Actor, record
from app.core.db import uuid7
from app.core.text import line
from app.tables.writing import MEDIA, Column, Form, write


@dataclass(frozen=True)
class Table:
    """A list that leaves: its name in the file's name, its title, its columns, and its rows one by one."""

    name: str
    title: Any
    columns: Sequence[Column[Any]]
    rows: Iterable[Any]
    filters: Mapping[str, Any] = field(default_factory=dict)


def form_of(asked: str | None) -> Form:
    """The form an address asks for; a spreadsheet when it asks for none of ours."""
    return Form(asked) if asked in set(Form) else Form.XLSX


def download(table: Table, asked: str | None, *, by: Actor, now: datetime, language: str) -> Response:
    """The file. The caller commits the line of the log before the first byte leaves."""
    form = form_of(asked)
    content, count = write(form, str(table.title), table.columns, table.rows, language)
    filters = line(", ".join(f"{name}={value}" for name, value in table.filters.items() if value))[:500]
    changes = {"list": (None, table.name), "rows": (None, count), "form": (None, form), "filters": (None, filters or None)}
    record("list.exported", "export", uuid7(now), by=by, now=now, changes={k: v for k, v in changes.items() if v[1] is not None})
    name = f"{table.name}-{now:%Y-%m-%d}.{'xlsx' if form is Form.XLSX else 'csv'}"
    answer = send_file(content, mimetype=MEDIA[form], as_attachment=True, download_name=name, conditional=False, etag=False)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
