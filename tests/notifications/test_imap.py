"""The organizer mailbox on a real Dovecot: unseen mail is stored once and marked, and no fault stops the rest."""

import os
import shutil
import socket
import time
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.core import events
from app.extensions import db
from app.notifications import imap
from app.notifications.events import ReplyReceived
from app.notifications.imap import FAILED, Polled, poll
from app.notifications.models import InboundMail
from tests.notifications import dovecot
from tests.notifications.replying import reply_mail

reason = dovecot.missing()
pytestmark = pytest.mark.skipif(bool(reason) and not os.environ.get("DOVECOT_REQUIRED"), reason=f"no mailbox to poll: {reason}")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return Path(tmp_path_factory.mktemp("dovecot"))


@pytest.fixture(scope="module")
def place(base):
    with dovecot.running(base) as url:
        yield url


@pytest.fixture
def box(place):
    """A client of the same mailbox, emptied first."""
    port = int(place.rsplit(":", 1)[1].split("/")[0])
    client = IMAPClient("127.0.0.1", port, ssl=False)
    client.login("box", "secret")
    client.select_folder("INBOX")
    if found := client.search():
        client.delete_messages(found)
        client.expunge()
    yield client
    client.logout()


@pytest.fixture
def heard(monkeypatch):
    told = []
    monkeypatch.setitem(events._listeners, ReplyReceived, [told.append])
    return told


def stored():
    db.session.rollback()
    return sorted(mail.subject for mail in db.session.scalars(select(InboundMail)))


def put(box, subject, **more):
    raw = reply_mail(**more).replace(b"Subject: Accepted: session", b"Subject: " + subject.encode())
    raw = raw.replace(b"<reply-1@", f"<{subject}@".encode())
    box.append("INBOX", raw)


def flags(box):
    box.noop()
    box.select_folder("INBOX")
    return [set(found[b"FLAGS"]) - {b"\\Recent"} for _, found in sorted(box.fetch(box.search(), ["FLAGS"]).items())]


def test_unseen_mail_is_stored_announced_and_marked_and_not_again(live, place, box, heard):
    put(box, "one")
    put(box, "two", text="à bientôt")
    assert poll(place) == Polled(stored=2)
    assert stored() == ["one", "two"] and len(heard) == 2
    assert flags(box) == [{b"\\Seen"}, {b"\\Seen"}]
    assert poll(place) == Polled(stored=0)
    assert len(heard) == 2


def test_a_mail_that_cannot_be_stored_stops_nothing_and_stays_for_a_person(live, place, box, heard, monkeypatch):
    receive = imap.receive

    def break_on_two(raw, source, now):
        if b"Subject: two" in raw:
            raise RuntimeError("poisonous")
        return receive(raw, source, now)

    monkeypatch.setattr(imap, "receive", break_on_two)
    for subject in ("one", "two", "three"):
        put(box, subject)
    assert poll(place) == Polled(stored=2, failed=1)
    assert stored() == ["one", "three"]
    assert flags(box) == [{b"\\Seen"}, {FAILED}, {b"\\Seen"}]
    assert poll(place) == Polled()


def test_a_line_that_is_lost_loses_nothing(live, place, box, heard, monkeypatch):
    for subject in ("one", "two", "three"):
        put(box, subject)
    fetch, calls = imap._fetch, []

    def lost_at_two(client, uid):
        calls.append(uid)
        if len(calls) == 2:
            client.socket().shutdown(socket.SHUT_RDWR)
        return fetch(client, uid)

    monkeypatch.setattr(imap, "_fetch", lost_at_two)
    first = poll(place)
    assert (first.stored, first.reached) == (1, False)
    monkeypatch.setattr(imap, "_fetch", fetch)
    assert poll(place) == Polled(stored=2)
    assert stored() == ["one", "three", "two"] and len(heard) == 3


def test_killed_between_store_and_mark_it_is_not_judged_twice(live, place, box, heard, monkeypatch):
    put(box, "one")

    def killed(*args, **kwargs):
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(IMAPClient, "add_flags", killed)
        assert poll(place) == Polled(stored=0, reached=False)
    assert poll(place).stored == 1
    assert stored() == ["one"] and len(heard) == 1
    assert flags(box) == [{b"\\Seen"}]


def test_a_batch_is_bounded_and_old_mail_does_not_keep_the_new_waiting(live, place, box, heard, monkeypatch):
    monkeypatch.setattr(imap, "BATCH", 2)
    for subject in ("one", "two", "three"):
        put(box, subject)
    assert poll(place).stored == 2
    assert stored() == ["three", "two"]  # the newest, and "one" in its turn
    assert [poll(place).stored for _ in range(2)] == [1, 0]


def test_a_poll_ends_after_its_time_and_the_next_one_goes_on(live, place, box, heard, monkeypatch):
    monkeypatch.setattr(imap, "LONGEST", 0.0)
    for subject in ("one", "two"):
        put(box, subject)
    assert [poll(place).stored for _ in range(3)] == [1, 1, 0]


def test_when_the_database_is_away_the_mail_stays_as_new_as_it_was(live, place, box, heard, monkeypatch):
    put(box, "one")
    with monkeypatch.context() as patch:

        def away(raw, source, now):
            raise OperationalError("SELECT", {}, Exception("the server went away"))

        patch.setattr(imap, "receive", away)
        assert poll(place) == Polled()
    assert flags(box) == [set()]
    assert poll(place) == Polled(stored=1)


def test_a_mailbox_that_is_away_or_refuses_is_said_and_raises_nothing(live, place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert poll(f"imap://box:secret@127.0.0.1:{taken.getsockname()[1]}/INBOX").reached is False
    assert poll(place.replace("secret", "wrong")).reached is False
    assert poll(place.replace("INBOX", "Nowhere")).reached is False


@pytest.mark.slow
def test_a_mailbox_of_ten_thousand_old_mails_keeps_no_new_one_waiting(live, place, box, base, heard, monkeypatch):
    new = base / "mail" / "box" / "new"
    old = new / "1.old.host"
    old.write_bytes(b"From: a@x.example\r\nSubject: old\r\nMessage-ID: <old@x.example>\r\n\r\nold\r\n")
    shutil.chown(old, "nobody")
    for number in range(2, 10_001):
        os.link(old, new / f"{number}.old.host")
    assert box.select_folder("INBOX")[b"EXISTS"] == 10_000
    put(box, "new")
    monkeypatch.setattr(imap, "BATCH", 5)
    before = time.process_time()
    assert poll(place) == Polled(stored=5)
    assert time.process_time() - before < 2
    assert stored() == ["new", "old"]  # ten thousand times the same bytes are one mail
    shutil.rmtree(base / "mail" / "box")
