"""An address of somebody else's: what is never asked (SSRF), what is kept of what is, and what its owner reads when it fails."""

from __future__ import annotations

import http.server
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.calendars import process
from app.calendars.addresses import Refused, checked, is_public
from app.calendars.feed_program import read
from app.calendars.fetching import Net, fetch
from app.calendars.intervals import busy
from app.calendars.models import BusyFeed, BusyTime
from app.calendars.rules import times
from app.calendars.words import TROUBLES
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.extensions import db
from tests.conftest import NOW
from tests.factories.accounts import make_person

ICS = b"""BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r
BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261101T000000Z\r\nSUMMARY:Secret talks with Borania\r\nDTSTART:20261201T080000Z\r\nDTEND:20261201T090000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE:20261208T080000Z\r\nEND:VEVENT\r
BEGIN:VEVENT\r\nUID:2\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261201T083000Z\r\nDTEND:20261201T100000Z\r\nEND:VEVENT\r
BEGIN:VEVENT\r\nUID:3\r\nDTSTAMP:20261101T000000Z\r\nTRANSP:TRANSPARENT\r\nDTSTART:20261203T080000Z\r\nDTEND:20261203T090000Z\r\nEND:VEVENT\r
BEGIN:VEVENT\r\nUID:4\r\nDTSTAMP:20261101T000000Z\r\nDTSTART;VALUE=DATE:20261210\r\nDTEND;VALUE=DATE:20261211\r\nEND:VEVENT\r
BEGIN:VFREEBUSY\r\nUID:5\r\nDTSTAMP:20261101T000000Z\r\nFREEBUSY;FBTYPE=BUSY:20261220T080000Z/PT1H,20261221T080000Z/20261221T093000Z\r\nFREEBUSY;FBTYPE=FREE:20261222T080000Z/PT1H\r\nEND:VFREEBUSY\r
END:VCALENDAR\r\n"""
SPANS = [
    ("2026-12-01T08:00", "2026-12-01T10:00"), ("2026-12-09T21:00", "2026-12-10T21:00"), ("2026-12-15T08:00", "2026-12-15T09:00"),
    ("2026-12-20T08:00", "2026-12-20T09:00"), ("2026-12-21T08:00", "2026-12-21T09:30"),
]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SINCE, UNTIL = at("2026-11-23T00:00"), at("2027-11-23T00:00")


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("http://calendar.example/a.ics", "scheme"), ("file:///etc/passwd", "scheme"), ("gopher://calendar.example/", "scheme"),
        ("javascript:alert(1)", "scheme"), ("https://", "address"), ("https://user:pass@calendar.example/", "address"),
        ("https://calendar.example\\@127.0.0.1/", "address"), ("https://calendar.example/a b", "address"), ("https://calendar.example/\r\nX: y", "address"),
        ("https://calendar.example:6379/", "port"), ("https://calendar.example:99999/", "address"),
        ("https://127.0.0.1/", "private"), ("https://[::1]/", "private"), ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://2130706433/", "private"), ("https://0x7f000001/", "private"), ("https://0177.0.0.1/", "private"), ("https://127.1/", "private"),
        ("https://[::ffff:127.0.0.1]/", "private"), ("https://[64:ff9b::7f00:1]/", "private"), ("https://[2002:7f00:1::]/", "private"), ("https://10.0.0.8/", "private"),
        ("https://[fe80::1%25eth0]/", "private"), ("https://0.0.0.0/", "private"), ("https://100.64.0.1/", "private"), ("https://localhost/", "private"),
        ("https://redis/", "private"), ("https://[fd00::1]/", "private"), ("https://224.0.0.1/", "private"),
    ],
)
def test_what_is_never_asked(address, word):
    with pytest.raises(Refused) as refused:
        checked(address)
    assert refused.value.word == word and word in TROUBLES


