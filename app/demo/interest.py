"""The demonstration's call and its expressions of interest, each in its stage, with the steps that led there."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.accounts.models import OrganisationKind
from app.audit.rules import record
from app.core import zones
from app.core.text import fold
from app.demo.calendar import Calendar
from app.demo.data_files import Record, read
from app.demo.network import Network
from app.extensions import db
from app.interests.models import (
    Call,
    Endorsement,
    Expression,
    Mode,
    Move,
    Note,
    Question,
    ReferenceCounter,
    Source,
    Status,
)

PATHS: dict[str, tuple[Status, ...]] = {
    "submitted": (Status.SUBMITTED,),
    "under_review": (Status.SUBMITTED, Status.UNDER_REVIEW),
    "clarification_asked": (Status.SUBMITTED, Status.UNDER_REVIEW, Status.CLARIFICATION_ASKED),
    "accepted": (Status.SUBMITTED, Status.UNDER_REVIEW, Status.ACCEPTED),
}
"""The way each stage was reached; a step every three days."""

QUESTIONS = {
    "EOI-04": "Your alternate sent this expression of interest. Does the official focal point confirm it?",
}
NOTES = {
    "EOI-02": "Asked for interpretation between French and English. The session on recovery would fit.",
    "EOI-06": "Only hours from 20:00 UTC suit Kiritimati in the morning. Good first case for the storms exchange.",
}


def build(network: Network, calendar: Calendar) -> None:
    """Write the call and everything that came in for it."""
    call = _call(calendar)
    records = sorted(read("expressions"), key=lambda r: str(r["received_on"]))
    for number, row in enumerate(records, start=1):
        _expression(call, row, number, network, calendar)
    year = calendar.day(records[0]["received_on"]).year
    db.session.add(ReferenceCounter(prefix=f"EOI-{year}", last=len(records)))
    db.session.flush()


def _call(calendar: Calendar) -> Call:
    row = read("calls")[0]
    opens, closes = calendar.wall(row["opens"]), calendar.wall(row["closes"])
    call = Call(
        titles=row["titles"],
        texts=row["texts"],
        zone=row["zone"],
        opens_local=opens,
        closes_local=closes,
        opens_at=zones.to_instant(opens, row["zone"], 0),
        closes_at=zones.to_instant(closes, row["zone"], 0),
        asks=row["asks"],
        published=True,
        illustrative=True,
    )
    db.session.add(call)
    db.session.flush()
    return call


def _expression(call: Call, row: Record, number: int, network: Network, calendar: Calendar) -> Expression:
    contact, state = network.people[row["contact"]], network.states[row["state"]]
    received = calendar.on(row["received_on"], 8)
    office = network.secretariat
    by_hand = row["source"] != "web_form"
    expression = Expression(
        reference=f"EOI-{received.year}-{number:04d}",
        call_id=call.id,
        status=Status(row["status"]),
        source=Source(row["source"]),
        source_number=row["source_number"],
        source_date=received.date() if by_hand else None,
        entered_by=office.id if by_hand else None,
        language=row["language"],
        step=4,
        organisation_kind=OrganisationKind.MINISTRY,
        state_id=state.id,
        organisation_id=network.organisations[row["organisation"]].id,
        organisation_name=row["organisation_name"],
        organisation_unit=row["organisation_unit"],
        contact_honorific=contact.honorifics.get(row["language"], ""),
        contact_given_name=contact.given_name,
        contact_family_name=contact.family_name,
        contact_post=row["contact_post"],
        contact_email=contact.email or "",
        contact_phone=contact.phone or "",
        contact_zone=contact.zone,
        contact_id=contact.id,
        email_confirmed_at=received,
        mode=Mode(row["mode"]),
        asks=row["asks"],
        grounds=row["grounds"],
        tools=row["tools"],
        languages=[row["language"]],
        aim=row["aim"],
        constraints=row["constraints"],
        start_on=calendar.day(row["start_on"]),
        endorsement=Endorsement.RECEIVED if by_hand else Endorsement.LATER,
        submitted_at=received,
        received_on=received.date(),
        assignee_id=office.id if row["status"] != "submitted" else None,
        search=fold(" ".join((row["organisation_name"], contact.full_name, contact.email or "", *state.names.values()))),
        illustrative=True,
        created_at=received,
    )
    db.session.add(expression)
    db.session.flush()
    _history(expression, row, network, received)
    return expression


def _history(expression: Expression, row: Record, network: Network, received: datetime) -> None:
    """The dated moves, notes and questions that led to its stage."""
    office, then, before = network.secretariat, received, Status.DRAFT
    for status in PATHS[row["status"]]:
        reason = row["reason"] if status is Status.ACCEPTED else None
        by = None if status is Status.SUBMITTED else office
        db.session.add(
            Move(expression_id=expression.id, before=before, after=status, at=then, by_id=by.id if by else None, reason=reason)
        )
        record(
            f"expression.{status.value}", "expression", expression.id,
            by=by, now=then, changes={"status": (before, status)},
        )  # fmt: skip
        if status is Status.CLARIFICATION_ASKED:
            db.session.add(Question(expression_id=expression.id, asked_by=office.id, asked_at=then, text=QUESTIONS[row["key"]]))
        if status is Status.ACCEPTED:
            expression.decided_at, expression.decision_reason = then, reason
        before, then = status, then + timedelta(days=3)
    if row["key"] in NOTES:
        db.session.add(
            Note(expression_id=expression.id, author_id=office.id, at=received + timedelta(days=1), text=NOTES[row["key"]])
        )
