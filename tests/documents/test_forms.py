"""The form on paper: the same questions, in six languages, as files that open."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import docx
import pypdf
import pytest

from app.core.languages import LANGUAGES, RIGHT_TO_LEFT
from app.documents.blocks import Answer, Document, Heading, Paragraph, Tick
from app.documents.pdf import font_paths, to_pdf
from app.documents.word import to_docx
from app.extensions import db
from app.files.content import DOCX, examine
from app.topics.queries import grounds
from tests.factories.interests import make_call

SAMPLES = {
    "ar": "إبداء الاهتمام", "zh": "意向书", "en": "Expression of interest", "fr": "Manifestation d’intérêt",
    "ru": "Выражение заинтересованности", "es": "Manifestación de interés",
}  # fmt: skip


def sample(language: str) -> Document:
    words = SAMPLES[language]
    blocks = [
        Heading(words),
        Paragraph(f'#panic("x") $x$ {words} @ref <a>'),
        Answer(words, "hint", 3),
        Tick(words, [words] * 5, columns=2),
    ]
    return Document(words, f"{words} 2027", language, language in RIGHT_TO_LEFT, "Network", blocks)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_holds_its_words_in_fonts_it_carries(language):
    data = to_pdf(sample(language))
    assert examine(data, ".pdf") == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(data))
    text = "".join(page.extract_text() for page in reader.pages)
    if language != "ar":  # Arabic comes out in shaped letters
        assert SAMPLES[language] in text
        assert '#panic("x") $x$' in text  # text is text, never a command of the typesetter
    fonts = {f["/BaseFont"] for page in reader.pages for f in (x.get_object() for x in page["/Resources"]["/Font"].values())}
    wanted = {"ar": "IBMPlexSansArabic", "zh": "NotoSansCJK"}.get(language, "LibertinusSerif")
    assert any(wanted in font for font in fonts), fonts


def test_the_fonts_are_packages_of_ours_not_the_machines():
    assert len(font_paths()) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_file_is_whole_and_runs_the_right_way(language):
    data = to_docx(sample(language), datetime(2026, 1, 1))
    assert examine(data, ".docx") == DOCX
    opened = docx.Document(io.BytesIO(data))
    assert opened.paragraphs[0].text == SAMPLES[language]
    xml = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()
    ElementTree.fromstring(xml)
    assert ("<w:bidi/>" in xml) is ("<w:rtl/>" in xml) is ("<w:bidiVisual/>" in xml) is (language == "ar")
    assert xml.count("<w14:checkbox") == 5 and xml.count("<w:text") - xml.count("<w:textA") >= 1
    assert len(set(re.findall(r'<w:id w:val="(\d+)"', xml))) == 6


def test_the_same_document_gives_the_same_word_file():
    assert to_docx(sample("fr"), datetime(2026, 1, 1)) == to_docx(sample("fr"), datetime(2026, 1, 1))


@pytest.fixture
def call_url(app):
    with app.app_context():
        call = make_call("Call <b>one</b> & two")
        db.session.commit()
        return f"calls/{call.id}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_of_a_call_asks_for_the_twelve_grounds(app, client, call_url, language):
    with client.get(f"/{language}/{call_url}/form.docx") as answer:
        assert answer.status_code == 200 and answer.mimetype == DOCX
        assert answer.headers["Content-Disposition"].startswith("attachment")
        opened = docx.Document(io.BytesIO(answer.data))
    cells = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    with app.app_context():
        labels = [g.labels[language] for g in grounds().values()]
    assert len(labels) == 12 and all(any(label in cell for cell in cells) for label in labels)
    with client.get(f"/{language}/{call_url}/form.pdf") as answer:
        assert answer.status_code == 200 and examine(answer.data, ".pdf")
        assert len(pypdf.PdfReader(io.BytesIO(answer.data)).pages) <= 4


def test_a_form_is_made_once_and_anew_when_the_call_changes(app, client, call_url, settings, monkeypatch):
    from app.interests.models import Call
    from app.interests.routes import paper

    made = []
    monkeypatch.setattr(paper, "to_pdf", lambda document: made.append(document.subtitle) or b"%PDF-1.7 kept")
    for _ in range(3):
        with client.get(f"/en/{call_url}/form.pdf") as answer:
            assert answer.data == b"%PDF-1.7 kept"
    assert made == ["Call <b>one</b> & two"]
    with app.app_context():
        call = db.session.get(Call, call_url.removeprefix("calls/"))
        call.titles = {"en": "Another title"}
        db.session.commit()
        call_id = call.id
    client.get(f"/en/{call_url}/form.pdf").close()
    assert made == ["Call <b>one</b> & two", "Another title"]
    assert len(list((settings.var_dir / "cache" / "forms").glob(f"{call_id}-en-*.pdf"))) == 1  # the former one is gone
