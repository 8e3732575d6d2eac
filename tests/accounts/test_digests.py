"""Digests: each gathered mail in exactly one, at eight where its reader is, never two on one local day, none that is empty."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select, text

from app.accounts.queries import letter_for
from app.accounts.rules import digests, people
from app.extensions import db
from app.notifications import choices, claims, freezing, outbox
from app.notifications.kinds import OFFERED, Mode, Topic
from app.notifications.models import Message, State
from app.notifications.revisions import checks
from tests.factories.accounts import make_person
from worker.tasks import accounts as tasks

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
KIRITIMATI, HONOLULU = "Pacific/Kiritimati", "Pacific/Honolulu"


@pytest.fixture
def ada(session):
    return make_person("Okello", zone="Asia/Kathmandu")


def choose(person, until=None, now=NOW, **modes):
    wanted = {topic: Mode(modes.get(topic.value, "at_once")) for topic in OFFERED}
    choices.choose(person.id, wanted, until, zone=person.zone, by=person, now=now)


def circular(person, subject="One", now=NOW, **more):
    common = {
        "subjects": {"en": subject}, "texts": {"en": "Text"}, "own": True, "language_name": "", "sent_in": "",
        "translated_from": "", "because": "member", "about": {}, "corrects": None,
    }  # fmt: skip
    facts = {"links": {"page": "http://127.0.0.1:8000/en/x"}, "personal": {"instead_of": ""}}
    key = f"circular:{uuid.uuid4()}"
    outbox.queue(letter_for(person, kind="circular", key=key, facts=facts, common=common, **more), now=now)
    return db.session.scalars(select(Message).where(Message.key == key)).one()


def scan(now):
    """As the worker does, in the transaction of the test."""
    return digests.write_due(now)


def written(person):
    db.session.expire_all()
    rows = db.session.scalars(
        select(Message).where(Message.kind == "digest", Message.recipient_id == person.id).order_by(Message.id)
    )
    return [(row.key.rpartition(":")[2], [line["subject"] for g in row.facts["groups"] for line in g["lines"]]) for row in rows]


def test_at_eight_there_and_not_a_minute_before(ada):
    choose(ada, news="daily")
    first, second = circular(ada), circular(ada, "Two")
    eight = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)  # +05:45
    assert scan(eight - timedelta(minutes=1)) == 0
    assert scan(eight) == 1
    assert written(ada) == [("2026-11-24", ["One", "Two"])]
    (digest,) = db.session.scalars(select(Message).where(Message.kind == "digest"))
    assert (digest.state, digest.address, digest.locale, digest.waits, digest.topic) == (
        State.QUEUED,
        ada.email,
        "en",
        None,
        "digest",
    )
    for row in (first, second):
        assert (row.state, row.suppressed_reason, row.digest_id) == (State.SUPPRESSED, "in_digest", digest.id)
    assert scan(eight + timedelta(minutes=1)) == 0
    assert scan(eight + timedelta(days=1)) == 0  # nothing waited: an empty one is not sent
    assert len(written(ada)) == 1


def test_a_week_comes_on_monday_together_with_the_day(ada):
    choose(ada, news="weekly", tasks="daily")
    circular(ada, "Weekly")
    tuesday = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
    assert scan(tuesday) == 0
    monday = datetime(2026, 11, 30, 2, 15, tzinfo=UTC)
    circular(ada, "Sunday", now=monday - timedelta(hours=12))
    assert scan(monday) == 1
    assert written(ada) == [("2026-11-30", ["Weekly", "Sunday"])]


def test_what_comes_after_todays_digest_waits_for_tomorrows(ada):
    choose(ada, news="daily")
    circular(ada)
    eight = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
    scan(eight)
    later = circular(ada, "Later", now=eight + timedelta(seconds=1))
    assert later.due_at == eight + timedelta(days=1)
    later.due_at = eight  # as if it had been written at the very moment
    db.session.flush()
    assert scan(eight + timedelta(minutes=1)) == 0
    db.session.refresh(later)
    assert (later.state, later.waits, later.due_at) == (State.QUEUED, "daily", eight + timedelta(days=1))
    scan(eight + timedelta(days=1))
    assert written(ada) == [("2026-11-24", ["One"]), ("2026-11-25", ["Later"])]


def test_another_zone_gives_no_second_digest_on_the_same_local_day(session):
    person = make_person("Okello", zone=KIRITIMATI)  # +14
    choose(person, news="daily")
    circular(person)
    eight = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert scan(eight) == 1
    people.change(person, {"zone": HONOLULU}, version=person.version, by=person, now=eight)  # there it is the day before
    circular(person, "Two", now=eight)
    for hours in range(1, 47):
        assert scan(eight + timedelta(hours=hours)) == 0, hours
    assert scan(datetime(2026, 11, 25, 18, 0, tzinfo=UTC)) == 1  # eight in Honolulu on the 25th
    assert [day for day, _ in written(person)] == ["2026-11-24", "2026-11-25"]


def test_a_zone_further_east_brings_what_waits_at_eight_there(session):
    person = make_person("Okello", zone=HONOLULU)
    choose(person, news="daily")
    row = circular(person)
    people.change(person, {"zone": "Asia/Tokyo"}, version=person.version, by=person, now=NOW)
    db.session.refresh(row)
    assert row.due_at == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)


def test_after_quiet_what_still_holds_comes_in_one_digest(ada):
    choose(ada, until=date(2026, 11, 29))
    circular(ada, "Kept")
    short = circular(ada, "Short", expires_at=NOW + timedelta(days=30))
    back = datetime(2026, 11, 30, 2, 15, tzinfo=UTC)
    for day in range(1, 7):
        assert scan(NOW + timedelta(days=day)) == 0
    short.expires_at = back - timedelta(seconds=1)  # its date was moved forward meanwhile
    db.session.flush()
    assert scan(back) == 1
    assert written(ada) == [("2026-11-30", ["Kept"])]
    (digest,) = db.session.scalars(select(Message).where(Message.kind == "digest"))
    assert digest.facts["away"] is True
    at_once = circular(ada, "Now", now=back)
    assert (at_once.state, at_once.waits) == (State.QUEUED, None)


def test_gathered_mail_never_leaves_by_itself(ada):
    choose(ada, news="daily")
    row = circular(ada)
    claimant = claims._CLAIM
    assert claims.BY_ITSELF in claimant
    found = db.session.execute(
        text(f"SELECT id FROM messages WHERE state = 'queued' AND due_at <= :now AND {claims.BY_ITSELF}"), {"now": row.due_at}
    )
    assert found.all() == []


def test_what_was_taken_back_or_speaks_of_a_former_date_is_not_said(ada, monkeypatch):
    choose(ada, news="daily")
    about, void = uuid.uuid4(), uuid.uuid4()
    circular(ada, "Taken back", subject_kind="thing", subject_id=about)
    former = circular(ada, "Former", subject_kind="dated", subject_id=void, subject_revision=1)
    circular(ada, "Stands", subject_kind="dated", subject_id=about, subject_revision=2)
    monkeypatch.setitem(checks, "dated", lambda ids: dict.fromkeys(ids, 2))
    outbox.cancel_waiting("thing", about, now=NOW)
    assert scan(NOW + timedelta(days=1)) == 1
    assert written(ada)[0][1] == ["Stands"]
    assert (former.state, former.error_class) == (State.CANCELLED, "withdrawn")


def test_one_that_cannot_be_said_fails_alone(ada):
    choose(ada, news="daily")
    broken = circular(ada, "Broken")
    broken.common_id = None
    db.session.flush()
    circular(ada, "Whole")
    assert scan(NOW + timedelta(days=1)) == 1
    assert written(ada)[0][1] == ["Whole"]
    assert (broken.state, broken.error_class) == (State.FAILED, "poisoned")


def test_nothing_is_gathered_while_the_outbox_is_frozen_nor_what_a_restore_holds(ada):
    choose(ada, news="daily")
    held = circular(ada, "Held")
    held.restored_hold = True
    circular(ada, "Free")
    freezing.freeze("restored", now=NOW)
    assert scan(NOW + timedelta(days=1)) == 0
    freezing.go(cancel_held=True, now=NOW)
    assert scan(NOW + timedelta(days=1)) == 1
    assert written(ada)[0][1] == ["Free"]


def test_whoever_ends_the_digests_before_one_left_gets_the_tasks_in_it(ada):
    choose(ada, tasks="daily", news="daily")
    circular(ada)
    task = circular(ada, "Task", topic=Topic.TASKS)
    morning = NOW + timedelta(days=1)
    assert scan(morning) == 1
    choices.stop(ada.id, Topic.DIGEST, now=morning)
    db.session.expire_all()
    again = db.session.scalars(select(Message).where(Message.resend_of.is_not(None))).all()
    assert [(row.resend_of, row.state, row.waits) for row in again] == [(task.id, State.QUEUED, None)]
    (digest,) = db.session.scalars(select(Message).where(Message.kind == "digest"))
    assert (digest.state, digest.suppressed_reason) == (State.SUPPRESSED, "unsubscribed")


@pytest.mark.real_clock
def test_killed_at_any_statement_nothing_is_lost_or_said_twice(committed_app, monkeypatch):
    """The transaction is ended after each of its statements in turn; what is left is scanned again."""
    with committed_app.app_context():
        person = make_person("Okello", zone="UTC")
        choose(person, news="daily")
        for number in range(5):
            circular(person, str(number))
        db.session.commit()
        morning, tried = datetime(2026, 11, 24, 8, 0, tzinfo=UTC), 0
        monkeypatch.setattr("app.core.clock.now", lambda: morning)
        everything = [str(number) for number in range(5)]
        while not written(person):
            with _killed_after(tried):
                tasks.write_digests()
            said = [one for _day, lines in written(person) for one in lines]
            waiting = db.session.scalars(select(Message).where(Message.waits.is_not(None), Message.state == State.QUEUED)).all()
            assert (said, len(waiting)) in ((everything, 0), ([], 5)), tried
            tried += 1
        assert tried > 8
        assert tasks.write_digests() == 0
        assert written(person) == [("2026-11-24", everything)]


class Killed(BaseException):
    """The process is no more."""


@contextmanager
def _killed_after(statements):
    """Let so many statements through and no more, not even an end of the transaction."""
    left = [statements]

    def count(*_args):
        if left[0] == 0:
            raise Killed
        left[0] -= 1

    event.listen(db.engine, "before_cursor_execute", count)
    event.listen(db.engine, "commit", count)
    try:
        yield
    except Killed:
        pass
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
        event.remove(db.engine, "commit", count)
        db.session.rollback()


@pytest.mark.real_clock
def test_another_process_that_writes_it_is_left_alone(committed_app):
    with committed_app.app_context():
        person = make_person("Okello", zone="UTC")
        choose(person, news="daily")
        circular(person)
        db.session.commit()
        with db.engine.connect() as other:
            other.execute(text("SELECT 1 FROM mail_choices WHERE person_id = :id FOR UPDATE"), {"id": person.id})
            assert not digests.write(person.id, NOW + timedelta(days=1))
            db.session.rollback()
            other.rollback()
        assert digests.write(person.id, NOW + timedelta(days=1))
