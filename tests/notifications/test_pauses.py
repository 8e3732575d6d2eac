"""Who asked for patience is left alone, by every process: recipients' domains, and the relay while it is away."""

from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select

from app.extensions import db
from app.notifications import claims, delivery
from app.notifications import pauses as pauses_of
from app.notifications.claims import Claimant
from app.notifications.delivery import Breaker
from app.notifications.models import Pause, State
from tests.factories.notifications import notice
from tests.notifications.conftest import in_order, post, rows, sending
from tests.notifications.relay import relay as running_relay


def test_f6_postponed_is_tried_again_later_and_leaves_the_domain_alone_meanwhile(live, relay, now):
    relay.rcpt["r1@alvania.example"] = ["451 4.7.1 greylisted"]
    post(*in_order(notice(1), notice(2), notice(3, address="x@other.example"), now=now), now=now)
    with sending(relay) as sender:
        sender.drain()
    found = rows()
    first, second = found["notice:1"], found["notice:2"]
    assert (first.state, first.error_class, first.attempts) == (State.QUEUED, "postponed", 1)
    assert timedelta(seconds=48) <= first.due_at - now <= timedelta(seconds=72)
    assert (second.state, second.error_class, second.attempts) == (State.QUEUED, "domain_busy", 0)
    assert relay.recipients == ["x@other.example"]
    assert pauses() == {"alvania.example": (1, "451 4.7.1 greylisted")}
    (until,) = db.session.scalars(select(Pause.until))
    assert timedelta(seconds=24) <= until - now <= timedelta(seconds=36)


def pauses():
    db.session.rollback()
    return {p.domain: (p.times, p.told) for p in db.session.scalars(select(Pause).execution_options(populate_existing=True))}


def test_a_domain_that_asked_for_patience_is_left_alone_by_every_process_and_after_a_restart(live, relay, now, monkeypatch):
    relay.rcpt["r1@alvania.example"] = ["432 4.3.2 too many connections"] * 2
    post(*in_order(*(notice(n) for n in range(1, 40)), now=now), now=now)
    moment = [now]
    monkeypatch.setattr(delivery.clock, "now", lambda: moment[0])
    with sending(relay) as sender:
        sender.drain()
    with sending(relay) as other, other.claimant.connection.cursor() as watching:  # another process, or the next one
        before = watching.execute("SELECT sum(xmin::text::bigint) FROM messages").fetchone()
        assert other.drain() == 0
        assert watching.execute("SELECT sum(xmin::text::bigint) FROM messages").fetchone() == before  # not one row was touched
        assert claims.backlog(other.claimant.connection, now) == 0
        moment[0] += timedelta(seconds=80)  # the pause is over, and so is the wait of the first mail
        assert other.drain() >= 1
        assert pauses() == {"alvania.example": (2, "432 4.3.2 too many connections")} or len(relay.recipients) == 38
        moment[0] += timedelta(seconds=200)  # longer than twice the first pause, and than the second try's wait
        while other.drain():
            pass
    assert sorted(relay.recipients) == sorted(f"r{n}@alvania.example" for n in range(1, 40))
    assert pauses() == {}  # it takes mail again, and nothing is held against it
    assert {row.attempts for row in rows().values()} <= {1, 2, 3}


def test_the_pauses_of_a_domain_grow_and_are_spread(live, now):
    with sending_nowhere() as claimant:
        domains, moment, lengths = pauses_of.Domains(claimant.connection), now, []
        for _ in range(7):
            domains.slow_down("a@Alvania.example", moment, "451 later")
            domains.slow_down("b@alvania.example", moment, "451 later")  # another sender, of the same moment: one pause
            until = db.session.scalar(select(Pause.until))
            db.session.rollback()
            lengths.append((until - moment).total_seconds())
            moment = until
        for length, middle in zip(lengths, (30, 60, 120, 240, 480, 600, 600), strict=True):
            assert middle * 0.8 <= length <= middle * 1.2
        assert len(set(lengths)) == 7
        pauses_of.forget(claimant.connection, moment + timedelta(minutes=59))
        assert pauses() == {"alvania.example": (7, "451 later")}
        pauses_of.forget(claimant.connection, moment + timedelta(minutes=61))
        assert pauses() == {}


@contextmanager
def sending_nowhere():
    claimant = Claimant(claims.connect(db.engine))
    try:
        yield claimant
    finally:
        claimant.close()


def test_a_full_mailbox_says_nothing_of_its_domain(live, relay, now):
    relay.rcpt["r1@alvania.example"] = ["452 4.2.2 mailbox full"]
    post(*in_order(notice(1), notice(2), now=now), now=now)
    with sending(relay) as sender:
        sender.drain()
    assert (relay.recipients, pauses()) == (["r2@alvania.example"], {})


def test_a_relay_that_is_away_uses_up_no_try_and_claims_no_row(live, now):
    with running_relay() as server:
        pass  # gone again
    post(notice(1), now=now)
    with sending(server) as sender:
        assert sender.drain() == 0
    row = rows()["notice:1"]
    assert (row.state, row.attempts, row.last_error) == (State.QUEUED, 0, None)


def test_a_relay_that_refuses_five_times_is_left_alone_says_so_and_goes_on_where_it_stopped(live, now):
    with running_relay() as server:
        port = server.port
    post(*(notice(n) for n in range(3)), now=now)
    breaker = Breaker(pause=0.0)
    with sending(server, breaker=breaker) as sender:
        for tries in range(1, 7):
            assert sender.drain() == 0
            assert (breaker.failures, set(pauses())) == (tries, {""} if tries >= 5 else set())
        assert {(r.state, r.attempts) for r in rows().values()} == {(State.QUEUED, 0)}
        assert pauses()[""] == (2, "no connection")
        with running_relay(port) as back:
            assert sender.drain() == 3
            assert len(back.accepted) == 3
    assert pauses() == {}
    assert {(r.state, r.attempts) for r in rows().values()} == {(State.SENT, 1)}


def test_the_breaker_pauses_after_five_failures_and_probes_every_15_seconds(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(delivery.time, "monotonic", lambda: moment[0])
    breaker = Breaker()
    for _ in range(5):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    moment[0] += 15
    assert breaker.allows() and not breaker.allows()  # one probe, by one thread
    breaker.failed()
    moment[0] += 13
    assert not breaker.allows()
    moment[0] += 2
    assert breaker.allows()
    breaker.worked()
    assert breaker.allows() and breaker.allows()
