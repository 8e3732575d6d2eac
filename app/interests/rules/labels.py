"""Another label for a note, a question or a file: who may see it from now on."""

from __future__ import annotations

from datetime import datetime

from app.accounts.models import Person
from app.accounts.visibility import Label
from app.audit.rules import record
from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Expression, Note, Question
from app.interests.rules.moving import lock


def relabel(expression: Expression, row: Note | Question | StoredFile, label: Label, *, by: Person, now: datetime) -> bool:
    """Answers whether anything changed. The log says which kind of thing it was, not what it says."""
    lock(expression)
    db.session.refresh(row, with_for_update=True)
    if row.visibility == label.value:
        return False
    before, row.visibility = row.visibility, label.value
    kinds: dict[type, str] = {Note: "note", Question: "question", StoredFile: "file"}
    changes = {"visibility": (before, label)}
    record("expression.relabelled", "expression", expression.id, by=by, now=now, changes=changes, note=kinds[type(row)])
    db.session.flush()
    return True
