"""What came by note verbale, e-mail or phone: entered by the secretariat with its source, told to the contact to correct."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person
from app.accounts.visibility import Label
from app.audit.rules import differences, record
from app.core.errors import LinkOver, RuleBroken
from app.extensions import db
from app.files import rules as files
from app.interests import messages
from app.interests.models import Call, Endorsement, Expression, Question, Source, Status
from app.interests.queries import by_submission_key
from app.interests.rules.moving import lock, make_move
from app.interests.rules.review import open_for_corrections, refuse_unless_open
from app.interests.rules.sending import register


@dataclass(frozen=True)
class Came:
    """How something reached the secretariat: source, number and date of the letter, its scan."""

    source: Source
    number: str = ""
    on: date | None = None
    scan: FileStorage | None = None


def enter(call: Call, fields: dict[str, Any], came: Came, *, by: Person, now: datetime, key: str | None = None) -> Expression:
    """Enter an expression of interest for somebody, also after the call closed: the date of the letter counts.

    The same form sent twice is one expression. The contact gets a copy to correct.
    """
    known = by_submission_key(key)
    if known is not None:
        return known
    if not (fields.get("organisation_name") or fields.get("state_id")):
        raise RuleBroken(_("Enter the organisation, or choose the State."), field="organisation_name")
    entered = Expression(
        call_id=call.id,
        call=call,
        submission_key=key,
        entered_by=by.id,
        source=came.source,
        source_number=came.number or None,
        source_date=came.on,
        received_on=came.on,
        **fields,
    )
    try:
        with db.session.begin_nested():
            db.session.add(entered)
            db.session.flush()
    except IntegrityError:
        known = by_submission_key(key)
        if known is None:
            raise
        return known
    if came.scan:
        entered.source_scan_id = files.store(came.scan, "source-scan", "expression", entered.id, by, now, field="scan").id
        if came.source is Source.NOTE_VERBALE and entered.endorsement is Endorsement.NONE:
            # the note verbale that brings the expression is its endorsement
            entered.endorsement, entered.endorsement_file_id = Endorsement.RECEIVED, entered.source_scan_id
    register(entered, now, by_id=by.id)
    changes = {"reference": (None, entered.reference), "source": (None, came.source)}
    behalf = entered.contact_name or entered.organisation_name
    record("expression.entered", "expression", entered.id, by=by, now=now, changes=changes, on_behalf_of=behalf)
    messages.copy_to_correct(entered, now)
    return entered


def correct(expression: Expression, fields: dict[str, Any], *, now: datetime) -> dict[str, tuple[Any, Any]]:
    """The contact corrects what was entered for them, while it is not decided. Answers what changed."""
    lock(expression)
    refuse_unless_correctable(expression)
    changes = differences(expression, fields)
    for name, (_before, after) in changes.items():
        setattr(expression, name, after)
    if changes:
        expression.corrected_at = now
        behalf = expression.contact_name
        record("expression.corrected", "expression", expression.id, by=None, now=now, changes=changes, on_behalf_of=behalf)
        db.session.flush()
    return changes


def refuse_unless_correctable(expression: Expression) -> None:
    """Once decided or withdrawn, corrections go by mail."""
    if not open_for_corrections(expression):
        raise LinkOver(_("This expression of interest was decided or withdrawn. Write to the secretariat to correct it."))


def answer_on_behalf(question: Question, text: str, came: Came, *, by: Person, now: datetime) -> None:
    """Enter an answer that came another way than by the page; the applicant is told that it arrived."""
    expression = question.expression
    lock(expression)
    db.session.refresh(question)
    refuse_unless_open(question)
    if not text:
        raise RuleBroken(_("Write the answer first."), field="text")
    scan = files.store(came.scan, "source-scan", "expression", expression.id, by, now, field="scan") if came.scan else None
    if scan is not None:
        scan.visibility = question.visibility  # who may read the answer may read the letter that brought it
    question.answer, question.answered_at, question.answered_via = text, now, came.source.value
    question.entered_by = by.id
    question.source = {
        "number": came.number,
        "date": came.on.isoformat() if came.on else "",
        "scan": str(scan.id) if scan else "",
    }
    db.session.flush()
    behalf = expression.contact_name or expression.organisation_name
    record("expression.answered", "expression", expression.id, by=by, now=now, on_behalf_of=behalf)
    make_move(expression, Status.UNDER_REVIEW, by=by, now=now, on_behalf_of=behalf)


def receive_endorsement(
    expression: Expression, upload: FileStorage | None, *, visibility: Label = Label.SECRETARIAT, by: Person, now: datetime
) -> None:
    """The letter that was to come later has come; its scan is kept when there is one."""
    lock(expression)
    if upload:
        stored = files.store(upload, "endorsement", "expression", expression.id, by, now, field="file")
        stored.visibility = visibility.value
        expression.endorsement_file_id = stored.id
    changes = {"endorsement": (expression.endorsement, Endorsement.RECEIVED)}
    expression.endorsement = Endorsement.RECEIVED
    record("expression.endorsed", "expression", expression.id, by=by, now=now, changes=changes)
    db.session.flush()
