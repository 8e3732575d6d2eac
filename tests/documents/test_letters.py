"""Letters as PDF and DOCX in six languages: words that can be read out, fonts they carry, the right direction."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from app.core.languages import LANGUAGES, RIGHT_TO_LEFT
from app.documents.blocks import Figures, Letter, Mark, Paragraph
from app.documents.pdf import letters_to_pdf
from app.documents.process import NotMade
from app.documents.word_letter import letter_to_docx
from app.files.content import DOCX, examine

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10"/></svg>'
WORDS = {
    "ar": "تهدي الأمانة أطيب تحياتها إلى البعثة الدائمة",
    "zh": "秘书处向常驻代表团致意",
    "en": "The Secretariat presents its compliments to the Permanent Mission",
    "fr": "Le Secrétariat présente ses compliments à la Mission permanente",
    "ru": "Секретариат свидетельствует своё уважение Постоянному представительству",
    "es": "La Secretaría saluda atentamente a la Misión Permanente",
}
FONT = {"ar": "IBMPlexSansArabic", "zh": "NotoSansCJK"}


def sample(language, **changes):
    said = {
        "language": language, "right_to_left": language in RIGHT_TO_LEFT, "network": WORDS[language][:12], "sender": "S",
        "contact": "secretariat@pathways.example", "head": [("N", "PX/2026/L-0012"), ("D", "2026")], "addressee": ["A", "B"],
        "subject": ("S", WORDS[language][:20]), "salutation": "", "closing": "C", "signatory": ["Amina Diallo", "Head"],
        "passages": [Paragraph(WORDS[language]), Figures([("H", "16:00–17:30 (UTC+3)")]), Paragraph('#panic("x") $x$ @ref', soft=True)],
        "annexes_label": "X", "annexes": ["Programme"],
    }  # fmt: skip
    return Letter(**{**said, **changes})


def read(data):
    reader = pypdf.PdfReader(io.BytesIO(data))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


@pytest.fixture(scope="module")
def pdfs():
    return dict(zip(LANGUAGES, letters_to_pdf([sample(language) for language in LANGUAGES]), strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_can_be_read_out_and_carries_its_fonts(pdfs, language):
    assert examine(pdfs[language], ".pdf") == "application/pdf"
    reader, text = read(pdfs[language])
    assert "PX/2026/L-0012" in text and "Amina Diallo" in text
    if language != "ar":  # in a line that runs the other way the signs stand in another order
        assert WORDS[language] in " ".join(text.split())
        assert '#panic("x") $x$ @ref' in text  # text is text, never a command of the typesetter
    fonts = [f.get_object() for page in reader.pages for f in page["/Resources"]["/Font"].values()]
    names = {str(f["/BaseFont"]) for f in fonts}
    assert any(FONT.get(language, "LibertinusSerif") in name for name in names)
    assert all("Libertinus" in n or "IBMPlex" in n or "NotoSansCJK" in n for n in names), "a font of the machine"
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert "/FontFile2" in inner or "/FontFile3" in inner, "a font that is not embedded"


def test_arabic_words_come_out_whole_and_stand_from_right_to_left(pdfs):
    _reader, text = read(pdfs["ar"])
    line = next(row for row in unicodedata.normalize("NFKC", text).splitlines() if "البعثة" in row)
    first, *_rest, last = WORDS["ar"].split()
    assert all(word in line for word in WORDS["ar"].split()), line
    assert line.index(first) > line.index(last), line  # this reader goes from left to right: the first word comes last
    assert "PX/2026/L-0012" in text  # numbers keep their order in a line that runs the other way


def test_bold_is_there_where_the_fonts_have_it(pdfs):
    for language in ("ar", "en", "fr", "ru", "es"):
        reader, _text = read(pdfs[language])
        names = {str(f.get_object()["/BaseFont"]) for f in reader.pages[0]["/Resources"]["/Font"].values()}
        assert any("Bold" in name for name in names), names


def test_the_mark_stands_at_the_head_and_a_broken_one_is_said(pdfs):
    with_mark = letters_to_pdf([sample("en", mark=Mark(SVG, "svg"))])[0]
    assert with_mark != pdfs["en"]
    with pytest.raises(NotMade):
        letters_to_pdf([sample("en", mark=Mark(b"no picture", "png"))])


def test_no_letter_is_no_process_and_a_long_one_gets_pages():
    assert letters_to_pdf([]) == []
    reader, _text = read(letters_to_pdf([sample("en", passages=[Paragraph(WORDS["en"] * 40)] * 6)])[0])
    assert len(reader.pages) > 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_file_says_the_same_and_runs_the_right_way(language):
    data = letter_to_docx(sample(language), datetime(2026, 1, 1))
    assert examine(data, ".docx") == DOCX
    opened = docx.Document(io.BytesIO(data))
    lines = [p.text for p in opened.paragraphs]
    assert WORDS[language] in lines and "Amina Diallo" in lines and "1. Programme" in lines
    assert "PX/2026/L-0012" in [c.text for t in opened.tables for r in t.rows for c in r.cells]
    rtl = language == "ar"
    for paragraph in (p for p in opened.paragraphs if p.text):
        assert (paragraph._p.find(f"{qn('w:pPr')}/{qn('w:bidi')}") is not None) is rtl, paragraph.text
        assert all(bool(run.font.rtl) is rtl for run in paragraph.runs)
    tongue = opened.styles["Normal"].element.find(f"{qn('w:rPr')}/{qn('w:lang')}")
    assert tongue.get(qn("w:bidi")) == tongue.get(qn("w:val")) == {"zh": "zh-CN"}.get(language, language)
    assert opened.core_properties.language == language
    ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml"))
    assert data == letter_to_docx(sample(language), datetime(2026, 1, 1))
