"""Rows leave once, in order, and every fault of a relay, a template, a sender or a session ends in the state it should."""

import email
import email.policy
import hashlib
import threading
import uuid
from datetime import timedelta

import pytest

from app.core.db import uuid7
from app.extensions import db
from app.notifications import claims, delivery, outbox
from app.notifications.claims import Claimant, next_try, sweep
from app.notifications.models import Priority, State
from tests.factories.notifications import notice
from tests.notifications.conftest import in_order, let_go, post, rows, sending


def states():
    return {key: row.state for key, row in rows().items()}


def test_what_is_due_leaves_most_urgent_first_and_the_row_tells_how(live, relay, now):
    post(
        notice(1, priority=Priority.BULK),
        notice(2, priority=Priority.URGENT),
        notice(3, due_at=now + timedelta(seconds=1)),
        notice(4),
        now=now,
    )
    with sending(relay) as sender:
        assert sender.drain() == 3
    assert relay.recipients == ["r2@alvania.example", "r4@alvania.example", "r1@alvania.example"]
    assert states() == {"notice:1": State.SENT, "notice:2": State.SENT, "notice:3": State.QUEUED, "notice:4": State.SENT}
    row = rows()["notice:2"]
    sender_address, _, content = relay.accepted[0]
    assert (row.smtp_reply, row.sent_at, row.attempts) == ("250 taken", now, 1)
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert (row.lease_token, row.lease_until, row.claimant) == (None, None, None)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["Message-ID"] == f"<{row.id}@pathways.example>"
    assert sender_address.startswith("bounces+") and sender_address.endswith("@pathways.example")
    assert relay.connections == 1


def test_f7_a_poisoned_row_fails_alone(live, relay, now):
    post(
        notice(1),
        notice(2, facts={"links": {"page": "javascript:alert(1)"}}),
        notice(3, kind="no-such-kind"),
        notice(4, common=None),
        notice(5),
        now=now,
    )
    with sending(relay) as sender:
        sender.drain()
    assert states() == {
        "notice:1": State.SENT, "notice:2": State.FAILED, "notice:3": State.FAILED, "notice:4": State.FAILED, "notice:5": State.SENT,  # noqa: E501
    }  # fmt: skip
    found = rows()
    assert {found[f"notice:{n}"].error_class for n in (2, 3, 4)} == {"poisoned"}
    assert found["notice:2"].last_error == "ValueError: the link page is no http address"
    assert sorted(relay.recipients) == ["r1@alvania.example", "r5@alvania.example"]


def test_the_next_mail_is_made_while_the_relay_thinks_once_and_reaches_its_own_reader(live, relay, now, monkeypatch):
    made, render = [], delivery.render
    monkeypatch.setattr(delivery, "render", lambda job, now: made.append(job.address) or render(job, now=now))
    post(*(notice(n, recipient_name=f"Reader {n}") for n in range(4)), now=now)
    with sending(relay) as sender:
        assert sender.drain() == 4
    assert made == relay.recipients == [f"r{n}@alvania.example" for n in range(4)]
    for number, (_, _, content) in enumerate(relay.accepted):
        assert f"Reader {number}" in email.message_from_bytes(content, policy=email.policy.default)["To"]
        assert rows()[f"notice:{number}"].sha256 == hashlib.sha256(content).hexdigest()


def test_f6_refused_for_good_fails_now_and_is_not_tried_again(live, relay, now):
    relay.rcpt["r1@alvania.example"] = ["550 5.1.1 nobody here"]
    post(notice(1), notice(2), now=now)
    with sending(relay) as sender:
        sender.drain()
        sender.drain()
    row = rows()["notice:1"]
    assert (row.state, row.error_class, row.last_error, row.first_error) == (
        State.FAILED, "refused", "550 5.1.1 nobody here", "550 5.1.1 nobody here",
    )  # fmt: skip
    assert relay.recipients == ["r2@alvania.example"]


def test_retry_times_are_1_2_5_15_30_minutes_then_hourly_within_a_fifth(now):
    class Row:
        def __init__(self, attempts):
            self.attempts = attempts

    for attempts, minutes in [(1, 1), (2, 2), (3, 5), (4, 15), (5, 30), (6, 60), (7, 60), (70, 60)]:
        for _ in range(50):
            wait = (next_try(Row(attempts), now) - now).total_seconds() / 60
            assert minutes * 0.8 <= wait <= minutes * 1.2


def test_after_a_line_that_broke_without_an_answer_the_first_new_try_comes_within_half_a_minute(now):
    class Row:
        def __init__(self, attempts):
            self.attempts = attempts

    assert all(20 <= (next_try(Row(1), now, unsure=True) - now).total_seconds() <= 30 for _ in range(50))
    assert all(96 <= (next_try(Row(2), now, unsure=True) - now).total_seconds() <= 144 for _ in range(50)), "then as after a 4xx"


