"""The contact of an expression of interest is somebody else from now on, or has another address. Former links end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from app.accounts.models import Person, fold_address
from app.audit.rules import record
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.interests import messages
from app.interests.models import WITH_THE_SECRETARIAT, Expression, Status
from app.interests.opinion_models import Opinion, OpinionRequest
from app.interests.queries import open_question, staff
from app.interests.rules.moving import lock
from app.interests.rules.opinions import pass_on
from app.notifications.outbox import cancel_waiting

TOLD = (Status.DRAFT, *WITH_THE_SECRETARIAT, Status.ACCEPTED)
"""Who is the contact of one of these gets its new link; of the others only the record changes."""


def of_contact(person: Person, address: str | None, *statuses: Status) -> list[Expression]:
    """Every expression with this contact, by record or by address, drafts too; oldest first."""
    query = select(Expression).where(_theirs(person, address), Expression.erased_at.is_(None))
    if statuses:
        query = query.where(Expression.status.in_(statuses))
    return list(db.session.scalars(query.order_by(Expression.created_at, Expression.id)))


def _theirs(person: Person, address: str | None) -> ColumnElement[bool]:
    folded = fold_address(address)
    by_address = Expression.contact_folded == folded if folded else Expression.id.is_(None)
    return or_(Expression.contact_id == person.id, by_address)


def count_drafts(person: Person, _now: datetime) -> int:
    """Drafts that lead back to this person."""
    return _count(person, Expression.status == Status.DRAFT)


def count_sent(person: Person, _now: datetime) -> int:
    """What was sent with this person as its contact."""
    return _count(person, Expression.status != Status.DRAFT)


def _count(person: Person, which: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Expression)
    found = db.session.scalar(query.where(_theirs(person, person.email), Expression.erased_at.is_(None), which))
    return found or 0


def count_assigned(person: Person, _now: datetime) -> int:
    """What this person of the secretariat takes care of and is not decided."""
    query = select(func.count()).select_from(Expression)
    found = db.session.scalar(query.where(Expression.assignee_id == person.id, Expression.status.in_(WITH_THE_SECRETARIAT)))
    return found or 0


def count_opinions(person: Person, _now: datetime) -> int:
    """Opinions this co-lead is still asked for."""
    query = select(func.count()).select_from(Opinion).join(Opinion.request)
    waits = (Opinion.person_id == person.id, Opinion.view.is_(None), OpinionRequest.closed_at.is_(None))
    return db.session.scalar(query.where(*waits)) or 0


def take_over(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """Drafts, what was sent, open questions, work at the desk and opinions still asked for become the successor's."""
    for expression in of_contact(former, former.email):
        _new_contact(expression, former, successor, by=by, now=now)
    _take_care(former, successor, by=by, now=now)
    pass_on(former, successor, now=now)


def _new_contact(expression: Expression, former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    lock(expression)
    before, language = expression.contact_name, successor.language
    expression.contact_honorific = successor.honorifics.get(language, "")
    expression.contact_given_name, expression.contact_family_name = successor.given_name, successor.family_name
    expression.contact_post = successor.posts.get(language, "")
    expression.contact_phone = successor.phone or ""
    expression.contact_zone, expression.language = successor.zone, language
    if expression.contact_id is not None:
        expression.contact = successor
    changes = {"contact": (before or former.full_name, successor.full_name)}
    record("expression.handed_over", "expression", expression.id, by=by, now=now, changes=changes)
    _new_address(expression, successor, now=now, former=former.full_name)


def _new_address(expression: Expression, person: Person, *, now: datetime, former: str = "") -> None:
    """The address, new links to it, and the open question once more. What waited for the former address is taken back."""
    expression.contact_email = person.email or ""
    expression.email_confirmed_at = person.email_confirmed_at
    expression.draft_nonce, expression.confirm_nonce, expression.status_nonce = fresh_nonce(), fresh_nonce(), fresh_nonce()
    question = open_question(expression)
    if question is not None:
        question.nonce = fresh_nonce()
    db.session.flush()
    cancel_waiting("expression", expression.id, kinds=TO_THE_CONTACT, now=now)
    if expression.contact_email and expression.status in TOLD:
        messages.new_links(expression, now, former=former)
        if question is not None:
            messages.ask(question, now, again=question.nonce)


TO_THE_CONTACT = (
    "expression-draft", "expression-received", "expression-confirm", "expression-copy", "expression-question",
    "expression-moved", "expression-decided", "expression-withdrawn", "expression-links",
)  # fmt: skip


def _take_care(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """Undecided work at the desk goes to the successor, if they are of the secretariat; else to nobody."""
    heir = successor if successor.id in {p.id for p in staff()} else None
    mine = select(Expression).where(Expression.assignee_id == former.id, Expression.status.in_(WITH_THE_SECRETARIAT))
    for expression in db.session.scalars(mine.order_by(Expression.id)).all():
        lock(expression)
        expression.assignee = heir
        changes = {"assignee": (former.full_name, heir.full_name if heir else None)}
        record("expression.assigned", "expression", expression.id, by=by, now=now, changes=changes)
    db.session.flush()


def renew(person: Person, former_address: str, *, by: Person, now: datetime) -> None:
    """The person's address was corrected: their expressions of interest speak to the new one, by new links."""
    folded = fold_address(former_address)
    for expression in of_contact(person, former_address):
        if expression.contact_folded != folded:
            continue  # the form gave another address, which nobody corrected
        lock(expression)
        record("expression.address_renewed", "expression", expression.id, by=by, now=now)
        _new_address(expression, person, now=now)
