"""P7: what delivery reports of several servers say, what they change, and what is left to a person."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import events
from app.notifications import bounces, outbox
from app.notifications.events import AddressFailed, ReplyReceived
from app.notifications.inbound import receive
from app.notifications.models import AddressTrouble, Message, State, Verdict
from app.notifications.rendering import envelope_sender, message_id
from tests.factories.notifications import make_letter

pytestmark = pytest.mark.line("P7")
TO = "Nora.Sabri@alvania.example"


@pytest.fixture
def heard(monkeypatch):
    told = []
    monkeypatch.setitem(events._listeners, ReplyReceived, [told.append])
    monkeypatch.setitem(events._listeners, AddressFailed, [told.append])
    return told


@pytest.fixture
def sent(session, now):
    """A mail that left, and one to the same person that waits."""
    outbox.queue([make_letter(key="left", address=TO), make_letter(key="waits", address=TO.lower())], now=now)
    return leave(session, "left", now)


def leave(session, key, now):
    row = session.scalars(select(Message).where(Message.key == key)).one()
    for state in (State.SENDING, State.SENT):
        row.state, row.lease_token, row.lease_until, row.sent_at = state, row.id, now, now
        session.flush()
    return row


def waiting(session):
    row = session.scalars(select(Message).where(Message.key == "waits").execution_options(populate_existing=True)).one()
    return row.state, row.suppressed_reason


def report(row, *, action="failed", status="5.1.1", final=TO, told="smtp; 550 5.1.1 User unknown", more="", number=1):
    """As Postfix and Exchange write it: three parts, the fields in the second."""
    return (
        f"From: mailer-daemon@mx.alvania.example\r\nTo: {envelope_sender(row.id)}\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
        f"Message-ID: <{number}@mx.alvania.example>\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.alvania.example\r\n\r\n"
        f"Final-Recipient: rfc822; {final}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {told}\r\n{more}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id(row.id)}\r\nSubject: Invitation\r\n\r\nbody\r\n--b--\r\n"
    ).encode()


def test_p7_a_hard_bounce_marks_the_address_holds_what_waits_and_is_told(session, heard, sent, now):
    mail = receive(report(sent), "imap", now)
    assert (mail.verdict, mail.reason, mail.person_id) == (Verdict.APPLIED, "bounced", sent.recipient_id)
    trouble = session.scalars(select(AddressTrouble)).one()
    assert (trouble.address, trouble.hard_at, trouble.status, trouble.told) == (TO.lower(), now, "5.1.1", "550 5.1.1 User unknown")
    assert (sent.state, sent.error_class, sent.last_error) == (State.BOUNCED, "bounced", "5.1.1 550 5.1.1 User unknown")
    assert waiting(session) == (State.SUPPRESSED, "undeliverable")
    assert heard == [AddressFailed(TO.lower(), sent.id)]
    assert receive(report(sent, number=2), "imap", now).reason == "bounced"  # a second report says it once
    assert len(heard) == 1


def test_p7_what_is_written_to_a_marked_address_later_is_a_row_with_a_reason_and_others_are_not_held(session, heard, sent, now):
    receive(report(sent), "imap", now)
    letters = [make_letter(key="later", address=TO.upper()), make_letter(key="other", address="other@alvania.example")]
    outbox.queue(letters, now=now)
    outbox.queue(make_letter(key="alone", address=TO), now=now)
    found = {m.key: (m.state, m.suppressed_reason) for m in session.scalars(select(Message)) if m.key != "left"}
    held = (State.SUPPRESSED, "undeliverable")
    assert found == {"waits": held, "later": held, "alone": held, "other": (State.QUEUED, None)}
    bounces.lift(TO, now=now)
    outbox.queue(make_letter(key="again", address=TO), now=now)
    assert session.scalars(select(Message.state).where(Message.key == "again")).one() is State.QUEUED


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.4.7"), ("delayed", "")])
def test_p7_a_soft_bounce_is_counted_and_holds_nothing(session, heard, sent, now, action, status):
    mail = receive(report(sent, action=action, status=status, told="smtp; 451 later"), "imap", now)
    assert (mail.verdict, mail.reason) == (Verdict.APPLIED, "delayed")
    trouble = session.scalars(select(AddressTrouble)).one()
    assert (trouble.hard_at, trouble.counted, trouble.counted_at) == (None, 1, now)
    assert (sent.state, waiting(session), heard) == (State.SENT, (State.QUEUED, None), [])


def test_p7_a_refusal_that_may_be_of_this_mail_alone_counts_and_a_second_one_marks(session, heard, sent, now):
    policy = {"status": "5.7.1", "told": "smtp; 550 5.7.1 Rejected as spam"}
    assert receive(report(sent, **policy), "imap", now).reason == "bounced_once"
    assert (sent.state, waiting(session), heard) == (State.BOUNCED, (State.QUEUED, None), [])
    later = now + timedelta(days=3)
    second = leave(session, "waits", later)
    assert receive(report(second, **policy, number=2), "imap", later).reason == "bounced"
    assert heard == [AddressFailed(TO.lower(), second.id)]


def test_p7_a_report_that_it_arrived_is_kept_and_changes_nothing(session, heard, sent, now):
    mail = receive(report(sent, action="delivered", status="2.0.0", told="smtp; 250 ok"), "imap", now)
    assert (mail.verdict, mail.reason) == (Verdict.IGNORED, "delivered")
    assert (sent.state, waiting(session), heard) == (State.SENT, (State.QUEUED, None), [])
    assert session.scalars(select(AddressTrouble)).all() == []


def test_p7_a_late_report_about_a_mail_from_before_a_correction_marks_nothing(session, heard, sent, now):
    receive(report(sent), "imap", now)
    bounces.lift(TO, now=now + timedelta(minutes=5))
    mail = receive(report(sent, number=2), "imap", now + timedelta(minutes=6))
    assert (mail.reason, session.scalars(select(AddressTrouble)).one().hard_at, len(heard)) == ("bounced_before", None, 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Hi. This is the qmail-send program.\r\n<x@y>:\r\nRemote host said: 550 5.1.1 no mailbox", "bounced"),
        ("Sorry, it will be tried again: 451 4.3.0", "delayed"),
        ("Sorry. No such user here.", "delivery_report"),
        ("It was 4.4.1 at first, and then 5.1.1", "delivery_report"),
    ],
)
def test_p7_a_report_in_words_counts_by_its_bounce_address_and_where_it_is_certain(session, heard, sent, now, words, reason):
    raw = f"From: mailer-daemon@x.example\r\nDelivered-To: {envelope_sender(sent.id)}\r\nReturn-Path: <>\r\nSubject: failure\r\n\r\n{words}\r\n"
    mail = receive(raw.encode(), "imap", now)
    assert (mail.reason, mail.person_id) == (reason, sent.recipient_id)
    marked = [t.hard_at for t in session.scalars(select(AddressTrouble))]
    assert marked == {"bounced": [now], "delayed": [None], "delivery_report": []}[reason]


def test_p7_what_is_not_certain_is_for_a_person_and_holds_nothing(session, heard, sent, now):
    """Another recipient than ours (a forwarding), a mail we never sent, a report that says nothing."""
    forwarded = report(sent, final="private@elsewhere.example")
    forged = (
        report(sent, number=2)
        .replace(sent.id.hex.encode(), b"0" * 32)
        .replace(str(sent.id).encode(), b"0" * 8 + b"-0000-0000-0000-" + b"0" * 12)
    )
    silent = report(sent, action="failed", status="", told="x", number=3)
    for raw in (forwarded, forged, silent):
        mail = receive(raw, "imap", now)
        assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "delivery_report")
    assert (sent.state, waiting(session), heard) == (State.SENT, (State.QUEUED, None), [])
    assert session.scalars(select(AddressTrouble)).all() == []


@pytest.mark.line("P2")
def test_p2_an_absence_note_to_a_bounce_address_says_nothing_about_the_address(session, heard, sent, now):
    raw = f"From: {TO}\r\nTo: {envelope_sender(sent.id)}\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n\r\nAway, 5.1.1\r\n"
    mail = receive(raw.encode(), "imap", now)
    assert (mail.verdict, mail.reason, heard) == (Verdict.IGNORED, "automatic", [])
    assert waiting(session) == (State.QUEUED, None)


def test_somebody_at_the_desk_may_mark_what_was_not_certain(session, heard, sent, now):
    bounces.mark_by_hand(sent, now=now)
    assert (sent.state, waiting(session)[0], heard) == (State.BOUNCED, State.SUPPRESSED, [AddressFailed(TO.lower(), sent.id)])