def test_after_72_hours_it_gives_up_and_before_a_too_late_try_it_expires(live, relay, now, monkeypatch):
    relay.rcpt["r1@alvania.example"] = ["451 later"]
    relay.rcpt["x@other.example"] = ["451 later"]
    post(notice(1), now=now - timedelta(hours=72))
    post(notice(2, address="x@other.example", expires_at=now + timedelta(seconds=30)), now=now)
    with sending(relay) as sender:
        sender.drain()
    found = rows()
    assert (found["notice:1"].state, found["notice:1"].error_class) == (State.FAILED, "gave_up")
    assert (found["notice:2"].state, found["notice:2"].error_class) == (State.EXPIRED, "postponed")


@pytest.mark.line("N4")
def test_what_is_over_is_never_sent_and_the_sweep_says_so(live, relay, now):
    post(notice(1, expires_at=now), notice(2, expires_at=now + timedelta(seconds=1)), now=now)
    with sending(relay) as sender:
        sender.drain()
    connection = claims.connect(db.engine)
    assert sweep(connection, now) == 0
    connection.close()
    assert states() == {"notice:1": State.EXPIRED, "notice:2": State.SENT}
    assert relay.recipients == ["r2@alvania.example"]


def test_f6_a_cut_after_data_is_repeated_with_the_same_message_id(live, relay, now, monkeypatch):
    relay.data["r1@alvania.example"] = ["cut after taking"]
    post(notice(1), now=now)
    with sending(relay) as sender:
        sender.drain()
        row = rows()["notice:1"]
        assert (row.state, row.error_class, row.attempts) == (State.QUEUED, "ambiguous", 1)
        assert timedelta(seconds=20) <= row.due_at - now <= timedelta(seconds=30)
        monkeypatch.setattr("app.core.clock.now", lambda: now + timedelta(minutes=2))
        sender.drain()
    assert rows()["notice:1"].state == State.SENT
    ids = {email.message_from_bytes(content)["Message-ID"] for _, _, content in relay.accepted}
    assert len(relay.accepted) == 2 and ids == {f"<{row.id}@pathways.example>"}


def test_f6_an_at_most_once_mail_is_unknown_after_a_cut_and_not_repeated(live, relay, now, monkeypatch):
    relay.data["r1@alvania.example"] = ["cut after taking"]
    post(notice(1, at_most_once=True), notice(2, at_most_once=True), now=now)
    with sending(relay) as sender:
        sender.drain()
        monkeypatch.setattr("app.core.clock.now", lambda: now + timedelta(hours=2))
        sender.drain()
    found = rows()
    assert (found["notice:1"].state, found["notice:1"].error_class) == (State.UNKNOWN, "ambiguous")
    assert found["notice:2"].state == State.SENT
    assert sorted(relay.recipients) == ["r1@alvania.example", "r2@alvania.example"]


def test_a_batch_that_is_not_full_was_all_and_is_not_asked_for_again(live, relay, now, monkeypatch):
    claims_made = []
    claim = Claimant.claim
    monkeypatch.setattr(Claimant, "claim", lambda self, *given, **more: claims_made.append(1) or claim(self, *given, **more))
    post(*(notice(n) for n in range(53)), now=now)
    with sending(relay) as sender:
        assert sender.drain() == 53
    assert len(claims_made) == 2


