"""Files that are no tables, or tables with something odd in them: each its sentence at its place, and nothing changed."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest
from sqlalchemy import func, select

from app.accounts.models import Person
from app.extensions import db
from app.tables import reading
from app.tables.reading import Unreadable, read
from tests.transfers.conftest import text_of, upload, workbook

HEAD = ["E-mail address", "Given name", "Family name"]
LINE = ["ada@m.example", "Ada", "Lovelace"]
TEXT = ",".join(HEAD) + "\n" + ",".join(LINE) + "\n"


def bomb():
    """A small workbook whose sheet unpacks to a thousand times its size."""
    good = workbook([HEAD, LINE])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", b" " * 20_000_000 + b"</sheetData>")
            out.writestr(item.filename, data)
    return target.getvalue()


def entity():
    """A workbook that defines an entity within entities."""
    good = workbook([HEAD, LINE])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(target, "w") as out:
        for item in source.infolist():
            data = source.read(item)
            if item.filename == "xl/worksheets/sheet1.xml":
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + data.partition(b"?>")[2]
            out.writestr(item.filename, data)
    return target.getvalue()


FILES = {
    "a PDF": (b"%PDF-1.7\n%%EOF", "This is not a table."),
    "a picture": (b"\x89PNG\r\n\x1a\n", "This is not a table."),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "old or a locked kind"),
    "a Word file": (b"PK\x03\x04" + b"\0" * 50, "This workbook is damaged."),
    "Latin letters": ("Prénom".encode("latin-1"), "These letters cannot be read."),
    "zeros": (b"a,b\n\0\0\0", "This is not a table."),
    "nothing but spaces": (b"  \n \n", "This file holds no rows."),
    "headings alone": (",".join(HEAD).encode(), "This file holds no rows."),
    "an open quotation mark": (TEXT.encode() + b'"x,y\n', "Quotation marks are not closed"),
    "an unknown column": (TEXT.replace("Given name", "Star sign").encode(), "1 Star sign This column is not known."),
    "a column twice": (TEXT.replace("Given name", "Family name").encode(), "1 Family name This column is there twice."),
    "a column missing": (TEXT.replace("Family name", "Phone").encode(), "1 Family name This column is missing."),
    "an empty sheet": (workbook([]), "This file holds no rows."),
    "a formula": (workbook([HEAD, ["ada@m.example", "Ada", '="Love"&"lace"']]), "2 Family name This cell holds a formula."),
    "merged cells": (workbook([HEAD, LINE, LINE], merge="C2:C3"), "2 C2:C3 These cells are merged."),
    "a bomb": (bomb(), "unpacks to far more than a list"),
    "entities": (entity(), "This workbook is damaged."),
}


@pytest.mark.parametrize("name", FILES)
def test_each_has_its_sentence_and_changes_nothing(app, office, name):
    data, sentence = FILES[name]
    page, _ = upload(office, "people", data, "table.xlsx" if data[:2] == b"PK" else "table.csv")
    assert page.status_code == 200 and sentence in text_of(page), text_of(page)[-1500:]
    assert "Nothing was changed." in text_of(page)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Person)) == 1


def test_the_row_that_cannot_be_read_is_named(app):
    with pytest.raises(Unreadable) as refused, app.test_request_context("/en/"):
        read(b"name\nAda\n\xe9mile\n", 10)
    assert (refused.value.word, refused.value.row) == ("encoding", 3)


def test_an_empty_upload_and_none_are_refused_on_the_form(office):
    answer, _ = upload(office, "people", b"")
    assert answer.status_code == 422 and "Choose a file." in text_of(answer)
    assert office.get("/en/desk/imports/new/nonsense").status_code == 404


def test_too_many_rows_and_too_many_bytes_are_refused(app, monkeypatch):
    with app.test_request_context("/en/"):
        with pytest.raises(Unreadable) as refused:
            read(("a\n" + "b\n" * 20).encode(), 5)
        assert refused.value.word == "too_long"
        monkeypatch.setattr(reading, "MOST_BYTES", 10)
        with pytest.raises(Unreadable) as refused:
            read(b"a" * 11, 5)
        assert refused.value.word == "too_large"


def test_the_reader_of_workbooks_keeps_to_its_memory_and_calculates_nothing():
    data = workbook([["a"], ["=1+1"], ["b"]])
    done = subprocess.run([sys.executable, "-I", str(reading.READER)], input=data, capture_output=True, check=True)
    assert b'{"f": "=1+1"}' in done.stdout and done.stdout.endswith(b'{"end": true}\n')


@pytest.mark.parametrize("kind", ["people", "organisations", "participants", "expressions"])
@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("lang", ["en", "ar", "zh"])
def test_every_template_is_read_in_every_language_and_holds_no_row(app, office, kind, form, lang):
    with office.get(f"/{lang}/desk/imports/template/{kind}?form={form}") as answer:
        assert answer.status_code == 200
        sheet = read(answer.get_data(), 10)
    from app.transfers.kinds import IMPORTERS
    from app.transfers.models import Kind
    from app.transfers.sheets import rows_of

    importer = IMPORTERS[Kind(kind)]
    with app.test_request_context("/en/"):
        assert len(sheet.lines) == 2 and str(sheet.lines[1].cells[0]).startswith("# ")
        with pytest.raises(Unreadable) as refused:
            rows_of(sheet, importer)
        assert refused.value.word == "empty"
        filled = reading.Sheet([*sheet.lines, reading.Line(3, ("x",))])
        (row,), problems = rows_of(filled, importer)
        assert problems == [] and set(row.at) == {f.name for f in importer.fields}
