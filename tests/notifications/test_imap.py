"""The organizer mailbox on a real Dovecot: unseen mail is stored once and marked, and no fault stops the rest."""

import os
import socket
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import select

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
def place(tmp_path_factory):
    base = Path(tmp_path_factory.mktemp("dovecot"))
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


def test_a_mail_that_breaks_a_room_stops_nothing_and_stays_for_a_person(live, place, box, monkeypatch):
    def break_on_two(event):
        if db.session.get(InboundMail, event.inbound_id).subject == "two":
            raise RuntimeError("poisonous")

    monkeypatch.setitem(events._listeners, ReplyReceived, [break_on_two])
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


def test_a_batch_is_bounded(live, place, box, heard, monkeypatch):
    monkeypatch.setattr(imap, "BATCH", 2)
    for subject in ("one", "two", "three"):
        put(box, subject)
    assert [poll(place).stored for _ in range(3)] == [2, 1, 0]


def test_a_mailbox_that_is_away_or_refuses_is_said_and_raises_nothing(live, place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert poll(f"imap://box:secret@127.0.0.1:{taken.getsockname()[1]}/INBOX").reached is False
    assert poll(place.replace("secret", "wrong")).reached is False
    assert poll(place.replace("INBOX", "Nowhere")).reached is False
