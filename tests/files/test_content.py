"""Class I: what is taken is what it says it is, and nothing else beside it."""

from __future__ import annotations

import pytest

from app.files.content import DOCX, EXTENSIONS, NotAllowed, examine
from tests.files import samples

GOOD = {
    ".pdf": samples.PDF,
    ".docx": samples.docx(),
    ".png": samples.png(),
    ".jpg": samples.jpeg(),
    ".jpeg": samples.jpeg(),
    ".webp": samples.webp(),
    ".tif": samples.tiff(),
    ".tiff": samples.tiff(),
}


@pytest.mark.parametrize("ending", sorted(EXTENSIONS))
def test_each_kind_is_known_by_its_content(ending):
    assert examine(GOOD[ending], ending) == EXTENSIONS[ending]
    assert examine(GOOD[ending], ending.upper()) == EXTENSIONS[ending]


@pytest.mark.parametrize("ending", sorted(EXTENSIONS))
@pytest.mark.parametrize("other", sorted(GOOD))
def test_the_ending_and_the_content_must_agree(ending, other):
    if EXTENSIONS[ending] == EXTENSIONS[other]:
        return
    with pytest.raises(NotAllowed):
        examine(GOOD[other], ending)


@pytest.mark.parametrize("ending", ["", ".svg", ".html", ".htm", ".doc", ".docm", ".exe", ".zip", ".xml", ".gif", ".pdf.exe"])
def test_other_endings_are_refused_whatever_they_hold(ending):
    with pytest.raises(NotAllowed):
        examine(samples.PDF, ending)


HUGE_ZEROS = b"\0" * (40 * 1024 * 1024)

BAD = {
    "a page that says it is a PDF": (".pdf", b"<html><script>alert(1)</script></html>"),
    "a page before a PDF": (".pdf", b"<html>" + samples.PDF),
    "a PDF with a page in its head": (".pdf", samples.PDF.replace(b"%PDF-1.4\n", b"%PDF-1.4\n<script>alert(1)</script>\n")),
    "a PDF with a page after it": (".pdf", samples.PDF + b"<html>"),
    "a PDF that is an archive too": (".pdf", samples.PDF.replace(b"%%EOF\n", b"") + samples.docx() + b"\nstartxref\n%%EOF\n"),
    "a PDF with an archive after it": (".pdf", samples.PDF + samples.docx()),
    "a PDF that was cut": (".pdf", samples.PDF[:-30]),
    "only a header": (".pdf", b"%PDF-1.7"),
    "a drawing that says it is a picture": (".png", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "a picture with a page after it": (".png", samples.png() + b"<script>alert(1)</script>"),
    "a picture with an archive after it": (".png", samples.png() + samples.docx()),
    "a picture of too many pixels": (".png", samples.png(60_000, 60_000)),
    "a picture without pixels": (".png", samples.png(0, 2)),
    "a JPEG with a page in it": (".jpg", samples.jpeg().replace(b"\xff\xc0", b"\xff\xfe\0\x12<script>evil()\xff\xc0")),
    "a JPEG that was cut": (".jpg", samples.jpeg()[:-2]),
    "a JPEG without a size": (".jpg", b"\xff\xd8\xff\xda\0\x02\xff\xd9"),
    "a TIFF whose directory lies outside": (".tif", b"II*\0\xff\xff\xff\x7f" + b"\0" * 40),
    "a WebP of another length": (".webp", samples.webp() + b"\0" * 9),
    "an archive that is no document": (".docx", samples.archive({"a.txt": b"hello"})),
    "a document with macros": (".docx", samples.docx(**{"word/vbaProject.bin": b"x"})),
    "a document whose type says macros": (
        ".docx",
        samples.archive({"[Content_Types].xml": samples.TYPES + b"macroEnabled", "word/document.xml": samples.DOCUMENT}),
    ),
    "a document with an entity": (
        ".docx",
        samples.archive(
            {
                "[Content_Types].xml": samples.TYPES,
                "word/document.xml": b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]><document/>',
            }
        ),
    ),
    "a document with a way out": (".docx", samples.docx(**{"../../etc/passwd": b"x"})),
    "a document with an absolute name": (".docx", samples.docx(**{"/etc/passwd": b"x"})),
    "a document with a remark after it": (".docx", samples.archive({"a": b"b"}, comment=b"<script>")),
    "a bomb": (".docx", samples.docx(bomb=HUGE_ZEROS)),
    "a page before a document": (".docx", b"<html>" + samples.docx()),
    "bytes of nothing": (".docx", b"PK\x03\x04" + b"\0" * 100),
    "zeros": (".pdf", b"\0" * 1000),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_what_only_looks_right_is_refused(what):
    ending, data = BAD[what]
    with pytest.raises(NotAllowed):
        examine(data, ending)


def test_an_archive_whose_directory_lies_about_sizes_is_refused():
    data = bytearray(samples.docx())
    at = data.index(b"PK\x01\x02")
    while at >= 0:  # every entry claims one byte unpacked
        data[at + 24 : at + 28] = (1).to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 4)
    with pytest.raises(NotAllowed):
        examine(bytes(data), ".docx")


def test_entries_that_share_their_bytes_are_refused():
    data = bytearray(samples.docx(**{f"word/{n}": b"A" * 5000 for n in range(40)}))
    first = data.index(b"PK\x01\x02")
    while first >= 0:  # every entry points at the first one's bytes and claims more than the file has
        data[first + 20 : first + 24] = (len(data) // 4).to_bytes(4, "little")
        first = data.find(b"PK\x01\x02", first + 4)
    with pytest.raises(NotAllowed):
        examine(bytes(data), ".docx")


def test_a_document_of_a_word_processor_is_taken(tmp_path):
    import docx

    target = tmp_path / "a.docx"
    made = docx.Document()
    made.add_paragraph("وزارة الداخلية")
    made.save(str(target))
    assert examine(target.read_bytes(), ".docx") == DOCX
