"""What goes through the pipe to the process that writes files comes out as it went in."""

from __future__ import annotations

from datetime import UTC, datetime

from app.documents.blocks import Answer, Document, Figures, Heading, Letter, Mark, Paragraph, Tick
from app.documents.wire import packed, unpacked

MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FORM = Document("Form", "of two parts", "ar", True, "Office", [
    Heading("أولاً"), Paragraph("Words", soft=True), Answer("Name", "as in the passport", 2), Tick("Grounds", ["work", "family"], columns=2),
])  # fmt: skip
LETTER = Letter(
    "fr", False, "Réseau", "Secrétariat", "net@example.org", [("N°", "PX/2026/L-0001")], ["Mission permanente"], ("Objet", "Session"),
    "", [Paragraph("Bonjour"), Figures([("Date", "7 décembre"), ("Heure", "16:00")])], "Veuillez agréer", ["W. Kamau"],
    mark=Mark(b"\x89PNG\x00\xff", "png"),
)  # fmt: skip


def test_trees_come_out_as_they_went_in():
    assert unpacked(packed([FORM, LETTER], MADE)) == ([FORM, LETTER], MADE)
