"""Inbound mail is stored once, judged, and never lost; machines are recognised; the desk gets the rest."""

import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.core import events
from app.core.signing import settings
from app.extensions import db
from app.notifications import inbound, outbox
from app.notifications.events import ReplyReceived
from app.notifications.inbound import receive, row_of_bounce_address
from app.notifications.letterbox import open_mail
from app.notifications.models import InboundMail, Message, Verdict
from app.notifications.rendering import envelope_sender, message_id
from tests.factories.notifications import make_letter
from tests.notifications.replying import reply_mail


@pytest.fixture
def heard(monkeypatch):
    """What the rooms would hear, in place of the rooms above."""
    told = []
    monkeypatch.setitem(events._listeners, ReplyReceived, [told.append])
    return told


def count():
    return db.session.scalar(select(func.count()).select_from(InboundMail))


def test_an_answer_is_stored_whole_and_announced(session, heard, now):
    raw = reply_mail(text="I accept.")
    mail = receive(raw, "command", now)
    assert heard == [ReplyReceived(mail.id)]
    assert mail.raw == raw and mail.source == "command" and mail.received_at == now
    assert (mail.message_id, mail.sender, mail.sender_name) == (
        "<reply-1@alvania.example>",
        "a.morrow@alvania.example",
        "A. Morrow",
    )
    assert (mail.subject, mail.body) == ("Accepted: session", "I accept.")
    assert mail.reply == {
        "method": "REPLY", "uid": "session-1@pathways.example", "attendee": "a.morrow@alvania.example", "partstat": "ACCEPTED",
        "sequence": 0, "dtstamp": "2027-02-01T09:30:15+00:00", "comment": "", "organizer": "sessions@pathways.example",
        "delegated_to": "", "problem": "",
    }  # fmt: skip


def test_what_no_room_takes_up_waits_on_the_desk(session, heard, now):
    mail = receive(reply_mail(), "imap", now)
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "not_judged")


def test_a_room_sets_the_verdict(session, monkeypatch, now):
    def judge(event):
        session.get(InboundMail, event.inbound_id).verdict = Verdict.APPLIED

    monkeypatch.setitem(events._listeners, ReplyReceived, [judge])
    assert receive(reply_mail(), "imap", now).verdict is Verdict.APPLIED


@pytest.mark.line("H10")
def test_h10_the_same_bytes_twice_are_one_row_and_announced_once(session, heard, now):
    raw = reply_mail()
    first = receive(raw, "imap", now)
    assert receive(raw, "command", now) is first
    assert (count(), len(heard)) == (1, 1)


@pytest.mark.line("H10")
def test_h10_the_same_mail_by_another_gateway_is_not_judged_twice(session, heard, now):
    raw = reply_mail()
    receive(raw, "imap", now)
    again = receive(b"Received: by another\r\n" + raw, "imap", now)
    assert (again.verdict, again.reason, len(heard)) == (Verdict.IGNORED, "repeated", 1)


def test_an_answer_without_dtstamp_counts_from_its_arrival(session, heard, now):
    assert receive(reply_mail(dtstamp=None), "imap", now).reply["dtstamp"] == now.isoformat()


@pytest.mark.line("P2")
def test_p2_an_absence_note_is_stored_and_bothers_nobody(session, heard, now):
    raw = reply_mail(calendar="x", method="REQUEST", headers=[("Auto-Submitted", "auto-replied")])
    mail = receive(raw, "imap", now)
    assert (mail.verdict, mail.reason, heard) == (Verdict.IGNORED, "automatic", [])


def test_a_clear_answer_counts_though_a_machine_sent_it(session, heard, now):
    mail = receive(reply_mail(headers=[("Auto-Submitted", "auto-generated")]), "imap", now)
    assert heard == [ReplyReceived(mail.id)]


@pytest.mark.line("P2")
def test_nothing_is_ever_answered_by_a_machine(session, heard, now):
    receive(reply_mail(), "imap", now)
    receive(reply_mail(calendar="x", method="REQUEST"), "imap", now)
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_a_plain_reply_is_brought_to_what_it_answers(session, heard, now):
    import uuid

    person, subject = uuid.uuid4(), uuid.uuid4()
    outbox.queue(make_letter(recipient_id=person, subject_kind="session", subject_id=subject), now=now)
    row = session.scalars(select(Message)).one()
    raw = b"From: a@x.example\r\nIn-Reply-To: " + message_id(row.id).encode() + b"\r\nSubject: Re\r\n\r\nYes, gladly."
    mail = receive(raw, "imap", now)
    assert (mail.person_id, mail.subject_kind, mail.subject_id, mail.body) == (person, "session", subject, "Yes, gladly.")
    assert heard == [ReplyReceived(mail.id)] and mail.reply is None