def test_public_places_are_asked():
    assert checked("webcal://calendar.example/a.ics").hostname == "calendar.example" and checked("https://93.184.216.34/x").hostname
    assert is_public("93.184.216.34") and is_public("2606:2800:220:1::1") and not is_public("nonsense")


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A key and a certificate for calendar.example, and who trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=calendar.example",
         "-addext", "subjectAltName=DNS:calendar.example,DNS:other.example", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )
    return key, certificate


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path, and remembers what it was asked."""

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        if self.headers.get("If-None-Match") == headers.get("ETag", "-"):
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def served(tls):
    """A server on loopback that a reader takes for calendar.example, and what it was asked."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls[1], tls[0])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *_about: None  # a reader that does not trust the certificate hangs up
    server.asked, server.pages = [], {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server.port = server.server_address[1]
    server.net = Net(
        resolve=lambda host, port: ["127.0.0.1"], is_public=lambda one: one == "127.0.0.1", ports=frozenset({443, server.port}),
        context=ssl.create_default_context(cafile=str(tls[1])),
    )
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def refused(served, path="/a", net=None, host="calendar.example"):
    with pytest.raises(Refused) as found:
        fetch(f"https://{host}:{served.port}{path}", net=net or served.net)
    return found.value.word


def changed(net, **fields):
    return Net(**{**{f: getattr(net, f) for f in ("resolve", "is_public", "ports", "context", "seconds", "most_bytes")}, **fields})


def test_a_calendar_is_read_with_its_etag_and_not_again_while_it_is_the_same(served):
    served.pages["/a"] = (200, {"ETag": '"7"'}, ICS)
    found = fetch(f"https://calendar.example:{served.port}/a", net=served.net)
    assert (found.body, found.etag) == (ICS, '"7"')
    assert fetch(f"webcal://calendar.example:{served.port}/a", etag='"7"', net=served.net).body is None
    assert len(served.asked) == 2 and "Cookie" not in served.asked[0][1]


def test_a_name_with_a_private_address_among_its_addresses_is_not_asked(served):
    net = changed(served.net, resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"], is_public=is_public)
    assert refused(served, net=net) == "private" and served.asked == []
    assert refused(served, net=changed(served.net, is_public=is_public)) == "private" and served.asked == []


def test_a_name_that_answers_otherwise_a_moment_later_leads_nowhere_else(served):
    """Rebinding: the name is asked once for each question, and the connection goes to the address that was checked."""
    served.pages["/a"] = (200, {}, ICS)
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    net = changed(served.net, resolve=lambda host, port: answers.pop(0))
    assert fetch(f"https://calendar.example:{served.port}/a", net=net).body == ICS
    assert answers == [["10.0.0.1"]]


@pytest.mark.parametrize("leads", ["https://169.254.169.254/", "http://calendar.example/", "https://[::1]/", "file:///etc/passwd", "https://inside.example/"])
def test_a_redirect_is_checked_like_the_first_address(served, leads):
    served.pages["/a"] = (302, {"Location": leads}, b"")
    net = changed(served.net, resolve=lambda host, port: ["10.0.0.9"] if host == "inside.example" else ["127.0.0.1"])
    assert refused(served, net=net) in ("private", "scheme") and len(served.asked) == 1


def test_redirects_to_public_places_are_followed_and_come_to_an_end(served):
    served.pages |= {"/a": (301, {"Location": "/b"}, b""), "/b": (200, {}, ICS), "/c": (302, {"Location": "/c"}, b"")}
    assert fetch(f"https://calendar.example:{served.port}/a", net=served.net).body == ICS
    assert refused(served, "/c") == "redirects"


def test_what_a_server_can_do_wrong_has_a_word(served):
    served.pages |= {
        "/large": (200, {}, b"x" * 5000), "/said": (200, {"Content-Length": "999999999"}, b""), "/closed": (401, {}, b""), "/gone": (410, {}, b""),
        "/broken": (500, {}, b""), "/packed": (200, {"Content-Encoding": "gzip"}, b"x"), "/nowhere": (302, {}, b""),
    }
    small = changed(served.net, most_bytes=1000)
    words = {p: refused(served, p, small) for p in ("/large", "/said", "/closed", "/gone", "/broken", "/packed", "/nowhere", "/lost")}
    assert words == {
        "/large": "large", "/said": "large", "/closed": "closed", "/gone": "gone", "/broken": "answer", "/packed": "answer", "/nowhere": "answer", "/lost": "gone",
    }
    assert refused(served, "/large", changed(served.net, seconds=-1)) == "slow"
    assert refused(served, host="another.example") == "tls"  # the certificate is not this name's
    assert refused(served, net=changed(served.net, context=ssl.create_default_context())) == "tls"

    def unknown(host, port):
        raise socket.gaierror

    assert refused(served, net=changed(served.net, resolve=unknown)) == "unknown"


def test_only_when_one_is_busy_is_kept_and_on_the_owners_clocks(served):
    spans = busy(ICS, zone="Africa/Nairobi", since=SINCE, until=UNTIL)
    assert [(a, b) for a, b in spans] == [(at(a), at(b)) for a, b in SPANS]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"<html>Sign in</html>", "file"), (b"", "file"), (b"BEGIN:VCALENDAR\r\nnonsense", "file"),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 5001 + b"END:VCALENDAR\r\n", "many"),
        (ICS.replace(b"FREQ=WEEKLY;COUNT=3", b"FREQ=SECONDLY"), "many"),
        (ICS.replace(b"FREQ=WEEKLY;COUNT=3", b"FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=" + b",".join(b"%d" % n for n in range(60))), "many"),
    ],
)
def test_files_that_are_none_and_floods_are_refused(body, word):
    with pytest.raises(Refused) as found:
        busy(body, zone="UTC", since=SINCE, until=UNTIL)
    assert found.value.word == word


