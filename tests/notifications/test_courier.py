"""The delivering threads: woken at once, alive without a broker, nobody lost when their process is killed."""

import email
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from app.core import clock
from app.extensions import celery, db
from app.notifications import courier, delivery, nudge, outbox, pauses
from app.notifications.courier import Courier
from app.notifications.models import Priority, State
from app.notifications.transport import SmtpTransport
from tests.factories.notifications import notice
from tests.notifications.conftest import post, rows
from tests.notifications.relay import relay as running_relay

pytestmark = pytest.mark.real_clock


def wait_for(truth, seconds=20):
    until = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def running(live, relay):
    started = Courier(live, senders=2, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
    started.start()
    time.sleep(0.5)
    yield started
    started.stop()


def test_the_first_mail_leaves_half_a_second_after_the_commit(running, relay):
    post(notice(0), now=clock.now())
    wait_for(lambda: relay.accepted)  # connections are warm from here on
    start = time.monotonic()
    post(notice(1), now=clock.now())
    committed = time.monotonic()
    wait_for(lambda: len(relay.accepted) == 2)
    took = time.monotonic() - committed
    print(f"\ncommit {committed - start:.3f} s, first mail {took:.3f} s later")
    assert took <= 0.5 or os.getloadavg()[0] > 4


def test_a_crowd_is_sent_once_each_by_all_senders(running, relay):
    post(*(notice(n) for n in range(150)), now=clock.now())
    wait_for(lambda: len(relay.accepted) >= 150, 60)
    running.stop()
    assert Counter(relay.recipients) == Counter(f"r{n}@alvania.example" for n in range(150))
    assert {row.state for row in rows().values()} == {State.SENT}
    assert relay.connections <= 4  # two senders; one renews its connection after a hundred mails


def test_f4_a_lost_wake_up_is_found_by_the_sweep(live, relay, monkeypatch):
    monkeypatch.setattr(courier, "SWEEP_SECONDS", 0.3)
    monkeypatch.setattr(Courier, "_listen", lambda self: self._stop.wait())  # deaf to NOTIFY
    started = Courier(live, senders=1, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
    started.start()
    time.sleep(1)
    post(notice(1), now=clock.now())
    wait_for(lambda: relay.accepted)
    started.stop()


def test_a_nudge_tells_nothing_where_postgresql_was_heard_and_all_where_it_was_not(running, relay, monkeypatch):
    woken = []
    wake = running.wake
    monkeypatch.setattr(running, "wake", lambda count=1: woken.append(count) or wake(count))
    post(notice(1), now=clock.now())
    wait_for(lambda: relay.accepted)
    told = len(woken)
    assert told >= 1
    running.nudged()
    assert len(woken) == told or time.monotonic() - running._heard > courier.HEARD_SECONDS
    running._heard = float("-inf")
    running.nudged()
    assert len(woken) > told


def test_f4_deaf_to_postgresql_a_nudge_finds_its_row_at_once_and_a_second_later_those_behind_it(live, relay, monkeypatch):
    monkeypatch.setattr(Courier, "_listen", lambda self: self._stop.wait())  # deaf to NOTIFY
    monkeypatch.setattr(nudge, "_nudged_at", float("-inf"))
    started = Courier(live, senders=1, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
    nudges = []
    monkeypatch.setattr(nudge, "send", lambda: nudges.append(1) or started.nudged())
    started.start()
    time.sleep(1)
    post(notice(1), now=clock.now())
    wait_for(lambda: len(relay.accepted) == 1)
    post(notice(2), now=clock.now())  # within the same second: no nudge of its own
    wait_for(lambda: len(relay.accepted) == 2, 10)  # before the sweep's turn
    started.stop()
    assert len(nudges) <= 2


def test_f5_the_threads_come_back_when_the_database_cut_them_off(running, relay, live):
    post(notice(1), now=clock.now())
    wait_for(lambda: relay.accepted)
    db.session.execute(
        db.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    db.session.rollback()
    time.sleep(1.5)
    post(notice(2), now=clock.now())
    wait_for(lambda: len(relay.accepted) == 2)


def test_f18_answers_overtake_while_every_sender_hangs_in_mail_to_many(live, relay, monkeypatch):
    monkeypatch.setattr(pauses, "HANGS", 0.5)
    monkeypatch.setattr(delivery, "HANGS", 0.5)
    monkeypatch.setattr(pauses.Waiting.held_up, "__defaults__", (0.5,))
    monkeypatch.setattr(pauses.Waiting.too_long, "__defaults__", (0.5,))
    monkeypatch.setattr(courier, "LOOK_SECONDS", 0.2)
    let_them = threading.Event()

    def slow(address):
        if address.endswith("@hangs.example"):
            let_them.wait(20)

    relay.before_rcpt = slow
    post(*(notice(n, address=f"r{n}@hangs.example") for n in range(40)), now=clock.now())
    started = Courier(live, senders=2, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
    started.start()
    try:
        time.sleep(1.5)  # both senders hang in the first mails
        assert relay.accepted == []
        took = []
        for n in range(100, 108):
            at = time.monotonic()
            post(notice(n, priority=Priority.URGENT), now=clock.now())
            wait_for(lambda n=n: f"r{n}@alvania.example" in relay.recipients, 10)
            took.append(time.monotonic() - at)
        post(notice(200, address="late@hangs.example", priority=Priority.URGENT), notice(201), now=clock.now())
        wait_for(lambda: "r201@alvania.example" in relay.recipients, 10)  # nor does one that hangs hold up the next
        states = Counter(row.state for row in rows().values() if row.priority == Priority.BULK)
        assert states[State.SENDING] <= 2  # what hung behind them was taken back, untouched
        assert max(took) <= 3
    finally:
        let_them.set()
        started.stop()


def test_stopping_gives_back_what_was_not_sent(live, now):
    with running_relay() as slow:
        slow.before_rcpt = lambda address: time.sleep(0.1)
        started = Courier(live, senders=1, make_transport=lambda: SmtpTransport(slow.url, "pathways.example"))
        post(*(notice(n) for n in range(30)), now=clock.now())
        started.start()
        wait_for(lambda: slow.accepted)
        started.stop()
        time.sleep(0.2)
        states = Counter(row.state for row in rows().values())
        assert states[State.SENT] == len(slow.accepted) < 30
        assert states[State.QUEUED] == 30 - states[State.SENT]


def _start(settings, relay):
    env = {
        **os.environ, "DATABASE_URL": settings.database_url, "REDIS_URL": "unix:///nowhere/redis.sock", "SMTP_URL": relay.url,
        "PATHWAYS_ENV": "test", "MAIL_DOMAIN": "pathways.example",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "tests.notifications.courier_process"], env=env, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    return process


def test_f3_a_sender_killed_without_warning_loses_nobody(live, relay, settings):
    relay.before_rcpt = lambda address: time.sleep(0.02)
    wanted = {f"r{n}@alvania.example" for n in range(120)}
    post(*(notice(n) for n in range(120)), now=clock.now())
    kills = 0
    for at_least in (10, 50):
        process = _start(settings, relay)
        wait_for(lambda n=at_least: len(relay.accepted) >= n, 60)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        kills += 1
    assert Counter(row.state for row in rows().values())[State.SENT] < 120
    process = _start(settings, relay)
    wait_for(lambda: all(row.state == State.SENT for row in rows().values()), 60)
    process.kill()
    process.wait()
    process.stdout.close()
    copies = Counter(relay.recipients)
    assert set(copies) == wanted
    assert sum(copies.values()) - 120 <= kills * 2  # one per sending thread and kill at most
    ids = {}
    for _, recipient, content in relay.accepted:
        ids.setdefault(recipient, set()).add(email.message_from_bytes(content)["Message-ID"])
    assert all(len(found) == 1 for found in ids.values())


def test_f4_with_the_broker_away_a_commit_is_not_held_up(live, monkeypatch):
    nudge._forget()
    monkeypatch.setattr(nudge, "EVERY", 0.0)
    monkeypatch.setattr(nudge, "_closed_until", 0.0)
    monkeypatch.setattr(nudge, "_broker", lambda: celery.connection_for_write("redis+socket:///nowhere/redis.sock", connect_timeout=0.3,  # noqa: E501
                        transport_options={"socket_timeout": 0.3, "socket_connect_timeout": 0.3, "max_retries": 0}))  # fmt: skip
    start = time.monotonic()
    post(notice(1), now=clock.now())
    first = time.monotonic() - start
    assert nudge._closed_until > time.monotonic()  # the breaker is open
    start = time.monotonic()
    post(notice(2), now=clock.now())
    assert first < 1.5 and time.monotonic() - start < 0.5
    assert {row.state for row in rows().values()} == {State.QUEUED}
    monkeypatch.setattr(nudge, "_closed_until", 0.0)


def test_a_silent_broker_holds_a_commit_for_less_than_half_a_second(live, monkeypatch, tmp_path):
    import socket

    path = tmp_path / "r.sock"
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(path))
    silent.listen()
    short = {"socket_timeout": 0.3, "socket_connect_timeout": 0.3, "max_retries": 0, "retry_on_timeout": False}
    monkeypatch.setattr(nudge, "_closed_until", 0.0)
    monkeypatch.setattr(
        nudge,
        "_broker",
        lambda: celery.connection_for_write(f"redis+socket://{path}", connect_timeout=0.3, transport_options=short),
    )
    start = time.monotonic()
    assert nudge.send() is False
    took = time.monotonic() - start
    silent.close()
    monkeypatch.setattr(nudge, "_closed_until", 0.0)
    assert took < 1.5


def test_one_commit_sends_one_nudge_and_a_rollback_none(live, monkeypatch):
    sent = []
    monkeypatch.setattr(nudge, "send", lambda: sent.append(1))
    monkeypatch.setattr(nudge, "EVERY", 0.0)
    outbox.queue(notice(1), now=clock.now())
    outbox.queue(notice(2), now=clock.now())
    with db.session.begin_nested():
        outbox.queue(notice(3), now=clock.now())
    assert sent == []
    db.session.commit()
    assert sent == [1]
    outbox.queue(notice(4), now=clock.now())
    db.session.rollback()
    db.session.commit()
    assert sent == [1]


def test_many_commits_of_a_second_send_one_nudge(live, monkeypatch):
    sent, moment = [], [1000.0]
    monkeypatch.setattr(nudge, "send", lambda: sent.append(moment[0]))
    monkeypatch.setattr(nudge, "_nudged_at", float("-inf"))
    monkeypatch.setattr(nudge.time, "monotonic", lambda: moment[0])
    for number in range(6):
        post(notice(number), now=clock.now())
        moment[0] += 0.5
    assert sent == [1000.0, 1001.0, 1002.0]


def test_the_nudge_reaches_the_broker(live, settings):
    import redis

    nudge._forget()
    nudge._closed_until = 0.0
    client = redis.Redis.from_url(settings.redis_url)
    client.delete("celery")
    with live.app_context():
        assert nudge.send() is True
    assert client.llen("celery") == 1
    assert b"notifications.dispatch" in client.lindex("celery", 0)
    client.delete("celery")
    client.close()
    nudge._forget()