@pytest.mark.line("P3")
def test_p3_a_bounce_address_of_another_key_names_nobody(session, now):
    import uuid

    row = uuid.uuid4()
    genuine = envelope_sender(row)
    assert row_of_bounce_address(genuine.encode()) == row
    forged = genuine.replace(genuine[20], "a" if genuine[20] != "a" else "b", 1)
    assert row_of_bounce_address(forged.encode()) is None
    assert row_of_bounce_address(b"bounces+" + b"1" * 42 + b"@x") is None
    keys = settings().secret_keys
    keys.insert(0, "a newer key than the one it was sent under")
    try:
        assert envelope_sender(row) != genuine and row_of_bounce_address(genuine.encode()) == row
    finally:
        keys.pop(0)


@pytest.mark.line("H11")
def test_h11_a_mail_beyond_the_bounds_is_kept_for_a_person(session, heard, now, monkeypatch):
    monkeypatch.setattr("app.notifications.letterbox.MOST_BYTES", 1000)
    monkeypatch.setattr(inbound, "MOST_BYTES", 1000)
    mail = receive(b"From: a@x.example\r\nSubject: big\r\n\r\n" + b"x" * 2000, "imap", now)
    assert (mail.verdict, mail.reason, mail.sender, mail.subject) == (Verdict.UNCLEAR, "too_large", "a@x.example", "big")
    assert len(mail.raw) == 1000 and heard == []


def test_a_mail_that_breaks_a_room_is_kept_for_a_person_and_what_the_room_began_is_undone(session, monkeypatch, now):
    def fail(event):
        outbox.queue(make_letter(), now=now)
        session.get(InboundMail, event.inbound_id).verdict = Verdict.APPLIED
        raise RuntimeError("a room broke")

    monkeypatch.setitem(events._listeners, ReplyReceived, [fail])
    mail = receive(reply_mail(), "imap", now)
    assert (mail.verdict, mail.reason, count()) == (Verdict.UNCLEAR, "not_judged", 1)
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_when_the_database_is_away_nothing_is_stored_and_the_mail_is_read_again(session, monkeypatch, now):
    def fail(event):
        raise OperationalError("SELECT", {}, Exception("the server went away"))

    monkeypatch.setitem(events._listeners, ReplyReceived, [fail])
    with pytest.raises(OperationalError):
        receive(reply_mail(), "imap", now)
    session.rollback()
    assert count() == 0


@pytest.mark.line("H11")
def test_h11_a_mail_that_breaks_the_parser_is_kept_for_a_person(session, heard, now, monkeypatch):
    def fail(raw, policy=None):
        raise LookupError("no parser foresaw this")

    with monkeypatch.context() as patch:
        patch.setattr("app.notifications.letterbox.email.message_from_bytes", fail)
        patch.setattr(inbound, "headers_of", lambda raw: ("", "a@x.example", "odd"))
        mail = receive(b"From: a@x.example\r\nSubject: odd\r\n\r\nwords", "imap", now)
    assert (mail.verdict, mail.reason, mail.sender, heard) == (Verdict.UNCLEAR, "broken", "a@x.example", [])


@pytest.mark.line("H11")
@pytest.mark.parametrize("header", ["From", "To", "Delivered-To", "Subject", "References", "In-Reply-To", "Content-Type"])
@pytest.mark.parametrize("hostile", ["((", "<a", "a@b,", "=?utf-8?q?a?= ", '"', "=?", "<<"])
def test_h11_hostile_headers_are_read_in_bounded_time(header, hostile):
    before = time.process_time()
    opened = open_mail(f"{header}: {hostile * 60_000}\r\n\r\nwords".encode())
    assert opened.body in ("words", "") and time.process_time() - before < 2


@pytest.mark.line("P2")
def test_p2_a_read_receipt_is_no_delivery_report_and_bothers_nobody(session, heard, now):
    raw = (
        b'From: a@x.example\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nRead.\r\n--b--\r\n"
    )
    assert (receive(raw, "imap", now).reason, heard) == ("automatic", [])


def test_eight_processes_with_the_same_mail_store_one(live, now):
    raw, found = reply_mail(calendar="x", method="REQUEST", headers=[("Auto-Submitted", "auto-replied")]), []

    def take():
        with live.app_context():
            found.append(receive(raw, "imap", now).id)
            db.session.commit()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1 and count() == 1


def test_the_command_reads_a_mail_from_standard_input(app, heard):
    raw = reply_mail(calendar="x", method="REQUEST", headers=[("Auto-Submitted", "auto-replied")])
    result = app.test_cli_runner().invoke(args=["mail", "receive"], input=raw)
    assert (result.exit_code, result.output) == (0, "ignored: automatic\n")
    empty = app.test_cli_runner().invoke(args=["mail", "receive"], input=b"")
    assert empty.exit_code == 1 and "no mail" in empty.output


def test_the_command_works_as_a_process(committed_app, settings):
    import os

    env = {**os.environ, "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "PATHWAYS_ENV": "test"}
    raw = reply_mail(calendar="x", method="REQUEST", headers=[("Auto-Submitted", "auto-replied")])
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "mail", "receive"], input=raw, env=env, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, b"ignored: automatic\n"), done.stderr
    with committed_app.app_context():
        assert count() == 1
        db.session.remove()
