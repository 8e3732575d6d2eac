"""Mails of the demonstration: its history is never sent, one mail has failed, one answer was not understood."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import select, update

from app.core.db import uuid7
from app.core.signing import settings
from app.demo.calendar import Calendar
from app.demo.meetings import Meetings
from app.demo.network import Network
from app.extensions import db
from app.notifications import inbound
from app.notifications.models import Message, State

HISTORY = "history"
"""Why the mails of the demonstration's past were not sent; the outbox page has a sentence for it."""


def hush() -> None:
    """Nothing that was said before the load leaves: it is history."""
    db.session.flush()
    db.session.execute(
        update(Message)
        .where(Message.state == State.QUEUED)
        .values(state=State.SUPPRESSED, suppressed_reason=HISTORY)
        .execution_options(synchronize_session=False)
    )


def one_failure(network: Network, calendar: Calendar) -> None:
    """The mail to somebody who has left: his former mailbox is gone. By the moves the database allows."""
    person = network.people["viktor"]
    db.session.flush()
    message = db.session.scalars(select(Message).where(Message.recipient_id == person.id).order_by(Message.id)).first()
    assert message is not None
    tried = calendar.moment(-10, 10)
    message.state, message.lease_token, message.lease_until = State.SENDING, uuid7(tried), tried + timedelta(minutes=2)
    message.attempts = 1
    db.session.flush()
    message.state, message.error_class = State.FAILED, "refused"
    message.first_error = message.last_error = message.smtp_reply = "550 5.1.1 The mailbox does not exist"
    message.lease_token = message.lease_until = None
    db.session.flush()


def unclear_answer(made: Meetings, network: Network) -> bytes:
    """A colleague accepts for the person who was invited: nobody can be sure that she agrees, so a person decides."""
    invited, sender, session = network.people["adaeze"], network.people["joseph"], made.sessions["child"]
    organizer = settings().organizer_address
    reply = EmailMessage()
    reply["From"] = f"{sender.full_name} <{sender.email}>"
    reply["To"] = organizer
    reply["Subject"] = f"Accepted: {session.titles['en']}"
    reply["Message-ID"] = f"<accepted-for-a-colleague@{str(sender.email).split('@')[1]}>"
    reply.set_content(
        "Ms. Morrow travels this week and asked me to accept for her. If she cannot make it, I will take part.\n\nJ. Ndegwa\n"
    )
    reply.add_alternative(_reply_part(session.uid, organizer, str(invited.email), session.sequence, session.starts_at), subtype="x")
    part = reply.get_payload()[-1]  # type: ignore[index]
    part.replace_header("Content-Type", "text/calendar; method=REPLY; charset=UTF-8")  # type: ignore[union-attr]
    return reply.as_bytes()


def _reply_part(uid: str, organizer: str, attendee: str, sequence: int, start: datetime) -> str:
    """The calendar part as a mail program writes it."""
    lines = (
        "BEGIN:VCALENDAR", "PRODID:-//Example//Mail//EN", "VERSION:2.0", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{uid}",
        f"SEQUENCE:{sequence}", f"DTSTAMP:{start - timedelta(days=9):%Y%m%dT%H%M%SZ}", f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"ORGANIZER:mailto:{organizer}", f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{attendee}", "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines)


def receive(raw: bytes, now: datetime) -> None:
    """Take a mail in as the mailbox would: it is judged by the same rules and lands on the desk when they are not sure."""
    inbound.receive(raw, source="command", now=now)
