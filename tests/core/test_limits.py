"""Rate limits count in the database: across threads, over window borders, and when the request is refused."""

import threading
from datetime import timedelta

import pytest

from app.core import limits
from app.core.errors import TooMany
from app.extensions import db
from tests.factories.accounts import NOW

MINUTE = timedelta(minutes=1)


def counted(most, moments, bucket="x"):
    passed = 0
    for moment in moments:
        try:
            limits.hit(bucket, most, MINUTE, moment)
            passed += 1
        except TooMany:
            pass
    return passed


def test_so_many_pass_and_no_more(session):
    assert counted(5, [NOW] * 9) == 5


def test_others_are_counted_apart(session):
    assert counted(5, [NOW] * 9, "one") == 5
    assert counted(5, [NOW] * 2, "two") == 2
    assert limits.bucket("draft", "192.0.2.1") != limits.bucket("draft", "192.0.2.2") != limits.bucket("mail", "192.0.2.2")
    assert limits.bucket("sign-in", " A@B.example") == limits.bucket("sign-in", "a@b.EXAMPLE")
    assert "a@b.example" not in limits.bucket("sign-in", "a@b.example")


def test_a_window_s_border_gives_no_second_helping(session):
    border = NOW.replace(second=0)
    assert counted(10, [border - timedelta(seconds=1)] * 10) == 10
    assert counted(10, [border + timedelta(seconds=1)] * 10) <= 1
    assert counted(10, [border + timedelta(seconds=121)] * 12) == 10


def test_the_refusal_says_when_to_try_again(session):
    counted(1, [NOW])
    with pytest.raises(TooMany) as refused:
        limits.hit("x", 1, MINUTE, NOW)
    assert 1 <= refused.value.retry_after <= 60
    assert "Try again in 1 minute." in str(refused.value.message)


def test_clearing_deletes_only_what_is_over(session):
    counted(5, [NOW - timedelta(days=1), NOW], "x")
    limits.slow_down("y", NOW)
    assert limits.clear_what_is_over(NOW) == 1
    rows = {r.bucket: r.count for r in session.query(limits.RateCount)}
    assert rows == {"x": 1, "y": 1}


@pytest.mark.real_clock
def test_threads_together_get_no_more_than_one_alone(committed_app):
    passed, lock, start = [], threading.Lock(), threading.Barrier(8)

    def run():
        with committed_app.app_context():
            start.wait()
            got = counted(20, [NOW] * 10, "together")
            with lock:
                passed.append(got)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 20


def test_a_count_stays_when_the_request_is_rolled_back(committed_app):
    with committed_app.app_context():
        limits.hit("kept", 1, MINUTE, NOW)
        db.session.rollback()
        with pytest.raises(TooMany):
            limits.hit("kept", 1, MINUTE, NOW)
        db.session.remove()


def test_threads_guessing_together_get_two_tries(committed_app):
    passed, start = [], threading.Barrier(8)

    def run():
        with committed_app.app_context():
            start.wait()
            try:
                limits.slow_down("guess", NOW)
                passed.append(1)
            except TooMany:
                passed.append(0)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 3, "the third try is the one after which waiting begins"
