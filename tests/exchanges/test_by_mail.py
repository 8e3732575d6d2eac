"""The whole way by mail: the invitation as it leaves, the answer as a mail program sends it, the confirmation that follows."""

from __future__ import annotations

import email
import email.policy

from icalendar import Calendar
from sqlalchemy import select

from app.exchanges.models import Answer, Seat
from app.notifications import rendering
from app.notifications.inbound import receive
from app.notifications.models import Message, Verdict
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent


def entry_of(message):
    raw = rendering.render(rendering.job_of(message), now=NOW).content
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    return mail, Calendar.from_ical(part.get_content()).walk("VEVENT")[0]


def pressed(mail, event, partstat, sender=None):
    """The mail a program sends when a button is pressed."""
    attendee = str(event["ATTENDEE"])
    body = "\r\n".join([
        "BEGIN:VCALENDAR", "METHOD:REPLY", "PRODID:-//Program//EN", "VERSION:2.0", "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={partstat}:{attendee}", f"ORGANIZER:{event['ORGANIZER']}", f"UID:{event['UID']}",
        f"SEQUENCE:{event['SEQUENCE']}", "DTSTAMP:20261123T091500Z", "END:VEVENT", "END:VCALENDAR", "",
    ])  # fmt: skip
    sender = sender or attendee.removeprefix("mailto:")
    return (
        f"From: {sender}\r\nTo: {mail['From'].addresses[0].addr_spec}\r\nSubject: Accepted\r\n"
        f"Message-ID: <{partstat}@x.example>\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY; charset=UTF-8\r\n\r\n{body}"
    ).encode()


def test_accept_in_the_mail_program_takes_the_seat_and_brings_the_confirmation(session):
    row = make_session()
    invitation = make_invitation(row, make_person(email="nora@alvania.example", language="fr"))
    mail, event = entry_of(session.scalars(select(Message)).one())
    mark_sent()
    inbound = receive(pressed(mail, event, "ACCEPTED"), "command", NOW)
    assert (inbound.verdict, inbound.reason) == (Verdict.APPLIED, None)
    after = invitation_of(row, invitation.person)
    assert (after.answer, after.seat) == (Answer.YES, Seat.HELD)
    confirmation = session.scalars(select(Message).where(Message.kind == "session-confirmation")).one()
    _mail, confirmed = entry_of(confirmation)
    assert (confirmed["UID"], confirmed["SEQUENCE"]) == (event["UID"], event["SEQUENCE"])
    assert confirmed["DTSTAMP"].dt > event["DTSTAMP"].dt
    assert "1234#" in confirmed["DESCRIPTION"]
    assert receive(pressed(mail, event, "ACCEPTED"), "command", NOW).id == inbound.id
    assert len(session.scalars(select(Message).where(Message.kind == "session-confirmation")).all()) == 1


def test_a_forged_answer_changes_nothing_and_is_on_the_desk(session):
    row = make_session()
    invitation = make_invitation(row)
    mail, event = entry_of(session.scalars(select(Message)).one())
    inbound = receive(pressed(mail, event, "DECLINED", sender="evil@elsewhere.example"), "command", NOW)
    assert inbound.verdict is Verdict.UNCLEAR
    assert inbound.reason == "sender_differs"
    assert invitation_of(row, invitation.person).answer is None
