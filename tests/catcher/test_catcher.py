"""The mail catcher: what comes over SMTP is kept, shown without harm, and answered as a mail program answers."""

import os
import re
import smtplib
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from icalendar import Calendar

from catcher.box import PAGE, Box
from catcher.pages import create_app

CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:session-1@pathways.example
SEQUENCE:3
DTSTAMP:20261123T090000Z
DTSTART:20261201T130000Z
DTEND:20261201T143000Z
SUMMARY:Échange sur les visas
ORGANIZER;CN=Secretariat:mailto:sessions@pathways.example
ATTENDEE;CN=Other;PARTSTAT=ACCEPTED:mailto:other@gov.example
ATTENDEE;CN=Amara Diallo;ROLE=REQ-PARTICIPANT;RSVP=TRUE;PARTSTAT=NEEDS-ACTION:mailto:Amara@gov.example
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def box(tmp_path):
    (tmp_path / "mail").mkdir()
    return Box(tmp_path / "mail")


@pytest.fixture
def send(box):
    """Send a mail over SMTP to the catcher and answer its name in the box."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(box, "127.0.0.1", port, enable_SMTPUTF8=True, data_size_limit=1_000_000)
    server.start()

    def sent(message, to="amara@gov.example"):
        with smtplib.SMTP("127.0.0.1", port) as client:
            raw = message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)
            client.sendmail("bounces+1@pathways.example", [to], raw)
        return box.names()[0]

    sent.port = port
    yield sent
    server.stop()


@pytest.fixture
def received(tmp_path):
    return tmp_path / "received.eml"


@pytest.fixture
def pages(box, received, tmp_path):
    """A browser on the catcher's pages; the platform's command is one that keeps the mail it reads."""
    keep = f"import sys; open({str(received)!r}, 'wb').write(sys.stdin.buffer.read()); print('taken')"
    return create_app(box, [sys.executable, "-c", keep], tmp_path / "clock").test_client()


def invitation(subject="Invitation", html="<p>Bonjour</p>", calendar=CALENDAR):
    message = EmailMessage()
    message["From"] = "Secretariat <sessions@pathways.example>"
    message["To"] = "Amara Diallo <amara@gov.example>"
    message["Subject"] = subject
    message["Message-ID"] = "<1@pathways.example>"
    message.set_content("Bonjour & bienvenue")
    message.add_alternative(html, subtype="html")
    if calendar:
        message.add_alternative(calendar, subtype="calendar", params={"method": "REQUEST"})
    return message


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def test_a_mail_is_kept_whole_with_its_envelope_and_shown(send, pages, box):
    name = send(invitation("Échange 会议"))
    kept = box.source(name)
    assert kept.startswith(b"Return-Path: <bounces+1@pathways.example>\r\nDelivered-To: amara@gov.example\r\nFrom: Secretariat")
    assert [path.suffix for path in box.folder.iterdir()] == [".eml"]
    listing, page = pages.get("/"), pages.get(f"/mails/{name}")
    assert (listing.status_code, page.status_code) == (200, 200)
    assert f'<a href="/mails/{name}">Échange 会议</a>' in listing.text
    for shown in ("Échange 会议", "Bonjour &amp; bienvenue", "session-1@pathways.example", "20261201T130000Z", "amara@gov.example"):
        assert shown in page.text
    assert re.findall(r'name="choice" value="\w+">(\w+)</button>', page.text) == ["Accept", "Maybe", "Decline"]
    assert pages.get(f"/mails/{name}/source").data == kept


def test_commands_may_come_together(send, box):
    with socket.create_connection(("127.0.0.1", send.port), 5) as line:
        lines = line.makefile("rb")
        line.sendall(b"EHLO x.example\r\n" + b"".join(
            b"MAIL FROM:<a@x.example>\r\nRCPT TO:<%b@gov.example>\r\nDATA\r\nSubject: s\r\n\r\nwords\r\n.\r\n" % to for to in (b"one", b"two")
        ) + b"QUIT\r\n")  # fmt: skip
        told = lines.read().decode()
    assert "250-PIPELINING\r\n" in told
    assert re.findall(r"^(\d{3}) ", told, re.M) == ["220", "250", *["250", "250", "354", "250"] * 2, "221"]
    assert [b"one@" in box.source(name) for name in sorted(box.names())] == [True, False]


def test_another_time_and_another_person_are_proposed_as_mail_programs_do(send, pages, received):
    name = send(invitation())
    token = token_of(pages.get(f"/mails/{name}"))
    for data, status in (
        ({"choice": "OTHER_TIME", "start": "tomorrow"}, 400), ({"choice": "DELEGATED", "delegate": "nobody"}, 400),
        ({"choice": "OTHER_TIME", "start": "2026-12-02T15:30"}, 200),
    ):  # fmt: skip
        assert pages.post(f"/mails/{name}/answer", data={"token": token, **data}).status_code == status
    event = Calendar.from_ical(message_from_bytes(received.read_bytes(), policy=policy.default).get_payload()[1].get_content())
    assert event["METHOD"] == "COUNTER"
    [proposed] = event.walk("VEVENT")
    assert proposed["DTSTART"].dt == datetime(2026, 12, 2, 15, 30, tzinfo=UTC)
    assert (proposed["DTEND"].dt - proposed["DTSTART"].dt).total_seconds() == 5400
    assert (
        pages.post(
            f"/mails/{name}/answer", data={"token": token, "choice": "DELEGATED", "delegate": "nora@gov.example"}
        ).status_code
        == 200
    )
    mail = message_from_bytes(received.read_bytes(), policy=policy.default)
    [event] = Calendar.from_ical(mail.get_payload()[1].get_content()).walk("VEVENT")
    assert event["ATTENDEE"].params["PARTSTAT"] == "DELEGATED" and "nora@gov.example" in str(
        event["ATTENDEE"].params["DELEGATED-TO"]
    )


@pytest.mark.parametrize(("choice", "word"), [("ACCEPTED", "Accepted"), ("TENTATIVE", "Tentative"), ("DECLINED", "Declined")])
def test_an_answer_is_the_reply_a_mail_program_sends(send, pages, received, choice, word):
    name = send(invitation())
    before = datetime.now(UTC).replace(microsecond=0)
    answered = pages.post(f"/mails/{name}/answer", data={"token": token_of(pages.get(f"/mails/{name}")), "choice": choice})
    assert (answered.status_code, "taken" in answered.text) == (200, True)
    mail = message_from_bytes(received.read_bytes(), policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == ("Amara@gov.example", "sessions@pathways.example", f"{word}: Invitation")
    assert mail["In-Reply-To"] == "<1@pathways.example>"
    plain, part = mail.iter_parts()
    assert (plain.get_content_type(), part.get_content_type(), part.get_param("method")) == ("text/plain", "text/calendar", "REPLY")
    calendar = Calendar.from_ical(part.get_content())
    [event] = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["UID"], event["SEQUENCE"]) == ("REPLY", "session-1@pathways.example", 3)
    assert (str(event["ATTENDEE"]), dict(event["ATTENDEE"].params)) == (
        "mailto:Amara@gov.example", {"CN": "Amara Diallo", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": choice},
    )  # fmt: skip
    assert str(event["ORGANIZER"]) == "mailto:sessions@pathways.example"
    assert before <= event["DTSTAMP"].dt <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("verdict", "meaning"),
    [
        ("applied", "The answer is recorded."),
        ("unclear: sender_differs", "under Answers not understood."),
        ("ignored", "It changes nothing:"),
    ],
)
def test_what_the_platform_says_of_an_answer_is_told_in_a_sentence(send, box, verdict, meaning):
    pages = create_app(box, [sys.executable, "-c", f"print({verdict!r})"]).test_client()
    name = send(invitation())
    answered = pages.post(f"/mails/{name}/answer", data={"token": token_of(pages.get(f"/mails/{name}")), "choice": "ACCEPTED"})
    assert (answered.status_code, meaning in answered.text, f"<pre>{verdict}" in answered.text) == (200, True, True)


def test_an_answer_is_dated_by_the_demos_clock(send, pages, received, tmp_path):
    (tmp_path / "clock").write_text(str(7 * 86400))
    name = send(invitation())
    pages.post(f"/mails/{name}/answer", data={"token": token_of(pages.get(f"/mails/{name}")), "choice": "ACCEPTED"})
    part = message_from_bytes(received.read_bytes(), policy=policy.default).get_payload(1)
    [event] = Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert 6.9 < (event["DTSTAMP"].dt - datetime.now(UTC)).total_seconds() / 86400 < 7.1


def test_words_are_a_plain_reply(send, pages, received):
    name = send(invitation(calendar=None))
    page = pages.get(f"/mails/{name}")
    assert "In the calendar" not in page.text
    pages.post(f"/mails/{name}/answer", data={"token": token_of(page), "words": "Je viendrai, نعم"})
    mail = message_from_bytes(received.read_bytes(), policy=policy.default)
    assert (mail["From"], mail["To"], mail["Subject"]) == ("amara@gov.example", "sessions@pathways.example", "Re: Invitation")
    assert (mail.get_content_type(), mail.get_content().strip()) == ("text/plain", "Je viendrai, نعم")


@pytest.mark.parametrize(
    ("data", "status"),
    [({"choice": "ACCEPTED"}, 403), ({"token": "guess", "choice": "ACCEPTED"}, 403), ({"choice": "DELEGATED"}, 400), ({}, 400)],
)
def test_a_post_without_the_pages_token_or_a_known_choice_sends_nothing(send, pages, received, data, status):
    name = send(invitation())
    token = {} if status == 403 else {"token": token_of(pages.get(f"/mails/{name}"))}
    assert pages.post(f"/mails/{name}/answer", data={**token, **data}).status_code == status
    assert not received.exists()


def test_a_mail_without_a_question_cannot_be_answered_in_the_calendar(send, pages, received):
    name = send(invitation(calendar=CALENDAR.replace("METHOD:REQUEST", "METHOD:CANCEL")))
    page = pages.get(f"/mails/{name}")
    assert ("CANCEL" in page.text, ">Accept</button>" in page.text) == (True, False)
    assert pages.post(f"/mails/{name}/answer", data={"token": token_of(page), "choice": "ACCEPTED"}).status_code == 400
    assert not received.exists()


def test_hostile_html_stays_in_a_sandbox_without_scripts(send, pages):
    hostile = "<script>parent.evil()</script><img src=x onerror=evil()>"
    name = send(invitation("<script>evil()</script>", hostile))
    page, frame = pages.get(f"/mails/{name}"), pages.get(f"/mails/{name}/html")
    assert "<script" not in page.text + pages.get("/").text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    directives = [part.strip() for part in frame.headers["Content-Security-Policy"].split(";")]
    assert directives[:2] == ["sandbox allow-popups allow-popups-to-escape-sandbox", "default-src 'none'"]
    assert not any(part.startswith("script-src") for part in directives)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert frame.text.startswith('<!doctype html><base target="_blank">')


def test_another_host_name_is_refused(send, pages):
    name = send(invitation())
    for path in ("/", f"/mails/{name}", f"/mails/{name}/html"):
        assert pages.get(path, headers={"Host": "evil.example"}).status_code == 400
        assert pages.get(path, headers={"Host": "localhost:8026"}).status_code == 200


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "../secrets", "nothing", "a" * 300, "%00"])
def test_a_name_that_is_no_mail_is_not_found(pages, name, box):
    (box.folder.parent / "secrets.eml").write_text("private")
    for path in (f"/mails/{name}", f"/mails/{name}/source", f"/mails/{name}/html"):
        found = pages.get(path)
        assert (found.status_code, "private" in found.text) == (404, False)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe broken",
        b"Subject: =?utf-8?B?//8=?=\r\nFrom: <<<@@,;:\r\nTo: \xff\xff\r\n\r\nbody",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Content-Type: text/plain; charset=no-such\r\n\r\n\xe9t\xe9",
        b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:nonsense\r\n",
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n",
        b"From: a@b\r\nReply-To: group:;\r\nSubject: x\r\n y\r\n z\r\n\r\nbody",
        b"Message-ID: <[>]\r\nContent-Disposition: attachment; filename*=utf-9''%ZZ\r\n\r\nx",
    ],
)
def test_no_mail_keeps_the_pages_from_showing_the_others(send, pages, raw):
    good, odd = send(invitation("The good one")), send(raw)
    listing = pages.get("/")
    assert (listing.status_code, "The good one" in listing.text) == (200, True)
    for path in (f"/mails/{odd}", f"/mails/{odd}/html", f"/mails/{odd}/source", f"/mails/{good}"):
        assert pages.get(path).status_code == 200
    token = token_of(pages.get(f"/mails/{odd}"))
    assert pages.post(f"/mails/{odd}/answer", data={"token": token, "words": "hello"}).status_code in (200, 400)
    assert pages.post(f"/mails/{odd}/answer", data={"token": token, "choice": "ACCEPTED"}).status_code in (200, 400)


def test_a_page_of_ten_thousand_mails_opens_fifty_and_leads_to_the_older(box, pages):
    raw = invitation().as_bytes()
    for number in range(10_000):
        (box.folder / f"{number:020}-x.eml").write_bytes(raw)
    started = time.process_time()
    newest = pages.get("/")
    assert time.process_time() - started < 1
    names = re.findall(r'href="/mails/(\d+)-x"', newest.text)
    assert (len(names), names[0], names[-1]) == (PAGE, f"{9999:020}", f"{9950:020}")
    older = pages.get(re.search(r'href="(/\?before=[^"]+)"', newest.text)[1])
    assert re.findall(r'href="/mails/(\d+)-x"', older.text)[0] == f"{9949:020}"


def test_a_mail_that_cannot_be_kept_is_put_off_not_lost(box, send):
    (box.folder).rename(box.folder.with_name("moved"))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(invitation())
    assert refused.value.smtp_code == 452
    box.folder.mkdir()


def test_it_does_not_run_in_production(tmp_path):
    env = {**os.environ, "PATHWAYS_ENV": "production", "VAR_DIR": str(tmp_path), "MAIL_PORT": "1", "MAIL_WEB_PORT": "2"}
    done = subprocess.run([sys.executable, "-m", "catcher"], env=env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr, done.stdout) == (
        1, "pathways: the mail catcher does not run in production; set SMTP_URL to your mail server\n", "",
    )  # fmt: skip
