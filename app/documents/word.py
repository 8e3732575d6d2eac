"""A document as DOCX: boxes to tick and fields to fill in, from right to left where the language runs so."""

from __future__ import annotations

import io
import itertools
import zipfile
from datetime import datetime
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from app.documents.blocks import Answer, Document, Heading, Paragraph, Tick

_FONTS = {"ascii": "Arial", "hAnsi": "Arial", "cs": "Arial", "eastAsia": "Microsoft YaHei"}
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
SOFT = RGBColor(0x45, 0x56, 0x61)
BRAND = RGBColor(0x0B, 0x58, 0x70)


def to_docx(document: Document, made: datetime) -> bytes:
    """The document's bytes. ``made`` stands in its properties: nothing here asks the time."""
    return _Writer(document, made).write()


class Page:
    """An empty file in one language, and how a line of text stands in it."""

    def __init__(self, language: str, right_to_left: bool, title: str, author: str, made: datetime) -> None:
        self.language, self.right_to_left = language, right_to_left
        self.out = docx.Document()
        page = self.out.sections[0]
        page.page_width, page.page_height = Mm(210), Mm(297)
        page.left_margin = page.right_margin = Mm(22)
        page.top_margin = page.bottom_margin = Mm(20)
        properties = self.out.core_properties
        properties.title, properties.author, properties.language = title[:255], author[:255], language  # as long as Word takes
        properties.comments, properties.last_modified_by = "", author
        properties.created = properties.modified = made.replace(tzinfo=None)
        self._base_style()

    def saved(self) -> bytes:
        """The file's bytes: the same for the same text, whatever the clock says when the parts are packed."""
        packed, target = io.BytesIO(), io.BytesIO()
        self.out.save(packed)
        with zipfile.ZipFile(packed) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            for name in parts.namelist():
                out.writestr(zipfile.ZipInfo(name), parts.read(name), zipfile.ZIP_DEFLATED)
        return target.getvalue()

    def _base_style(self) -> None:
        style = self.out.styles["Normal"]
        style.font.size = Pt(11)
        properties = style.element.get_or_add_rPr()
        self._fonts(properties)
        tongue = OxmlElement("w:lang")
        for side in ("val", "eastAsia", "bidi"):
            tongue.set(qn(f"w:{side}"), {"zh": "zh-CN"}.get(self.language, self.language))
        for former in properties.findall(qn("w:lang")):
            properties.remove(former)
        properties.append(tongue)

    def _fonts(self, properties: Any) -> None:
        fonts = properties.get_or_add_rFonts()
        for name in [n for n in fonts.attrib if n.endswith("Theme")]:
            del fonts.attrib[name]
        for side, family in _FONTS.items():
            fonts.set(qn(f"w:{side}"), family)

    def _line(
        self, text: str, *, size: float, bold: bool = False, colour: RGBColor | None = None, style: str | None = None,
        before: float = 0, after: float = 0, into: Any = None,
    ) -> Any:  # fmt: skip
        paragraph = into if into is not None else self.out.add_paragraph()
        if style:
            paragraph.style = self.out.styles[style]
        paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
        self._turn(paragraph)
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(size), bold
        if colour is not None:
            run.font.color.rgb = colour
        self._fonts(run._r.get_or_add_rPr())
        if self.right_to_left:
            run.font.cs_bold, run.font.rtl = bold, True
            larger, later = OxmlElement("w:szCs"), ("highlight", "u", "effect", "bdr", "shd", "fitText", "vertAlign", "rtl")
            larger.set(qn("w:val"), str(int(size * 2)))
            run._r.get_or_add_rPr().insert_element_before(larger, *(f"w:{tag}" for tag in later))
        return paragraph

    def _turn(self, paragraph: Any) -> None:
        """Start at the side the language starts at; in Word the left of a right-to-left paragraph is its start."""
        if self.right_to_left and paragraph._p.find(f"{qn('w:pPr')}/{qn('w:bidi')}") is None:
            properties = paragraph._p.get_or_add_pPr()
            after = ("w:adjustRightInd", "w:snapToGrid", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:rPr")
            properties.insert_element_before(OxmlElement("w:bidi"), *after)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT

    def _table(self, columns: int) -> Any:
        table = self.out.add_table(rows=1, cols=columns)
        table.autofit = True
        if self.right_to_left:
            table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
        return table


class _Writer(Page):
    def __init__(self, document: Document, made: datetime) -> None:
        super().__init__(document.language, document.right_to_left, document.title, document.author, made)
        self.document = document
        self.ids = itertools.count(1001)

    def write(self) -> bytes:
        self._line(self.document.title, size=20, bold=True, colour=BRAND, after=2)
        self._line(self.document.subtitle, size=12, colour=SOFT, after=10)
        for block in self.document.blocks:
            if isinstance(block, Heading):
                self._line(block.text, size=14, bold=True, colour=BRAND, style="Heading 1", before=14, after=4)
            elif isinstance(block, Paragraph):
                self._line(block.text, size=9 if block.soft else 11, colour=SOFT if block.soft else None, after=6)
            elif isinstance(block, Answer):
                self._label(block.label, block.hint)
                self._field(block.label, block.lines)
            else:
                self._label(block.label, block.hint)
                self._ticks(block)
        return self.saved()

    def _label(self, label: str, hint: str) -> None:
        paragraph = self._line(label, size=11, bold=True, before=8, after=0 if hint else 2)
        paragraph.paragraph_format.keep_with_next = True
        if hint:
            self._line(hint, size=9, colour=SOFT, after=2).paragraph_format.keep_with_next = True

    def _field(self, label: str, lines: int) -> None:
        """A bordered cell that holds a text control: typed into in Word, written into on paper."""
        row = self._table(1).rows[0]
        row.height = Mm(8 * lines)
        cell = row.cells[0]
        sides = "".join(f'<w:{s} w:val="single" w:sz="6" w:color="727F88"/>' for s in ("top", "left", "bottom", "right"))
        cell._tc.get_or_add_tcPr().append(parse_xml(f"<w:tcBorders {nsdecls('w')}>{sides}</w:tcBorders>"))
        paragraph = cell.paragraphs[0]
        self._turn(paragraph)
        control = self._control(label)
        kind = OxmlElement("w:text")
        if lines > 1:
            kind.set(qn("w:multiLine"), "1")
        control[0].append(kind)
        control.append(parse_xml(f"<w:sdtContent {nsdecls('w')}><w:r><w:t>\u00a0</w:t></w:r></w:sdtContent>"))
        paragraph._p.append(control)

    def _control(self, label: str) -> Any:
        control = OxmlElement("w:sdt")
        properties = OxmlElement("w:sdtPr")
        for tag, value in (("w:alias", label[:60]), ("w:id", str(next(self.ids)))):
            element = OxmlElement(tag)
            element.set(qn("w:val"), value)
            properties.append(element)
        control.append(properties)
        return control

    def _ticks(self, block: Tick) -> None:
        table = self._table(block.columns)
        while len(table.rows) * block.columns < len(block.options):
            table.add_row()
        cells = [cell for row in table.rows for cell in row.cells]
        for option, cell in zip(block.options, cells, strict=False):
            paragraph = cell.paragraphs[0]
            self._turn(paragraph)
            paragraph._p.append(self._box(option))
            self._line(f"\u00a0{option}", size=10.5, into=paragraph, after=2)

    def _box(self, label: str) -> Any:
        control = self._control(label)
        checkbox = (
            f'<w14:checkbox xmlns:w14="{_W14}"><w14:checked w14:val="0"/><w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
            '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/></w14:checkbox>'
        )
        control[0].append(parse_xml(checkbox))
        shown = (
            f"<w:sdtContent {nsdecls('w')}><w:r><w:rPr><w:rFonts w:ascii='MS Gothic' w:eastAsia='MS Gothic' "
            "w:hAnsi='MS Gothic' w:hint='eastAsia'/></w:rPr><w:t>\u2610</w:t></w:r></w:sdtContent>"
        )
        control.append(parse_xml(shown))
        return control
