"""The tools of ``make chaos``: what they do on purpose, what they count, and what they would notice."""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from bench.chaos import relay
from bench.chaos.client import Unexpected, form_with, forms
from bench.chaos.due import SEATED, SILENT, Guest, Ledger, Meeting, instant
from bench.house import CHECKOUT, free_port, wait_for

START = datetime(2027, 3, 11, 14, tzinfo=UTC)
DAY = 24 * 60


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port, control, log = free_port(), free_port(), tmp_path_factory.mktemp("relay") / "copies.jsonl"
    line = [sys.executable, "-m", "bench.chaos.relay", str(port), str(control), str(log)]
    process = subprocess.Popen(line, cwd=CHECKOUT)
    wait_for(control, process)
    yield port, control, log
    process.kill()
    process.wait()


def said(port, to):
    """What the relay answers to one mail: ``None`` when the line broke."""
    mail = f"Message-ID: <{to}@x.example>\r\nSubject: s\r\n\r\nwords\r\n"
    smtp = smtplib.SMTP("127.0.0.1", port, timeout=5)
    try:
        smtp.sendmail("a@x.example", [f"{to}@x.example"], mail)
    except smtplib.SMTPRecipientsRefused as refused:
        return refused.recipients[f"{to}@x.example"][0]
    except smtplib.SMTPServerDisconnected:
        return None
    finally:
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    return 250


def test_the_relay_puts_off_refuses_hangs_up_and_writes_every_copy_down(server, monkeypatch):
    port, control, log = server
    assert [said(port, to) for to in ("one", "gone1", "grey1")] == [250, 550, 450]
    relay.ways(control, cut=1)
    assert [said(port, to) for to in ("two", "three")] == [None, None]
    counts = relay.ways(control, cut=0)
    assert (counts["cuts"], counts["refusals"], list(counts["put_off"])) == (2, 1, ["grey1@x.example"])
    assert [(c["to"], c["id"], c["replied"]) for c in relay.told(log)] == [
        ("one@x.example", "one@x.example", True), ("two@x.example", "two@x.example", False),
    ], "every other one that was cut off was taken"  # fmt: skip


def test_the_relay_can_say_nothing_before_its_greeting_and_after_the_mail(server):
    port, control, log = server
    before = len(relay.told(log))
    relay.ways(control, greets=False)
    with socket.create_connection(("127.0.0.1", port), 2) as line:
        line.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.recv(10)
    relay.ways(control, greets=True, replies=False, takes=False)
    with socket.create_connection(("127.0.0.1", port), 2) as line:
        line.settimeout(0.2)
        line.sendall(b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nX: y\r\n\r\n.\r\n")
        told = b""
        with pytest.raises(TimeoutError):
            while True:
                told += line.recv(4096)
        assert told.endswith(b"354 go on\r\n")
    relay.ways(control, replies=True, takes=True)
    assert len(relay.told(log)) == before


PAGE = """<form method="get"><input name="q"></form>
<form method="post" action="/x?a=1"><input type="hidden" name="csrf_token" value="t"><input name="title" value="A &amp; B">
<select name="zone"><option value="a">a</option><option value="b" selected>b</option></select>
<textarea name="text">
line</textarea><input type="radio" name="tell" value="everyone" required><input type="radio" name="tell" value="nobody">
<input type="checkbox" name="seen" value="1" required><input type="checkbox" name="on" checked><button name="press" value="now">Go</button>
</form>"""


def test_a_form_is_found_by_its_fields_and_filled_as_it_stands():
    form = form_with(PAGE, "tell", "title")
    assert len(forms(PAGE)) == 1 and form.action == "/x?a=1"
    assert form.with_values({"tell": "everyone", "zone": ["a", "b"]}) == [
        ("csrf_token", "t"), ("title", "A & B"), ("text", "line"), ("on", "on"), ("tell", "everyone"), ("zone", "a"), ("zone", "b"),
    ]  # fmt: skip
    assert (form.needed, form.buttons) == ([("seen", "1")], [("press", "now")])
    with pytest.raises(Unexpected, match="no form with other"):
        form_with(PAGE, "other")


def ledger(*, moved=None, cancelled=None, **guest):
    told = {"invited_at": START - timedelta(days=40), **guest}
    meeting = Meeting("s", "UTC", [(START, START - timedelta(days=40))], cancelled, [Guest("a@x.example", "UTC", **told)])
    if moved:
        meeting.times.append(moved)
    return Ledger([meeting])


def test_what_is_due_is_said_once_to_those_it_is_for():
    seated = ledger(answered=True, seat_since=START - timedelta(days=3))
    assert seated.look(START - timedelta(days=7)) == set(), "the seat was taken later"
    assert seated.look(START - timedelta(days=1, seconds=1)) == set()
    assert seated.next_moment(START - timedelta(days=2)) == START - timedelta(days=1)
    assert seated.look(START - timedelta(days=1)) == {("s", "a@x.example", SEATED, DAY, 1)}
    assert seated.look(START - timedelta(days=1)) == set()
    assert seated.look(START - timedelta(minutes=60)) == {("s", "a@x.example", SEATED, 60, 1)}
    assert ledger().look(START - timedelta(days=5)) == {("s", "a@x.example", SILENT, 5 * DAY, 1)}


def test_nothing_is_due_too_late_after_the_start_or_of_what_is_gone():
    seat = {"answered": True, "seat_since": START - timedelta(days=30)}
    assert ledger(**seat).look(START - timedelta(minutes=30)) == set(), "half of the hour is over"
    assert ledger(**seat).look(START) == set()
    assert ledger(cancelled=START - timedelta(days=2), **seat).look(START - timedelta(days=1)) == set()
    later = (START + timedelta(days=2), START - timedelta(days=1, hours=3))
    assert ledger(moved=later, **seat).look(START - timedelta(days=1)) == set(), "of the former time"
    assert ledger(moved=later, **seat).look(later[0] - timedelta(days=1)) == {("s", "a@x.example", SEATED, DAY, 2)}


def test_a_wall_time_is_read_in_its_zone():
    assert instant(datetime(2027, 1, 1, 10), "Asia/Kathmandu") == datetime(2027, 1, 1, 4, 15, tzinfo=UTC)
