"""A letter as DOCX: the same lines as the PDF, from right to left where the language runs so."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Mm

from app.documents.blocks import Figures, Letter
from app.documents.word import BRAND, SOFT, Page

_COLONS = {"zh": "：", "fr": "\u00a0: "}


def letter_to_docx(letter: Letter, made: datetime) -> bytes:
    """The letter's bytes. ``made`` stands in its properties: nothing here asks the time."""
    return _Writer(letter, made).write()


class _Writer(Page):
    def __init__(self, letter: Letter, made: datetime) -> None:
        number = letter.head[0][1] if letter.head and not letter.remark else ""
        title = f"{number} {letter.subject[1]}".strip()
        super().__init__(letter.language, letter.right_to_left, title, letter.network, made)
        self.letter = letter
        self.out.sections[0].left_margin = self.out.sections[0].right_margin = Mm(25)

    def write(self) -> bytes:
        letter = self.letter
        self._head()
        for at, one in enumerate(letter.addressee):
            self._line(one, size=11, before=16 if at == 0 else 0)
        colon = _COLONS.get(letter.language, ": ")
        subject = self._line(f"{letter.subject[0]}{colon}{letter.subject[1]}", size=11, bold=True, before=16, after=8)
        subject.paragraph_format.keep_with_next = True
        if letter.salutation:
            self._line(letter.salutation, size=11, after=8)
        for passage in letter.passages:
            if isinstance(passage, Figures):
                self._figures(passage.rows)
            else:
                self._line(passage.text, size=9.5 if passage.soft else 11, colour=SOFT if passage.soft else None, after=8)
        self._line(letter.closing, size=11, before=6, after=36)
        for at, one in enumerate(letter.signatory):
            self._line(one, size=11, bold=at == 0)
        self._annexes()
        return self.saved()

    def _head(self) -> None:
        letter = self.letter
        if letter.remark:
            self._line(letter.remark, size=10, bold=True, colour=SOFT, after=8)
        if letter.mark is not None and letter.mark.kind == "png":  # a word processor takes no SVG here
            self._turn(picture := self.out.add_paragraph())
            picture.add_run().add_picture(io.BytesIO(letter.mark.data), height=Mm(15))
        self._line(letter.network, size=16, bold=True, colour=BRAND)
        self._ruled(self._line(letter.sender, size=10, colour=SOFT, after=8))
        self._figures(letter.head)
        foot = " · ".join(part for part in (letter.network, letter.contact) if part)
        self._line(foot, size=8, colour=SOFT, into=self.out.sections[0].footer.paragraphs[0])

    def _ruled(self, paragraph: Any) -> None:
        """A line below the head."""
        edge = parse_xml(f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="8" w:space="4" w:color="0B5870"/></w:pBdr>')
        after = ("shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct", "autoSpaceDE")
        later = ("autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc", "rPr")
        paragraph._p.get_or_add_pPr().insert_element_before(edge, *(f"w:{tag}" for tag in (*after, *later)))

    def _figures(self, rows: list[tuple[str, str]]) -> None:
        """Labels beside values, without a border."""
        if not rows:
            return
        table = self._table(2)
        for _more in rows[1:]:
            table.add_row()
        for (label, value), row in zip(rows, table.rows, strict=True):
            for text, colour, cell in ((label, SOFT, row.cells[0]), (value, None, row.cells[1])):
                self._line(text, size=10.5, colour=colour, into=cell.paragraphs[0], after=2)
        for row in table.rows:
            row.cells[0].width, row.cells[1].width = Mm(45), Mm(115)

    def _annexes(self) -> None:
        letter = self.letter
        if letter.annexes:
            self._line(letter.annexes_label, size=10, bold=True, before=16)
            for number, annex in enumerate(letter.annexes, start=1):
                self._line(f"{number}. {annex}", size=10)