def test_what_a_slow_batch_gave_back_leaves_with_the_same_waking(live, relay, now, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH_SECONDS", 0)
    post(*(notice(n) for n in range(3)), now=now)
    with sending(relay) as sender:
        assert sender.drain() == 3
    assert set(states().values()) == {State.SENT}


def test_two_senders_share_the_queue_and_nobody_gets_two(live, relay, now):
    post(*(notice(n) for n in range(120)), now=now)
    start = threading.Barrier(3)

    def work():
        with live.app_context(), sending(relay) as sender:
            start.wait()
            sender.drain()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(relay.recipients) == sorted(f"r{n}@alvania.example" for n in range(120))
    assert set(states().values()) == {State.SENT}


def test_a_slow_batch_gives_the_rest_back_so_that_urgent_mail_overtakes(live, relay, now, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH_SECONDS", 0)
    post(*in_order(*(notice(n, priority=Priority.BULK) for n in range(5)), now=now), now=now)
    with sending(relay) as sender:
        assert sender.batch() == 1
        post(notice(9, priority=Priority.URGENT), now=now)
        assert sender.batch() == 1
    assert relay.recipients == ["r0@alvania.example", "r9@alvania.example"]
    assert {row.attempts for row in rows().values() if row.state == State.QUEUED} == {0}


def test_f3_the_sweep_frees_the_rows_of_a_claimant_whose_lock_is_gone(live, now):
    post(*(notice(n) for n in range(3)), notice(8, at_most_once=True), notice(9, at_most_once=True), now=now)
    gone, alive = Claimant(claims.connect(db.engine)), Claimant(claims.connect(db.engine))
    held = gone.claim(now, 5)
    assert [r.id for r in alive.claim(now, 5)] == []
    last = next(r for r in held if r.address == "r9@alvania.example")
    assert gone.still_wanted(last, now)  # its content may have left
    watcher = claims.connect(db.engine)
    assert sweep(watcher, now) == 0
    assert set(states().values()) == {State.SENDING}  # the holder lives
    let_go(gone)
    assert sweep(watcher, now) == 4
    assert states() == {
        "notice:0": State.QUEUED, "notice:1": State.QUEUED, "notice:2": State.QUEUED, "notice:8": State.QUEUED, "notice:9": State.UNKNOWN,  # noqa: E501
    }  # fmt: skip
    assert len(alive.claim(now, 5)) == 4
    watcher.close()
    alive.close()


def test_the_lease_is_the_second_fence_and_a_late_sender_changes_nothing(live, now):
    post(notice(1), now=now)
    slow = Claimant(claims.connect(db.engine))
    (row,) = slow.claim(now)
    watcher = claims.connect(db.engine)
    assert sweep(watcher, now + claims.LEASE) == 0
    assert sweep(watcher, now + claims.LEASE + timedelta(seconds=1)) == 1
    other = Claimant(claims.connect(db.engine))
    (again,) = other.claim(now)
    assert slow.still_wanted(row, now) is False
    assert slow.sent(row, now, "250", "x" * 64) is False
    assert other.sent(again, now, "250 by the other", "y" * 64) is True
    assert rows()["notice:1"].smtp_reply == "250 by the other"
    for one in (slow, other, watcher):
        one.close()


def test_a_row_taken_back_while_its_sender_died_is_cancelled(live, now):
    subject = uuid7()
    post(notice(1, subject_kind="session", subject_id=subject), now=now)
    gone = Claimant(claims.connect(db.engine))
    gone.claim(now)
    outbox.cancel_waiting("session", subject, now=now)
    db.session.commit()
    let_go(gone)
    watcher = claims.connect(db.engine)
    assert sweep(watcher, now) == 0
    watcher.close()
    assert states() == {"notice:1": State.CANCELLED}


def test_one_sweeps_at_a_time(live, now):
    holder, other = claims.connect(db.engine), claims.connect(db.engine)
    holder.execute("SELECT pg_advisory_lock(%s, %s)", (claims.CLASS, claims.SWEEP))
    assert sweep(other, now) is None
    let_go(holder)
    assert sweep(other, now) == 0
    other.close()


@pytest.mark.line("P8")
def test_p8_mails_of_one_thread_hang_on_its_first(live, relay, now):
    post(notice(1, thread="invitation:1"), now=now)
    with sending(relay) as sender:
        sender.drain()
        first = rows()["notice:1"]
        post(notice(2, thread="invitation:1"), notice(3, thread="invitation:2"), now=now)
        sender.drain()
    mails = [email.message_from_bytes(content) for _, _, content in sorted(relay.accepted, key=lambda taken: taken[1])]
    assert [m["In-Reply-To"] for m in mails] == [None, f"<{first.id}@pathways.example>", None]
    assert mails[1]["References"] == f"<{first.id}@pathways.example>"
    assert len({m["Message-ID"] for m in mails}) == 3


def test_restored_rows_wait_until_an_operator_says_go(live, relay, now):
    post(notice(1), now=now)
    db.session.execute(db.text("UPDATE messages SET restored_hold = true"))
    db.session.commit()
    with sending(relay) as sender:
        assert sender.drain() == 0
    assert (states(), relay.accepted) == ({"notice:1": State.QUEUED}, [])


@pytest.mark.line("P9")
def test_p9_each_mail_names_its_recipient_alone(live, relay, now):
    post(*(notice(n) for n in range(3)), now=now)
    with sending(relay) as sender:
        sender.drain()
    for _, recipient, content in relay.accepted:
        others = {f"r{n}@alvania.example" for n in range(3)} - {recipient}
        assert all(other.encode() not in content for other in others)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert [a.addr_spec for a in mail["To"].addresses] == [recipient]
        assert mail["Cc"] is None and mail["Bcc"] is None


class Watch:
    """A clock of its own: each mail takes as long at the relay and as long in the sender's own hands as a test says."""

    def __init__(self, relay, *, waits, computes):
        self.passed, self.used, self.waits, self.computes = 0.0, 0.0, waits, computes
        relay.before_rcpt = self.one

    def one(self, _address):
        self.passed, self.used = self.passed + self.waits + self.computes, self.used + self.computes

    def monotonic(self):
        return self.passed

    def thread_time(self):
        return self.used


@pytest.mark.parametrize("claimed", [1, 49, 50, 51])
def test_a_full_batch_calls_another_sender(live, relay, now, monkeypatch, claimed):
    post(*(notice(uuid.uuid4().hex) for _ in range(claimed)), now=now)
    monkeypatch.setattr(delivery, "time", Watch(relay, waits=0.01, computes=0.004))  # it waits: another one would help
    calls = []
    with sending(relay, more=lambda: calls.append(1)) as sender:
        assert sender.drain() == claimed
    assert len(calls) == (1 if claimed >= 50 else 0)


def test_a_sender_that_computes_calls_nobody(live, relay, now, monkeypatch):
    monkeypatch.setattr(delivery, "time", Watch(relay, waits=0.01, computes=0.005))
    post(*(notice(n) for n in range(50)), now=now)
    calls = []
    with sending(relay, more=lambda: calls.append(1)) as sender:
        assert sender.drain() == 50
    assert calls == []
