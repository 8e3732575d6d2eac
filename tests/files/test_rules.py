"""Files are kept under a random name and leave as downloads only."""

from __future__ import annotations

import io
import os
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.core.errors import RuleBroken
from app.files import rules
from app.files.models import StoredFile
from tests.files import samples


def upload(data: bytes, name: str) -> FileStorage:
    return FileStorage(stream=io.BytesIO(data), filename=name, content_type="text/html")


def kept(data: bytes, name: str, now) -> StoredFile:
    return rules.store(upload(data, name), "endorsement", "expression", uuid.uuid4(), None, now)


def test_a_file_lies_under_its_id_and_its_row_says_what_it_is(session, now):
    stored = kept(samples.PDF, "note verbale.pdf", now)
    path = rules.path_of(stored.id)
    assert path.read_bytes() == samples.PDF
    assert path.stat().st_mode & 0o777 == 0o600
    assert "note" not in str(path.relative_to(path.parent.parent))
    assert (stored.size, stored.media_type, stored.original_name) == (len(samples.PDF), "application/pdf", "note verbale.pdf")
    assert len(stored.sha256) == 64


@pytest.mark.parametrize(
    ("given", "tidy"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\me\\letter.pdf", "letter.pdf"),
        ('a"b;<script>.pdf', "abscript.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ("\u202egpj.exe.pdf", "gpj.exe.pdf"),
        ("مذكرة شفوية.pdf", "مذكرة شفوية.pdf"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_hostile_names_end_as_names(session, now, given, tidy):
    assert kept(samples.PDF, given, now).original_name == tidy


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "a.pdf", "empty"),
        (b"%PDF-1.4" + b"\0" * rules.MOST_BYTES, "a.pdf", "20 MB"),
        (b"<svg/>", "a.svg", "PDF"),
        (samples.PDF, "", "PDF"),
        (samples.PDF, "pdf", "PDF"),
    ],
)
def test_a_refused_file_leaves_nothing(session, now, data, name, said):
    before = session.scalars(select(StoredFile.id)).all()
    with pytest.raises(RuleBroken) as refused:
        kept(data, name, now)
    assert said in str(refused.value.message) and refused.value.field == "file"
    assert session.scalars(select(StoredFile.id)).all() == before


def test_too_large_a_file_is_not_read(session, now):
    class Endless(io.BytesIO):
        def read(self, *a):
            raise AssertionError("read")

        def tell(self):
            return 10 * 2**30

    with pytest.raises(RuleBroken):
        rules.store(FileStorage(stream=Endless(), filename="a.pdf"), "endorsement", "expression", None, None, now)


def test_a_file_is_only_ever_a_download(app, session, now):
    stored = kept(samples.PDF, "مذكرة.pdf", now)
    with app.test_request_context():
        answer = rules.response(stored)
        answer.direct_passthrough = False
        assert answer.get_data() == samples.PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.mimetype == "application/pdf"
    answer.close()


def test_bytes_without_a_row_are_swept_later_and_others_stay(session, now):
    stays, goes = kept(samples.PDF, "a.pdf", now), kept(samples.PDF, "b.pdf", now)
    stray = rules.path_of(goes.id)
    rules.discard(goes)
    session.flush()
    os.utime(stray, (now.timestamp(), now.timestamp()))
    os.utime(rules.path_of(stays.id), (0, 0))
    rules.sweep(now + timedelta(minutes=5))
    assert stray.exists()
    rules.sweep(now + timedelta(hours=3))
    assert not stray.exists() and rules.path_of(stays.id).exists()