def test_the_program_answers_with_spans_or_a_word_and_never_with_a_title(served):
    served.pages["/a"] = (200, {"ETag": '"7"'}, ICS)
    told = {"address": f"https://calendar.example:{served.port}/a", "etag": "", "modified": "", "zone": "Africa/Nairobi", "since": SINCE.isoformat(), "until": UNTIL.isoformat()}
    found = read(told, served.net)
    assert set(found) == {"spans", "etag", "modified"} and len(found["spans"]) == 5 and "Secret" not in str(found)
    assert process.read_feed({**told, "address": "https://127.0.0.1/a"}) == {"trouble": "private"}  # the real program, in a process of its own


@pytest.fixture
def switched_on(app):
    object.__setattr__(settings_of(app), "busy_feeds", True)
    yield
    object.__setattr__(settings_of(app), "busy_feeds", False)


def settings_of(app):
    return app.config["SETTINGS"]


def test_addresses_are_off_until_somebody_switches_them_on(within):
    with within():
        ada = make_person("Morrow")
        assert not settings().busy_feeds
        with pytest.raises(RuleBroken) as said:
            times.set_feed(times.Owner.of(ada), "https://calendar.example/a.ics", by=ada, now=NOW)
        assert said.value.field == "address" and db.session.scalar(select(BusyFeed)) is None
        db.session.add(BusyFeed(person_id=ada.id, address="https://calendar.example/a.ics", due_at=NOW, created_at=NOW, updated_at=NOW))
        db.session.flush()
        assert times.due(NOW) == []


def test_a_feed_is_read_when_due_its_trouble_is_kept_and_what_was_read_stays(within, switched_on):
    with within():
        ada = make_person("Morrow", zone="Africa/Nairobi")
        owner = times.Owner.of(ada)
        with pytest.raises(RuleBroken) as said:
            times.set_feed(owner, "https://192.168.0.1/a", by=ada, now=NOW)
        assert said.value.message == TROUBLES["private"]
        feed = times.set_feed(owner, "https://calendar.example/a.ics", by=ada, now=NOW)
        assert times.due(NOW) == [feed.id]
        told = times.question(feed.id, now=NOW)
        assert (told["zone"], told["etag"]) == ("Africa/Nairobi", "") and times.question(feed.id, now=NOW) is None  # put off: nobody asks twice
        times.settle(feed.id, told["address"], {"spans": [["2026-12-01T08:00:00+00:00", "2026-12-01T10:00:00+00:00"]], "etag": '"7"', "modified": ""}, now=NOW)
        later = NOW + timedelta(hours=1)
        assert times.due(NOW) == [] and times.due(later) == [feed.id]
        assert times.question(feed.id, now=later)["etag"] == '"7"'
        times.settle(feed.id, told["address"], {"trouble": "tls"}, now=later)
        spans = db.session.scalars(select(BusyTime)).all()
        assert (feed.trouble, feed.tries, len(spans), spans[0].person_id) == ("tls", 1, 1, ada.id)
        assert times.due(later + timedelta(minutes=20)) == [] and times.due(later + timedelta(minutes=31)) == [feed.id]
        times.settle(feed.id, "https://elsewhere.example/", {"spans": [], "etag": "", "modified": ""}, now=later)  # replaced meanwhile
        assert len(db.session.scalars(select(BusyTime)).all()) == 1
        times.remove(feed, owner, by=ada, now=later)
        assert db.session.scalars(select(BusyTime)).all() == []
