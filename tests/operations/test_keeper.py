"""A worker trusts neither beat nor the broker: it takes over what is late, and ends itself when it works no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from celery.signals import task_received

from app.extensions import celery, db
from app.heartbeats import rules as heartbeats
from app.heartbeats.models import BEAT, RELAY, RELAY_AWAY, SWEEP, Heartbeat
from app.notifications import claims, courier
from app.notifications.transport import SmtpTransport
from tests.journeys.platform import ROOT
from tests.notifications.conftest import sending
from tests.notifications.relay import relay as running_relay
from worker import keeper, signs, tasks
from worker.schedule import NOT_DONE, beat_schedule

pytestmark = pytest.mark.real_clock


@pytest.fixture
def inside(committed_app):
    with committed_app.app_context():
        yield committed_app
        db.session.remove()


def sign(name):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Heartbeat, name)


@pytest.fixture
def line(inside):
    connection = claims.connect(db.engine)
    yield connection
    connection.close()


def test_a_sign_of_life_is_one_row_and_written_once_in_a_while(inside, line):
    now = datetime.now(UTC)
    heartbeats.beat(line, "x", at=now, told={"rows": 3})
    first = sign("x")
    assert (first.at, first.told, first.version != "", first.by.endswith(f":{os.getpid()}")) == (now, {"rows": 3}, True, True)
    heartbeats.beat(line, "x", at=now + timedelta(seconds=4))
    assert sign("x").at == now
    heartbeats.beat(line, "x", at=now + timedelta(seconds=6))
    assert sign("x").at == now + timedelta(seconds=6)


def test_a_database_that_refuses_the_sign_does_not_stop_the_work(inside, line):
    line.execute("SET default_transaction_read_only = on")
    heartbeats.beat(line, "x")
    assert sign("x") is None


def test_of_many_who_find_a_task_late_one_takes_it_over(inside):
    taken = []

    def ask():
        connection = claims.connect(engine)
        taken.append(heartbeats.take_over(connection, "task", timedelta(seconds=60)))
        connection.close()

    engine = db.engine
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


@pytest.fixture
def late(inside, monkeypatch):
    """A keeper, and what it ran."""
    ran = []
    for entry in beat_schedule.values():
        monkeypatch.setattr(celery.tasks[entry["task"]], "run", lambda name=entry["task"]: ran.append(name))
    return keeper.Keeper(inside), ran


def wait_for(truth, seconds=10):
    until = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_what_beat_does_not_name_a_worker_does_once_and_what_it_names_is_left_to_it(late, line):
    one, ran = late
    assert tasks and "notifications.beat" not in signs.PERIODIC and len(signs.PERIODIC) > 5
    one.look()
    wait_for(lambda: set(ran) == signs.PERIODIC)
    one.look()
    another = keeper.Keeper(one.app)
    another.look()
    time.sleep(0.1)
    assert sorted(ran) == sorted(signs.PERIODIC), "nobody does it again"
    long_ago = datetime.now(UTC) - timedelta(hours=9)
    db.session.execute(db.update(Heartbeat).values(claimed_at=long_ago, at=datetime.now(UTC)))
    db.session.execute(db.update(Heartbeat).where(Heartbeat.name == "exchanges.queue_reminders").values(at=long_ago))
    db.session.commit()
    ran.clear()
    one.look()
    wait_for(lambda: ran == ["exchanges.queue_reminders"])
    for each in (one, another):
        each._forget()


def test_beats_sign_is_the_moment_beat_sent_it(inside):
    sent = datetime.now(UTC) - timedelta(seconds=50)
    task = celery.tasks["notifications.beat"]
    task.push_request(expires=(sent + timedelta(seconds=60)).isoformat())
    try:
        task.run()
    finally:
        task.pop_request()
    assert sign(BEAT).at == sent and beat_schedule["beat"]["options"] == {"expires": 60}


def test_a_mailbox_that_was_not_read_leaves_no_sign(inside, monkeypatch):
    import dataclasses

    assert tasks.notifications.poll_mailbox() == NOT_DONE, "none is set"
    away = dataclasses.replace(inside.config["SETTINGS"], imap_url="imap://me:x@127.0.0.1:1/INBOX")
    monkeypatch.setitem(inside.config, "SETTINGS", away)
    assert tasks.notifications.poll_mailbox() == NOT_DONE


def test_the_sweep_and_the_relay_leave_signs(inside):
    with running_relay() as relay:
        one = courier.Courier(inside, senders=1, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
        one.start()
        wait_for(lambda: sign(SWEEP) is not None and sign(RELAY) is not None)
        one.stop()
    with sending(relay) as sender:  # it is gone
        sender.drain()
    assert sign(RELAY_AWAY).at > sign(RELAY).at


def test_a_worker_ends_itself_only_for_what_a_new_start_mends(late, monkeypatch, settings):
    one, _ = late
    assert one.why_end() == ""
    monkeypatch.setattr(courier, "silent_for", lambda: keeper.SILENT + 1)
    assert one.why_end() == "the sweep is silent"
    monkeypatch.undo()
    monkeypatch.setitem(celery.conf, "task_default_queue", f"queue-{os.getpid()}")  # other tests leave wake-ups in the usual one
    one.ears.heard -= keeper.DEAF + 1
    assert one.why_end() == "", "nothing waits"
    with celery.connection_for_write() as connection:
        queue = connection.SimpleQueue(celery.conf.task_default_queue)
        queue.put({})
        try:
            assert one.why_end() == "the consumer takes nothing"
            one.ears.busy = one.threads
            assert one.why_end() == "", "every thread has a task in hand"
            one.ears.busy = 0
            task_received.send(sender=None)
            assert one.why_end() == "", "it heard something just now"
        finally:
            queue.clear()
            queue.close()
    one.ears.heard -= keeper.DEAF + 1
    monkeypatch.setitem(celery.conf, "broker_url", "redis+socket:///nowhere/redis.sock?virtual_host=0")
    assert one.why_end() == "", "a broker that is away is not this process's fault"


@pytest.mark.slow
def test_a_real_worker_that_stopped_taking_tasks_ends_so_that_it_is_started_anew(inside, settings, servers, tmp_path):
    env = os.environ | {
        "PATHWAYS_ENV": "test", "DATABASE_URL": settings.database_url, "MIGRATION_DATABASE_URL": settings.migration_database_url,
        "REDIS_URL": servers["redis"], "SMTP_URL": "memory:", "VAR_DIR": str(tmp_path), "SECRET_KEY": "x" * 40, "LOG_FORMAT": "json",
    }  # fmt: skip
    queue = f"deaf-{os.getpid()}"  # other tests leave wake-ups in the usual one
    line = [sys.executable, "-m", "tests.operations.deaf_worker", queue]
    worker = subprocess.Popen(line, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: celery.control.ping(timeout=0.5), 90)
        celery.control.cancel_consumer(queue, reply=True, timeout=2)
        celery.send_task("notifications.dispatch", queue=queue, ignore_result=True)
        _, told = worker.communicate(timeout=120)
    finally:
        worker.kill()
        with celery.connection_for_write() as connection:
            connection.SimpleQueue(queue).clear()
    events = [json.loads(line)["event"] for line in told.splitlines() if line.startswith("{")]
    assert any("lives and works no more (the consumer takes nothing)" in event for event in events)
    assert worker.returncode in (0, 70)
