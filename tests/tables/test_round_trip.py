"""What a table holds comes back exactly, from CSV and from XLSX, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.tables import guarding
from app.tables.reading import read
from app.tables.writing import Column, Form, write

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HARD = st.one_of(TEXT, st.text("='+-@|\t\r\n\"',;＝_x05Fé", max_size=12))
SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def table(width):
    return [Column(f"c{n}", f"Column {n}", lambda row, n=n: row[n]) for n in range(width)]


def written(form, rows, width=1, language="en", title="List"):
    content, count = write(form, title, table(width), rows, language)
    assert count == len(rows)
    with content:
        return content.read()


@given(HARD)
def test_guarding_undoes_itself_for_every_text(text):
    assert guarding.unguard(guarding.guard(text)) == text
    assert guarding.unguard_cell(guarding.guard_cell(text)) == text
    assert guarding.from_xml(guarding.to_xml(text)) == text
    assert guarding.guard(text)[:1] not in tuple("=+-@|\t\r\n＝＋－＠")


@given(st.lists(st.tuples(HARD, HARD), min_size=1, max_size=6), st.sampled_from([Form.CSV, Form.PLAIN]))
@settings(deadline=None)
def test_text_comes_back_exactly_from_csv(rows, form):
    rows = [("kept", a, b) for a, b in rows]
    data = written(form, [tuple(t.replace("\0", "") for t in r) for r in rows], 3)
    assert data.startswith(b"\xef\xbb\xbf") == (form is Form.CSV)
    back = [line.cells for line in read(data, 100).lines[1:]]
    assert back == [tuple(t.replace("\0", "") for t in r) for r in rows]


@given(st.lists(st.tuples(HARD, HARD), min_size=1, max_size=20))
@SLOW
def test_text_comes_back_exactly_from_xlsx_and_no_cell_is_a_formula(rows):
    rows = [("kept", *r, "end") for r in rows]
    data = written(Form.XLSX, rows, 4)
    back = [tuple("" if c is None else c for c in line.cells) for line in read(data, 100).lines[1:]]
    assert back == rows
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b't="f"' not in sheet


HIDDEN = [
    "x;=1+1",
    "x;=1+1;y",
    'x;"=1+1',
    "x\t=1+1\ty",
    "x\n=1+1\ny",
    "x\r\n@SUM(1)",
    ";;+1",
    "x;'=1+1",
    ";-1+1|' /C calc'!A0",
    "x;＝1+1",
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("form", [Form.CSV, Form.PLAIN])
def test_no_cell_is_a_formula_whichever_sign_a_spreadsheet_takes_for_the_one_between_cells(form, delimiter):
    """Where people write 1,5 a spreadsheet opens this file with semicolons in mind: what stands behind one begins a cell."""
    rows = [("Ministry", text, "end") for text in HIDDEN]
    data = written(form, rows, 3)
    naive = [part for row in data.decode("utf-8-sig").splitlines() for part in row.split(delimiter)]
    careful = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter) for cell in row]
    signs = tuple("=+-@|＝＋－＠")
    assert not [cell for cell in (*(naive if delimiter != "," else ()), *careful) if cell.startswith(signs)]
    assert [line.cells for line in read(data, 100).lines[1:]] == rows


def test_a_csv_file_has_line_ends_and_headings_for_its_readers():
    people = written(Form.CSV, [("a,b", 'say "x"'), ("+971 4 000", "-5")], 2)
    assert people.decode("utf-8-sig") == 'Column 0,Column 1\r\n"a,b","say ""x"""\r\n\'+971 4 000,\'-5\r\n'
    assert written(Form.PLAIN, [(1, 2.5)], 2) == b"c0,c1\r\n1,2.5\r\n"
    odd = written(Form.PLAIN, [(date(2027, 3, 11), datetime(2027, 3, 11, 9, 30, tzinfo=UTC)), (True, None)], 2)
    assert odd == b"c0,c1\r\n2027-03-11,2027-03-11T09:30:00Z\r\ntrue,\r\n"


def test_a_workbook_has_real_dates_and_numbers_a_frozen_heading_and_a_filter():
    moment = datetime(2027, 3, 11, 9, 30, tzinfo=UTC)
    rows = [("=1+1", 5, date(2027, 3, 11), moment, False), ("x" * 40_000, -2.5, None, None, True)]
    data = written(Form.XLSX, rows, 5, language="ar", title="Outbox: 2026/27 [all the mails of the network]")
    book = load_workbook(io.BytesIO(data))
    sheet = book.active
    assert sheet.title == "Outbox  2026 27  all the mails" and len(sheet.title) <= 31
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:E3" and sheet.sheet_view.rightToLeft
    first = sheet["A2"]
    assert (first.value, first.data_type, first.quotePrefix) == ("=1+1", "s", True)
    assert [sheet.cell(2, n).value for n in range(2, 6)] == [5, datetime(2027, 3, 11), moment.replace(tzinfo=None), False]
    assert sheet["C2"].is_date and sheet["D2"].is_date and sheet["B3"].value == -2.5
    assert len(sheet["A3"].value) == 32_767 and sheet["A3"].value.endswith("[…]"), "what is cut says so"
    plain = load_workbook(io.BytesIO(written(Form.XLSX, [("a",)])))
    assert not plain.active.sheet_view.rightToLeft


def test_rows_are_read_and_written_one_by_one():
    seen = []

    def rows():
        for n in range(30_000):
            seen.append(n)
            yield (f"row {n}", n)

    import tracemalloc

    tracemalloc.start()
    content, count = write(Form.CSV, "List", table(2), rows(), "en")
    content.close()
    content, again = write(Form.XLSX, "List", table(2), rows(), "en")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with content:
        assert count == again == 30_000 and len(seen) == 60_000
    assert peak < 8_000_000


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_csv_is_read_in_its_usual_forms(sign, end, mark):
    text = end.join([sign.join(["Name", "Post", "City"]), sign.join(["Ana", f'"a{sign}b"', "Ü"]), "", sign.join(["B", "", ""])])
    sheet = read(mark + text.encode(), 10)
    assert [(line.number, line.cells) for line in sheet.lines] == [
        (1, ("Name", "Post", "City")), (2, ("Ana", f"a{sign}b", "Ü")), (4, ("B", "", "")),
    ]  # fmt: skip
    assert read(text.encode("utf-16"), 10).lines == sheet.lines
