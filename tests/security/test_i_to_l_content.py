"""I to L. What is uploaded, what is handed out, what is made from templates, and what is too much."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import time
import zipfile
from base64 import urlsafe_b64encode

import pypdf
import pytest
from werkzeug.test import encode_multipart

from app.accounts.models import Role
from app.core import text
from app.core.paging import key_of
from app.documents.blocks import Document, Heading, Paragraph
from app.documents.pdf import to_pdf
from app.documents.word import to_docx
from app.files.content import NotAllowed, examine
from app.notifications import facts, letterbox
from app.notifications.authentic import is_authentic
from tests.accounts.conftest import form_of
from tests.files import samples
from tests.security.test_c_d_doors import OURS, ROOT
from tests.security.world import lists, make_world, pages

DOCX_TYPES = samples.TYPES.replace(
    b"</Types>", b'<Override PartName="/word/x.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
)


def test_i_macros_under_another_name_are_macros():
    assert DOCX_TYPES != samples.TYPES
    parts = {"[Content_Types].xml": DOCX_TYPES, "word/document.xml": samples.DOCUMENT, "word/x.bin": b"x"}
    with pytest.raises(NotAllowed):
        examine(samples.archive(parts), ".docx")


def test_i_entities_in_a_document_are_refused_and_no_module_reads_xml():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + samples.DOCUMENT
    with pytest.raises(NotAllowed):
        examine(samples.docx(**{"word/document.xml": bomb}), ".docx")
    for path in OURS:
        found = re.search(r"\b(lxml|ElementTree|minidom|sax|expat|etree|xmlrpc)\b", path.read_text(encoding="utf-8"))
        assert found is None, f"{path} reads XML"


def test_i_whatever_is_stored_leaves_as_a_download_only(app, within, sign_in):
    with within():
        _, person, ids, _ = make_world("<b>Words</b>")
    browser = sign_in(person, Role.ADMINISTRATOR)
    served = [
        f"/en/desk/expressions/{ids['expression_id']}/files/{ids['file_id']}",
        f"/en/expressions/{ids['expression_id']}/files/{ids['file_id']}",
        f"/en/desk/designations/{ids['designation_id']}/scan",
        f"/en/desk/invitations/{ids['invitation_id']}/scans/{ids['scan_id']}",
        f"/en/practices/files/{ids['document_id']}",
        f"/en/pilots/{ids['pilot_id']}/milestones/{ids['milestone_id']}/evidence/{ids['evidence_id']}",
        f"/en/desk/archives/{ids['archive_id']}/file",
    ]
    for address in served:
        with browser.get(address) as answer:
            assert answer.status_code == 200
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "no-store" in answer.headers["Cache-Control"]
            assert answer.mimetype == "application/pdf"
    kept = re.compile(r"/(file|scan)$|/(files|scans|evidence)/<uuid:\w+>$")
    stored = {rule.endpoint for rule in app.url_map.iter_rules() if kept.search(rule.rule)}
    assert stored == {
        "interests.record_file",
        "interests.expression_file",
        "interests.draft_file",
        "accounts.designation_scan",
        "exchanges.desk_scan",
        "practices.document",
        "pilots.evidence_file",
        "transfers.archive_file",
    }, (  # fmt: skip
        "a new way out needs a line here"
    )


def test_j_what_a_spreadsheet_would_calculate_leaves_as_text(app, within, sign_in):
    with within():
        _, person, ids, links = make_world("=1+1")
    browser = sign_in(person, Role.ADMINISTRATOR)
    kinds = set()
    for address in pages(app, ids, links):
        with browser.get(address) as answer:
            kinds.add(answer.mimetype)
    assert kinds <= {"text/html", "text/plain", "text/calendar", "application/pdf", "application/json"}
    assert len(lists(app, ids)) >= 9
    for address in lists(app, ids):
        with browser.get(address) as answer, zipfile.ZipFile(io.BytesIO(answer.get_data())) as book:
            sheet = book.read("xl/worksheets/sheet1.xml")
        assert b"<f>" not in sheet and b't="str"' not in sheet, address
        with browser.get(address, query_string={"form": "csv"}) as table:
            cells = [cell for row in csv.reader(io.StringIO(table.get_data().decode("utf-8-sig"))) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")], address
    for path in OURS:
        if path.parent.name != "tables":  # the one place that writes them guards every cell
            assert not re.search(
                r"\b(csv\.writer|csv\.DictWriter|(from|import) csv|openpyxl|xlsxwriter|xlwt|pandas)\b",
                path.read_text(encoding="utf-8"),
            ), path


FORBIDDEN = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle", "mako", "cheetah", "pylatex"}
MADE_FROM_FILES = {"app/notifications/compose.py", "app/web/names.py"}


def test_k_no_template_comes_from_the_database_and_nothing_is_unpickled_or_evaluated():
    for path in OURS:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            asked = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            asked += [n.name for n in node.names] if isinstance(node, ast.Import) else []
            assert not FORBIDDEN & {module.split(".")[0] for module in asked}, name
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if isinstance(node.func, ast.Name):
                    assert called not in ("eval", "exec", "compile", "__import__"), name
                assert called not in ("from_string", "render_template_string"), name
                if called == "Template":
                    assert name in MADE_FROM_FILES, name
                shell = any(k.arg == "shell" and getattr(k.value, "value", False) for k in node.keywords)
                assert not shell and called not in ("system", "popen"), name


HOSTILE = '#read("/etc/passwd") #(7*7) $7*7$ \\input{/etc/passwd} {{7*7}} ${7*7} <w:t>x</w:t> #import "@preview/x:1.0.0"'


def test_k_what_people_typed_is_text_in_the_pdf_and_in_the_word_file():
    blocks = [Heading(HOSTILE), Paragraph(HOSTILE)]
    document = Document(title=HOSTILE, subtitle=HOSTILE, author=HOSTILE, language="en", right_to_left=False, blocks=blocks)
    told = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(to_pdf(document))).pages)
    assert "root:" not in told and "/etc/passwd" in told and "{{7*7}}" in told and "#(7*7)" in told
    from tests.factories.accounts import NOW

    with zipfile.ZipFile(io.BytesIO(to_docx(document, NOW))) as archive:
        body = archive.read("word/document.xml").decode()
    assert "&lt;w:t&gt;x" in body and "{{7*7}}" in body and "root:" not in body


def _seconds(work) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def test_l_ten_thousand_parts_a_huge_field_and_a_huge_body_are_refused_in_bounded_time(client):
    fields = form_of(client.get("/en/sign-in"), "/en/sign-in")
    many = {**fields, **{f"f{n}": "x" for n in range(10_000)}}
    for data in (many, {**fields, "email": "x" * (3 * 1024 * 1024)}, b"x" * (22 * 1024 * 1024)):
        codes: list[int] = []
        assert _seconds(lambda data=data, codes=codes: codes.append(_multipart(client, data))) < 5
        assert codes == [413]


def _multipart(client, data) -> int:
    boundary, body = encode_multipart(data) if isinstance(data, dict) else ("x", data)
    return int(client.post("/en/sign-in", data=body, content_type=f"multipart/form-data; boundary={boundary}").status_code)


@pytest.mark.parametrize(
    "raw", ["[" * 5000, "[" * 5000 + "]" * 5000, '{"a":' * 3000, "9" * 5000, json.dumps(["\ud800", "x"]), '["\\u0000","x"]']
)
def test_l_a_cursor_that_is_none_of_ours_is_none_in_bounded_time(raw):
    key = urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()
    assert _seconds(lambda: key_of(key[:2000], (str, str))) < 0.5
    assert key_of(key, (str, str)) is None


def test_l_no_parameter_of_any_list_makes_an_error(app, within, sign_in):
    names = [
        "after", "before", "q", "words", "kind", "state", "status", "call", "ground", "assignee", "source",
        "actor", "day", "waiting", "inactive", "when", "answer", "next", "parent",
        "corrects", "to", "exchange", "session", "invitation",
    ]  # fmt: skip
    key = urlsafe_b64encode(json.dumps(["\ud800", "01a22df3-54d6-7642-9bef-f5dfdef5d0b1"]).encode()).decode().rstrip("=")
    early = urlsafe_b64encode(json.dumps(["0001-01-01T00:00:00+23:59", "01a22df3-54d6-7642-9bef-f5dfdef5d0b1"]).encode()).decode()
    values = ["\0", "' OR 1=1 --", "9" * 400, "\u202e", "a" * 5000, "%", key, early.rstrip("="), "0001-01-01"]
    with within():
        _, person, _, _ = make_world("Words")
    browser = sign_in(person, Role.ADMINISTRATOR)
    lists = [r.rule.replace("<lang:lang>", "en") for r in app.url_map.iter_rules() if "GET" in r.methods and r.rule.count("<") == 1]
    for address in sorted(lists):
        if "<" in address:
            continue
        form = {"form": "csv"} if address.endswith("/table") else {}  # the rows are the same; a workbook is made by another process
        for value in values:
            with browser.get(address, query_string=dict.fromkeys(names, value) | form) as answer:
                assert answer.status_code < 500, (address, value)


def test_l_a_thousand_unknown_languages_leave_nothing_behind(client, settings):
    before = sorted(settings.var_dir.rglob("*"))
    for n in range(1000):
        assert client.get(f"/x{n}/about", headers={"Accept-Language": f"x{n}-Y{n};q=0.{n}"}).status_code == 404
    assert sorted(settings.var_dir.rglob("*")) == before


LONG = {
    "brackets": "[" * 20_000, "links": "[a](" * 5_000, "emphasis": "*a_" * 6_000, "quotes": ">" * 20_000, "ticks": "`" * 20_000,
    "tags": "<" * 20_000, "lists": "- " * 10_000, "addresses": "http://" * 3_000, "dots": "a." * 10_000, "comments": "<!--" * 5_000,
    "marks": "<!" * 10_000, "spaces": " " * 20_000 + "x", "brackets in brackets": "(" * 5_000 + ")" * 5_000, "joiners": "\u200d" * 20_000, "accents": "e" + "\u0301" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_l_hostile_text_takes_bounded_time_wherever_text_is_read(name):
    told = LONG[name]
    mail = b"From: a@b.example\r\nSubject: " + told.encode()[:20_000] + b"\r\nContent-Type: text/html\r\n\r\n" + told.encode()
    for work in (text.clean, text.line, text.fold, text.plain, text.markdown, facts.calm):
        assert _seconds(lambda work=work: work(told)) < 3, work.__name__
    assert _seconds(lambda: letterbox.open_mail(mail)) < 3
    assert _seconds(lambda: is_authentic([told] * 50, "mx.alvania.example", "a@b.example")) < 3
