"""A name, an address and keys are planted wherever they could reach the log; no line of web or worker may hold them."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import re
import socket
import subprocess
import sys
import time

import pytest
from sqlalchemy import insert

import logs
from app import create_app
from app.accounts.models import Person
from app.extensions import celery, db
from app.notifications import inbound
from app.notifications.transport import SmtpTransport
from tests.accounts.conftest import send
from tests.accounts.entering import LINK, SIGN_IN
from tests.conftest import NOW
from tests.factories.accounts import make_person
from tests.factories.notifications import notice
from tests.journeys.platform import ROOT, free_port
from tests.notifications.conftest import post, rows, sending

PLANTED = ("Zebedee", "Quillfeather", "zq@ministry.example", "zq@", "ministry.example")
PERSON, ADDRESS = "Zebedee Quillfeather", "zq@ministry.example"  # names of these, or the lines of this code hold them
KEY = "AZKxjAharnGXiC4lVRVglgGSMYwIWnF9iBMuRVFWDpYabcdefgh12"


@pytest.fixture
def lines():
    """Every line of this process from here on, down to the smallest, as production writes them."""
    out, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Json())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    beside = [logging.getLogger(name) for name in ("mail", "asyncio")]  # the relay is of the tests
    for logger in beside:
        logger.setLevel(logging.WARNING)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    for logger in beside:
        logger.setLevel(logging.NOTSET)
    root.setLevel(level)
    root.removeHandler(handler)


def holds_nothing_of_anybody(found, *keys):
    told = json.dumps(found, ensure_ascii=False)
    held = [word for word in (*PLANTED, KEY, *keys) if word.lower() in told.lower()]
    assert not held, [line for line in found if held[0].lower() in json.dumps(line, ensure_ascii=False).lower()][:2]


def test_no_line_of_the_worker_holds_a_person_and_each_of_a_sender_names_its_row(live, relay, lines):
    relay.rcpt["zq@ministry.example"] = ["550 5.1.1 <zq@ministry.example>: Zebedee Quillfeather moved away"]
    relay.rcpt["late@ministry.example"] = ["451 4.7.1 Zebedee Quillfeather must wait"]
    post(
        notice(1, address="zq@ministry.example", recipient_name="Zebedee Quillfeather"),
        notice(2, address="late@ministry.example", recipient_name="Zebedee Quillfeather"),
        notice(3, facts={"links": {"page": f"javascript:Zebedee/{KEY}"}}),
        notice(4, kind="no-such-kind", recipient_name=PERSON),
        notice(5),
        now=NOW,
    )
    with sending(relay) as sender:
        sender.drain()
        sender.transport = SmtpTransport(f"smtp://zq%40ministry.example:{KEY}@127.0.0.1:1", "pathways.example")
        sender.drain()
    ids = {key: str(row.id) for key, row in rows().items()}
    found = lines()
    holds_nothing_of_anybody(found)
    handed = {line["message_id"]: line for line in found if line["event"] == "delivery"}
    results = {key: (handed[i]["result"], handed[i]["code"], handed[i]["level"]) for key, i in ids.items() if i in handed}
    assert results == {
        "notice:1": ("refused", 550, "warning"), "notice:2": ("postponed", 451, "warning"), "notice:5": ("sent", 250, "info"),
    }  # fmt: skip
    poisoned = [line for line in found if "cannot be rendered" in line["event"]]
    assert {line["message_id"] for line in poisoned} == {ids["notice:3"], ids["notice:4"]} and all("stack" in line for line in poisoned)


def test_no_line_of_the_mailbox_holds_what_came(live, lines, monkeypatch):
    def breaks(*_):
        raise ValueError(f"{PERSON} <{ADDRESS}> wrote this")

    monkeypatch.setattr(inbound, "read", breaks, raising=False)
    for name in ("letter", "judge"):
        monkeypatch.setattr(inbound, name, breaks, raising=False)
    raw = f"From: Zebedee Quillfeather <zq@ministry.example>\r\nSubject: {KEY}\r\n\r\nyes".encode()
    inbound.receive(raw, "imap", NOW)
    db.session.commit()
    logging.getLogger("celery.app.trace").error("Task %s raised: %s", "x", "ValueError('Zebedee zq@ministry.example')")
    holds_nothing_of_anybody(lines())


@pytest.fixture
def web(settings, committed_app):
    """The app as it runs, with error pages and a line for each request."""
    app = create_app(dataclasses.replace(settings, log_requests=True, proxy_hops=1))
    yield app
    with app.app_context():
        db.engine.dispose()
    celery.conf.update(broker_url=settings.celery_broker_url)


def test_no_line_of_the_web_holds_a_person_and_each_names_its_request_and_view(web, lines):
    browser = web.test_client()
    with web.app_context():
        make_person("Quillfeather", given_name="Zebedee", email="zq@ministry.example")
        db.session.commit()
        db.session.remove()
    assert send(browser, SIGN_IN, LINK, email="zq@ministry.example").status_code == 303
    assert browser.get(f"/en/sign-in/{KEY}").status_code == 404
    assert browser.get("/en/search-for?q=Zebedee+Quillfeather&from=zq@ministry.example").status_code == 404

    def twice():
        values = {"email": ADDRESS, "email_folded": ADDRESS, "family_name": PERSON, "given_name": PERSON}
        more = {"honorifics": {}, "posts": {}, "forms_of_address": {}, "language": "en", "zone": "UTC"}
        db.session.execute(insert(Person).values(**values, **more))

    def fails():
        raise ValueError(f"{PERSON} {ADDRESS} {KEY}")

    numbers = []
    for view in (twice, fails):
        view.access = web.view_functions["dashboards.about"].access
        web.view_functions["dashboards.about"] = view
        answer = browser.get("/en/about", headers={"X-Request-ID": "0123456789abcdef0123456789abcdef"})
        assert answer.status_code == 500 and "0123456789abcdef0123456789abcdef" in answer.text
        numbers.append(answer.headers["X-Request-Id"])
    assert numbers == ["0123456789abcdef0123456789abcdef"] * 2
    found = lines()
    holds_nothing_of_anybody(found)
    asked = [line for line in found if line["event"] == "request"]
    assert all(re.fullmatch(r"[0-9a-f]{32}", line["request_id"]) and line["ms"] >= 0 for line in asked)
    assert [(line["method"], line["route"], line["status"]) for line in asked if line["status"] >= 404] == [
        ("GET", "/<lang:lang>/sign-in/<token>", 404), ("GET", "(none)", 404),
        ("GET", "/<lang:lang>/about", 500), ("GET", "/<lang:lang>/about", 500),
    ]  # fmt: skip
    broken = [line for line in found if line["event"].startswith("unexpected error")]
    assert [line["error"] for line in broken] == ["IntegrityError", "ValueError"]
    assert "uq_people_email" in broken[0]["stack"] and {line["request_id"] for line in broken} == set(numbers)


@pytest.mark.parametrize(
    "said", ["Zebedee", "zq@ministry.example", "0123456789", "0" * 65, "0123456789abcdef\n0", "<script>0123456789</script>"]
)
def test_a_number_that_is_none_or_of_nobody_we_trust_is_not_taken(web, app, said):
    given = web.test_client().get("/live", headers={"X-Request-ID": said.replace("\n", " ")}).headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{32}", given)
    good = "0123456789abcdef0123456789abcdef"
    assert app.test_client().get("/live", headers={"X-Request-ID": good}).headers["X-Request-Id"] != good, "no proxy of ours"


def test_the_web_server_itself_writes_objects_and_no_address(settings, tmp_path):
    port = free_port()
    env = {"PATH": "/usr/bin:/bin", "PATHWAYS_ENV": "test", "LOG_FORMAT": "json"}
    line = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "tests.notifications.breaking:app"]
    server = subprocess.Popen(line, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        for asked in (f"GET /en/answer/{KEY}?q=Zebedee HTTP/1.1\r\nHost: x\r\n\r\n", f"NONSENSE zq@ministry.example {KEY}\r\n\r\n"):
            until = time.monotonic() + 15
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port), 5) as sock:
                        sock.sendall(asked.encode())
                        assert sock.recv(100)
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < until
                    time.sleep(0.05)
    finally:
        server.terminate()
        _, told = server.communicate(timeout=20)
    found = [json.loads(line) for line in told.splitlines()]
    assert any("Error handling request GET /en/answer/<token>?…" in line["event"] for line in found)
    assert {line["program"] for line in found} == {"web"} and {line["logger"] for line in found} == {"gunicorn.error"}
    holds_nothing_of_anybody(found)
