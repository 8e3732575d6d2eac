"""What the secretariat may do to a mail: send it again, or send now what waits."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.accounts.models import Person
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.dashboards.queries.desk import TROUBLE
from app.dashboards.queries.outbox import sent_again
from app.exchanges.queries import still_holds
from app.exchanges.rules import restamp
from app.extensions import db
from app.letters.queries import SUBJECT as LETTER
from app.letters.queries import stands
from app.notifications import bounces, nudge, outbox
from app.notifications.models import Message, State
from app.notifications.rendering import SECRET_KINDS
from app.notifications.writing import BY_CHOICE

_CAME_BACK = _l("Mail to this address came back before, so nothing more is sent to it. Correct it on the person's page.")


def may_send_again(message: Message, now: datetime) -> bool:
    """Would ``send_again`` do it?"""
    return _why_not_again(message, now) is None


def _why_not_again(message: Message, now: datetime) -> RuleBroken | None:
    if message.kind in SECRET_KINDS:
        return RuleBroken(_l("This mail opens an account. Ask the person to ask for a new one."))
    if message.state is not State.SENT and message.state not in TROUBLE and message.state is not State.SUPPRESSED:
        return RuleBroken(_l("This mail has not left yet, so it cannot be sent again."))
    if message.suppressed_reason in BY_CHOICE:
        return RuleBroken(_l("This person chose not to get it by itself, so it is not sent again. Ask them first."))
    if message.expires_at is not None and message.expires_at <= now:
        return RuleBroken(_l("The moment this mail speaks of has passed. Write to the person instead."))
    if message.subject_kind == LETTER and message.subject_id is not None and not stands(message.subject_id):
        return RuleBroken(_l("This letter was replaced or cancelled, so it is not sent again. Send the one that stands."))
    if not still_holds(message):
        return RuleBroken(_l("Something else was said to this person since, so this mail is not sent again. Send the latest one."))
    return None


def send_again(message: Message, *, by: Person, now: datetime) -> uuid.UUID:
    """Queue a copy of a mail that ended: its own row and key, the same calendar entry, to the address known today.

    Pressed twice, it is one copy: while that copy waits, a second press finds it.
    """
    refused = _why_not_again(message, now)
    if refused is not None:
        raise refused
    db.session.refresh(message, with_for_update=True)
    copy = sent_again(message.id)
    if copy is not None and copy.state in (State.QUEUED, State.SENDING):
        return copy.id
    fresh = _address_today(message)
    again = outbox.send_again(message, now=now)
    row = db.session.get_one(Message, again)
    restamp(row, now)
    changes = {}
    if fresh != message.address:
        row.address = fresh
        changes = {"address": (message.address, fresh)}
    record("mail.sent_again", "message", message.id, by=by, now=now, changes=changes)
    return again


def _address_today(message: Message) -> str:
    """The recipient's address as it is now; the former one when the person has none or is unknown here."""
    person = db.session.get(Person, message.recipient_id) if message.recipient_id else None
    if person is not None and not person.active:
        raise RuleBroken(_l("This person's record is closed: nothing is sent to them any more."))
    address = (person.email or "") if person is not None else message.address
    if not address:
        raise RuleBroken(_l("No address is known for this person. Add one on the person's page first."))
    trouble = bounces.trouble_with(address)
    if trouble is not None and trouble.hard_at is not None:
        raise RuleBroken(_CAME_BACK)
    return address


def send_now(message: Message, *, by: Person, now: datetime) -> None:
    """Let a waiting mail leave at once; on one that does not wait, nothing happens."""
    if message.state is not State.QUEUED:
        raise RuleBroken(_l("This mail does not wait any more."))
    if message.due_at <= now:
        return
    message.due_at, message.waits = now, None
    db.session.execute(text("SELECT pg_notify('outbox', '')"))
    nudge.after_commit()
    record("mail.hurried", "message", message.id, by=by, now=now)
