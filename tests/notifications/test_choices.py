"""What people chose is done when a mail is written, and to what waits when they choose anew. Each refusal is a row with a reason."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from jinja2 import FileSystemLoader

from app.audit.models import AuditEntry
from app.extensions import db
from app.notifications import choices, outbox
from app.notifications.holding import hold
from app.notifications.kinds import GATHERED, KINDS, OFFERED, ONE_CLICK, Mode, Topic, topic_of
from app.notifications.models import MailChoices, Message, State
from app.notifications.outbox import Letter

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
NAIROBI = "Africa/Nairobi"
TOMORROW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # eight in Nairobi
MONDAY = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


@pytest.fixture
def person(session):
    return uuid.uuid4()


def letter(person, kind="circular", key=None, **more):
    more.setdefault("facts", {"links": {"page": "http://127.0.0.1:8000/en/x"}})
    return Letter(
        key=key or uuid.uuid4().hex,
        kind=kind,
        address="ada@ministry.example",
        locale="en",
        zone=NAIROBI,
        recipient_id=person,
        **more,
    )


def write(*letters, now=NOW):
    outbox.queue(letters, now=now)
    rows = {one.key: one for one in db.session.query(Message).filter(Message.key.in_([each.key for each in letters]))}
    for row in rows.values():
        db.session.refresh(row)
    return [rows[each.key] for each in letters]


def choose(person, until=None, now=NOW, **modes):
    wanted = {topic: Mode(modes.get(topic.value, "at_once")) for topic in OFFERED}
    choices.choose(person, wanted, until, zone=NAIROBI, by=None, now=now)


def stands(row):
    db.session.refresh(row)
    return row.state, row.suppressed_reason, row.waits, row.due_at


def test_every_mail_there_is_has_its_place_in_the_table(app):
    loader = app.jinja_loader
    assert isinstance(loader, FileSystemLoader)
    folders = {name.split("/")[1] for name in loader.list_templates() if name.startswith("emails/") and name.endswith("/body.txt")}
    assert folders == set(KINDS)


def test_what_people_registered_for_and_what_their_account_or_state_needs_can_be_neither_refused_nor_gathered(app):
    always = {Topic.INVITED, Topic.EXPRESSIONS, Topic.STATE, Topic.ACCOUNT}
    assert not always & (set(OFFERED) | GATHERED | ONE_CLICK)
    assert {kind for kind, one in KINDS.items() if one.topic not in always} == {
        "session-reminder", "session-nudge", "poll-reminder", "opinion-asked", "opinion-reminder", "pilot-due", "pilot-overdue", "pilot-overdue-lead",
        "circular", "digest",
    }  # fmt: skip
    assert all(topic_of(kind) is None for kind, one in KINDS.items() if one.topic in always)


def test_one_click_ends_announcements_calls_and_digests_alone():
    assert {Topic.NEWS, Topic.CALLS, Topic.DIGEST} == ONE_CLICK
    assert Mode.DAILY not in OFFERED[Topic.REMINDERS]


def test_who_never_chose_gets_everything_at_once(person):
    for row in write(*(letter(person, kind) for kind in KINDS)):
        assert stands(row) == (State.QUEUED, None, None, NOW)


@pytest.mark.parametrize("mode", ["daily", "weekly", "none"])
def test_nothing_a_person_chooses_touches_what_always_comes(person, mode):
    choose(person, until=date(2026, 12, 24), **{topic.value: mode for topic in OFFERED if Mode(mode) in OFFERED[topic]})
    always = [kind for kind, one in KINDS.items() if one.topic not in OFFERED]
    for row in write(*(letter(person, kind) for kind in always)):
        assert stands(row) == (State.QUEUED, None, None, NOW)


def test_a_refused_mail_is_a_row_with_its_reason_and_one_elsewhere_in_the_batch_is_not_touched(person):
    choose(person, news="none")
    other = uuid.uuid4()
    mine, theirs, nobodys = write(letter(person), letter(other), letter(None))
    assert stands(mine) == (State.SUPPRESSED, "chosen", None, NOW)
    assert stands(theirs) == stands(nobodys) == (State.QUEUED, None, None, NOW)


def test_a_circular_about_a_call_is_of_the_calls(person):
    choose(person, news="none", calls="daily")
    news, call = write(letter(person), letter(person, topic=Topic.CALLS))
    assert stands(news)[:2] == (State.SUPPRESSED, "chosen")
    assert stands(call) == (State.QUEUED, None, "daily", TOMORROW)


def test_gathered_mails_wait_for_the_next_morning_there_or_the_next_monday(person):
    choose(person, news="daily", tasks="weekly")
    news, task = write(letter(person), letter(person, "pilot-due"))
    assert stands(news) == (State.QUEUED, None, "daily", TOMORROW)
    assert stands(task) == (State.QUEUED, None, "weekly", MONDAY)


def test_what_would_be_too_late_at_the_digest_is_not_gathered(person):
    choose(person, tasks="weekly")
    soon, this_week, later = write(
        letter(person, "pilot-due", expires_at=NOW + timedelta(hours=3)),
        letter(person, "pilot-due", expires_at=NOW + timedelta(days=3)),
        letter(person, "pilot-due", expires_at=NOW + timedelta(days=9)),
    )
    assert stands(soon) == (State.QUEUED, None, None, NOW)
    assert stands(this_week) == (State.QUEUED, None, "daily", TOMORROW)
    assert stands(later) == (State.QUEUED, None, "weekly", MONDAY)


def test_a_circular_that_leaves_later_waits_at_least_until_then(person):
    choose(person, news="daily")
    (row,) = write(letter(person, due_at=NOW + timedelta(days=2)))
    assert stands(row) == (State.QUEUED, None, "daily", NOW + timedelta(days=2))
    choose(person, news="weekly")
    assert stands(row) == (State.QUEUED, None, "weekly", MONDAY)


def test_in_quiet_what_can_wait_waits_and_what_cannot_is_a_row_with_its_reason(person):
    choose(person, until=date(2026, 12, 6))
    back = datetime(2026, 12, 7, 5, 0, tzinfo=UTC)
    news, over, task, reminder = write(
        letter(person),
        letter(person, "session-reminder", expires_at=back),
        letter(person, "opinion-asked", expires_at=back + timedelta(days=1)),
        letter(person, "session-reminder", expires_at=back + timedelta(days=1)),
    )
    assert stands(news) == stands(task) == (State.QUEUED, None, "away", back)
    assert stands(over) == (State.SUPPRESSED, "quiet", None, NOW)
    assert stands(reminder) == (State.QUEUED, None, "later", back)


def test_an_address_mail_came_back_from_is_the_first_reason(person):
    db.session.execute(
        db.text("INSERT INTO address_troubles (id, address, hard_at) VALUES (:id, 'ada@ministry.example', :at)"),
        {"id": uuid.uuid4(), "at": NOW},
    )
    choose(person, news="daily")
    (row,) = write(letter(person))
    assert stands(row)[:3] == (State.SUPPRESSED, "undeliverable", None)


def test_choosing_anew_places_what_waits_anew(person):
    choose(person, news="daily")
    (row,) = write(letter(person))
    choose(person, news="weekly")
    assert stands(row) == (State.QUEUED, None, "weekly", MONDAY)
    choose(person, news="weekly", until=date(2026, 12, 6))
    assert stands(row) == (State.QUEUED, None, "away", datetime(2026, 12, 7, 5, 0, tzinfo=UTC))
    choose(person)  # back early, and at once again: one last digest, tomorrow
    assert stands(row) == (State.QUEUED, None, "daily", TOMORROW)
    choose(person, news="none")
    assert stands(row)[:3] == (State.SUPPRESSED, "chosen", None)


def test_a_reminder_that_waited_for_the_end_of_quiet_leaves_when_it_ends_early(person):
    choose(person, until=date(2026, 12, 6))
    (row,) = write(letter(person, "session-reminder", expires_at=NOW + timedelta(days=30)))
    choose(person, now=NOW + timedelta(hours=1))
    assert stands(row) == (State.QUEUED, None, None, NOW + timedelta(hours=1))


def test_who_is_in_a_hurry_breaks_nobodys_quiet(person):
    session_id, loud = uuid.uuid4(), uuid.uuid4()
    choose(person, until=date(2026, 11, 25))
    about = {"subject_kind": "session", "subject_id": session_id, "expires_at": NOW + timedelta(days=9)}
    held, free = write(letter(person, "session-reminder", **about), letter(loud, "session-reminder", **about))
    hold("session", session_id, ["session-reminder"], until=NOW + timedelta(days=8), now=NOW)
    assert outbox.send_now("session", session_id, now=NOW) == 1
    back = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
    assert stands(held) == (State.QUEUED, None, "later", back) and stands(free) == (State.QUEUED, None, None, NOW)


def test_quiet_does_not_hold_what_is_on_its_way_already(person):
    (row,) = write(letter(person))
    choose(person, until=date(2026, 12, 6))
    assert stands(row) == (State.QUEUED, None, None, NOW)


def test_a_change_is_one_line_of_the_log_and_the_same_choice_again_is_none(person):
    choose(person, news="none", tasks="daily")
    choose(person, news="none", tasks="daily")
    (line,) = db.session.query(AuditEntry).filter_by(object_id=person).all()
    assert (line.action, line.changes) == (
        "person.mails_chosen", {"mails_tasks": ["at_once", "daily"], "mails_news": ["at_once", "none"]},
    )  # fmt: skip


@pytest.mark.parametrize("topic", sorted(ONE_CLICK - {Topic.DIGEST}))
def test_one_click_ends_a_topic_with_what_waits_of_it_and_nothing_else(person, topic):
    other = Topic.CALLS if topic is Topic.NEWS else Topic.NEWS
    gone, stays, task = write(letter(person, topic=topic), letter(person, topic=other), letter(person, "pilot-due"))
    choices.stop(person, topic, now=NOW)
    choices.stop(person, topic, now=NOW)
    assert stands(gone)[:2] == (State.SUPPRESSED, "unsubscribed")
    assert stands(stays) == stands(task) == (State.QUEUED, None, None, NOW)
    (again,) = write(letter(person, topic=topic))
    assert stands(again)[:2] == (State.SUPPRESSED, "unsubscribed")
    assert db.session.get(MailChoices, person).modes == {topic.value: "left"}
    assert db.session.query(AuditEntry).filter_by(object_id=person, action="person.mails_left").count() == 1


def test_what_a_sender_has_in_its_hands_is_marked(person):
    (row,) = write(letter(person))
    row.state, row.lease_token, row.lease_until = State.SENDING, uuid.uuid4(), NOW + timedelta(minutes=1)
    db.session.flush()
    choices.stop(person, Topic.NEWS, now=NOW)
    db.session.refresh(row)
    assert (row.state, row.withdrawn_at) == (State.SENDING, NOW)


def test_who_ends_the_digests_gets_the_tasks_one_by_one_and_circulars_no_more(person):
    choose(person, tasks="daily", news="daily", calls="weekly", reminders="none")
    task, news, call = write(letter(person, "pilot-due"), letter(person), letter(person, topic=Topic.CALLS))
    choices.stop(person, Topic.DIGEST, now=NOW)
    assert db.session.get(MailChoices, person).modes == {"news": "left", "calls": "left", "reminders": "none"}
    assert stands(task) == (State.QUEUED, None, None, NOW)
    assert stands(news)[:2] == stands(call)[:2] == (State.SUPPRESSED, "unsubscribed")


def test_what_a_digest_did_not_say_goes_where_its_reader_is_now(person):
    (task,) = write(letter(person, "pilot-due"))
    (digest,) = write(letter(person, "digest", facts={}))
    task.state, task.suppressed_reason, task.digest_id = State.SUPPRESSED, "in_digest", digest.id
    db.session.flush()
    outbox.readdress(person, "ada@new.example", now=NOW)
    choices.stop(person, Topic.DIGEST, now=NOW)
    again = db.session.query(Message).filter_by(resend_of=task.id).one()
    assert (again.address, again.state) == ("ada@new.example", State.QUEUED)
    assert stands(digest)[:2] == (State.SUPPRESSED, "unsubscribed")


def test_links_open_one_persons_choices_until_they_are_ended(person):
    from app.core.signing import sign
    from app.notifications.signed import FIRST_NONCE, PURPOSE

    first = sign(PURPOSE, person, FIRST_NONCE)
    assert choices.person_of(first) == person
    assert choices.person_of(first, "stop-news") is None
    assert choices.person_of(sign("answer", person, FIRST_NONCE)) is None
    choices.renew(person, by=None, now=NOW)
    assert choices.person_of(first) is None
    assert choices.person_of(sign(PURPOSE, person, choices.nonce_of(person))) == person


@pytest.mark.parametrize(
    ("zone", "now", "digested", "expected"),
    [
        ("Asia/Kathmandu", NOW, None, datetime(2026, 11, 24, 2, 15, tzinfo=UTC)),  # +05:45
        ("Pacific/Apia", NOW, None, datetime(2026, 11, 23, 19, 0, tzinfo=UTC)),
        (
            "Europe/Berlin",
            datetime(2027, 3, 27, 12, tzinfo=UTC),
            None,
            datetime(2027, 3, 28, 6, 0, tzinfo=UTC),
        ),  # clocks went ahead
        ("Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC), None, datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),  # and back
        ("UTC", NOW, date(2026, 11, 24), datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        ("UTC", datetime(2026, 11, 23, 8, 0, tzinfo=UTC), None, datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
    ],
)
def test_the_next_morning(zone, now, digested, expected):
    assert choices.next_morning(zone, now, digested) == expected


def test_many_choosers_cost_the_statement_of_a_bulk_insert_nothing_more(person, statements):
    people = [uuid.uuid4() for _ in range(50)]
    for one in people:
        choose(one, news="daily")
    statements.clear()
    outbox.queue([letter(one) for one in people], now=NOW)
    assert len([s for s in statements if "INSERT INTO messages" in s]) == 1
    assert len(statements) == 1
