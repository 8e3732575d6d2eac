"""The register of letters as a table."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.reader import best
from app.audit.words import kind
from app.letters.models import Direction, LetterKind, Status
from app.letters.queries import Entry
from app.letters.words import DIRECTIONS, KINDS, STATUSES
from app.tables.writing import Column, word


def subject_of(entry: Entry) -> str:
    """What a line of the register is about, in the reader's words."""
    facts = entry.facts
    if entry.held == "letter":
        return str(facts["subject"])
    if entry.held == "expression":
        return str(_("Expression of interest %(reference)s", reference=facts["reference"]))
    if entry.held == "designation":
        return str(_("Designation of %(name)s", name=facts["person"]))
    return str(_("Answer to: %(title)s", title=best(facts["titles"])))


REGISTER: Sequence[Column[Entry]] = (
    Column("number", _l("Number"), lambda e: e.number),
    Column("their_number", _l("Their number"), lambda e: e.their_number),
    Column("dated", _l("Date"), lambda e: e.dated),
    word("direction", _l("In or out"), lambda e: Direction(e.direction), DIRECTIONS),
    word("kind", _l("Kind"), lambda e: LetterKind(e.kind), KINDS),
    Column("state", _l("State"), lambda e: str(best(e.states)) if e.states else None),
    Column("correspondent", _l("Sender or addressee"), lambda e: e.correspondent),
    Column("subject", _l("Subject"), subject_of),
    word("status", _l("Where it stands"), lambda e: Status(e.status), STATUSES),
    Column("answer_due", _l("Answer due"), lambda e: e.answer_due),
    Column("answered_on", _l("Answered on"), lambda e: e.answered_on),
    Column("answered_by", _l("Answered by"), lambda e: e.answered_by),
    Column("held", _l("Kind of record"), lambda e: str(kind(e.held)), lambda e: e.held),
    Column("id", _l("Number of the record"), lambda e: str(e.id)),
)
