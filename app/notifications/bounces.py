"""Mail that came back: the row is marked, the address is too, what waits for it is held, and the rooms hear of it.

An address is marked by what is certain alone: a report that names one of our mails by what only its recipient's server
knows, and that names no other recipient than the one it was sent to.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import uuid7
from app.core.events import announce
from app.extensions import db
from app.notifications.events import AddressFailed
from app.notifications.models import AddressTrouble, Message, State
from app.notifications.reports import Fate, Report

AGAIN_WITHIN = timedelta(days=30)
"""A second refusal within this time of a kind that may speak of the mail alone is held to speak of the address."""
HELD = "undeliverable"


def fold(address: str) -> str:
    """An address as it is found by."""
    return address.strip().lower()


def is_certain(row: Message, report: Report) -> bool:
    """Does the report say something, and of nobody but the recipient of this mail?

    A forwarding has a final recipient of its own, and often names ours as the original one: our address works then.
    """
    return report.fate is not Fate.UNKNOWN and (not report.addresses or fold(row.address) == report.addresses[0])


def apply(row: Message, report: Report, *, now: datetime) -> str:
    """Do what a certain report asks for; answers the word that says what it was."""
    if report.fate is Fate.DELIVERED:
        return "delivered"
    trouble = _trouble(row.address)
    if trouble.lifted_at is not None and (row.sent_at or row.created_at) <= trouble.lifted_at:
        _came_back(row, report, final=report.fate is Fate.HARD)
        return "bounced_before"  # somebody corrected it, or said that it works, after this mail had left
    again = trouble.status.startswith("5") and trouble.counted_at is not None and trouble.counted_at > now - AGAIN_WITHIN
    hard = report.fate is Fate.HARD and (again or not report.is_about_the_mail)
    trouble.status, trouble.told, trouble.message_id = report.status, report.told, row.id
    _came_back(row, report, final=report.fate is Fate.HARD)
    if not hard:
        trouble.counted, trouble.counted_at = trouble.counted + 1, now
        db.session.flush()
        return "bounced_once" if report.fate is Fate.HARD else "delayed"
    _mark(trouble, row, now)
    return "bounced"


def mark_by_hand(row: Message, *, now: datetime) -> None:
    """Somebody read a report that was not certain, and says that the address does not work."""
    trouble = _trouble(row.address)
    _came_back(row, Report(Fate.HARD), final=True)
    _mark(trouble, row, now)


def _trouble(address: str) -> AddressTrouble:
    """The row of this address, locked: two reports about it are dealt with one after the other."""
    known = fold(address)
    new = insert(AddressTrouble).values(id=uuid7(), address=known).on_conflict_do_nothing(index_elements=["address"])
    db.session.execute(new)
    query = select(AddressTrouble).where(AddressTrouble.address == known).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _came_back(row: Message, report: Report, *, final: bool) -> None:
    """The outbox shows what came of the mail; one that was only delayed is still on its way."""
    db.session.refresh(row, with_for_update=True)
    if final and row.state in (State.SENT, State.UNKNOWN):
        row.state, row.error_class = State.BOUNCED, "bounced"
        row.last_error = f"{report.status} {report.told}".strip() or row.last_error
        row.first_error = row.first_error or row.last_error
    db.session.flush()


def _mark(trouble: AddressTrouble, row: Message, now: datetime) -> None:
    news = trouble.hard_at is None
    trouble.hard_at, trouble.lifted_at, trouble.message_id = trouble.hard_at or now, None, row.id
    db.session.flush()
    _hold(trouble.address)
    if news:
        announce(AddressFailed(trouble.address, row.id))


def _hold(address: str) -> None:
    """What waits for the address is not sent. It stays to be seen, with the reason."""
    db.session.execute(
        update(Message)
        .where(func.lower(Message.address) == address, Message.state == State.QUEUED)
        .values(state=State.SUPPRESSED, suppressed_reason=HELD)
        .execution_options(synchronize_session=False)
    )


def trouble_with(address: str | None) -> AddressTrouble | None:
    """What is known against an address, if anything."""
    if not address:
        return None
    return db.session.scalar(select(AddressTrouble).where(AddressTrouble.address == fold(address)))


def lift(address: str | None, *, now: datetime) -> None:
    """Somebody says that the address is right: mail goes to it again, and what came back before counts no more."""
    trouble = trouble_with(address)
    if trouble is not None:
        trouble.hard_at, trouble.lifted_at, trouble.counted, trouble.counted_at, trouble.status = None, now, 0, None, ""
        db.session.flush()


def held_for(person_id: uuid.UUID, address: str, now: datetime) -> list[Message]:
    """Mails to a person that were held because of this address, and are not too late."""
    return list(
        db.session.scalars(
            select(Message)
            .where(
                Message.recipient_id == person_id,
                func.lower(Message.address) == fold(address),
                Message.state == State.SUPPRESSED,
                Message.suppressed_reason == HELD,
                (Message.expires_at.is_(None)) | (Message.expires_at > now),
                Message.created_at > now - AGAIN_WITHIN,
            )
            .order_by(Message.id)
        )
    )
