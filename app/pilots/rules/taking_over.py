"""Milestones and pilots somebody has to look after become their successor's; links to the former owner end."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from app.accounts.models import Person, Role
from app.accounts.queries import roles_of
from app.core.tokens import fresh_nonce
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message, State
from app.pilots import messages
from app.pilots.models import Milestone, Pilot
from app.pilots.queries import SUBJECT
from app.pilots.rules.common import line, lock, lock_pilot


def _owned(person: Person) -> list[Milestone]:
    query = select(Milestone).where(
        Milestone.owner_id == person.id, Milestone.done_on.is_(None), Milestone.dropped_at.is_(None)
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Milestone.due_on, Milestone.id)))


def count_milestones(person: Person, _now: datetime) -> int:
    """Open milestones this person is to reach."""
    return len(_owned(person))


def count_led(person: Person, _now: datetime) -> int:
    """Pilots that run with this person as co-lead."""
    query = select(func.count()).select_from(Pilot).where(Pilot.co_lead_id == person.id, Pilot.ended_on.is_(None))
    return db.session.scalar(query) or 0


def take_over(former: Person, successor: Person, *, by: Person, now: datetime) -> None:
    """Open milestones get another owner; what was done stays with whoever did it. Pilots get another co-lead, if they are one."""
    for milestone in _owned(former):
        lock(milestone)
        milestone.owner_id, milestone.owner_nonce, milestone.updated_at = successor.id, fresh_nonce(), now
        changes = {"owner_id": (former, successor)}
        line("milestone_changed", milestone.pilot, by=by, now=now, changes=changes, about=milestone)
        db.session.flush()
        db.session.expire(milestone, ["owner"])
        outbox.cancel_waiting(SUBJECT, milestone.id, recipient_ids=[former.id], now=now)
    heir = successor if any(held.role is Role.CO_LEAD for held in roles_of(successor.id)) else None
    led = select(Pilot).where(Pilot.co_lead_id == former.id, Pilot.ended_on.is_(None)).order_by(Pilot.id)
    for pilot in db.session.scalars(led).all():
        lock_pilot(pilot)
        pilot.co_lead = heir
        line("changed", pilot, by=by, now=now, changes={"co_lead_id": (former, heir)})
    db.session.flush()
    _end_other_links(former)


def _end_other_links(person: Person) -> None:
    """Of milestones that are done or dropped the person stays the owner; a link to them opens nothing any more."""
    for milestone in db.session.scalars(select(Milestone).where(Milestone.owner_id == person.id)).all():
        milestone.owner_nonce = fresh_nonce()
    db.session.flush()


def renew(person: Person, *, now: datetime) -> None:
    """The person's address was corrected: former links end, and a reminder that had not left yet gets the new one."""
    words = {"pilot-due": messages.due, "pilot-overdue": messages.overdue}
    for milestone in _owned(person):
        lock(milestone)
        milestone.owner_nonce = fresh_nonce()
        db.session.flush()
        waits = select(Message).where(
            Message.subject_kind == SUBJECT, Message.subject_id == milestone.id, Message.recipient_id == person.id,
            Message.state == State.QUEUED, Message.kind.in_(words),
        )  # fmt: skip
        letters = [
            words[m.kind](milestone, person, key=f"{m.key}:{milestone.owner_nonce}", expires_at=m.expires_at or now)
            for m in db.session.scalars(waits).all()
        ]
        outbox.cancel_waiting(SUBJECT, milestone.id, recipient_ids=[person.id], now=now)
        if person.email:
            messages.keep_codes([milestone] if letters else ())
            outbox.queue(letters, now=now)
    _end_other_links(person)
