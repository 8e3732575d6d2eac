"""Letters become rows with their fact: once, in bulk, replaced or taken back until a sender has them."""

import time
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.core.db import uuid7
from app.notifications import outbox
from app.notifications.models import MOVES, Message, MessageFacts, State
from app.notifications.outbox import Letter
from tests.factories.notifications import make_letter, put_in_state


def rows(session):
    session.expire_all()
    return list(session.scalars(select(Message).order_by(Message.key)))


def test_a_letter_becomes_a_row_with_every_fact(session, now):
    person, subject = uuid7(), uuid7()
    letter = Letter(
        key="session-invite:1:1", kind="session-invite", address=" a.morrow@alvania.example ", locale="fr", zone="Africa/Nairobi",
        facts={"links": {"yes": "https://x.example/a"}, "at": now}, recipient_id=person, recipient_name="Adaeze Morrow",
        salutation="Madame la Ministre", priority=0, thread="invitation:1", in_reply_to="<a@x.example>",
        subject_kind="session", subject_id=subject, subject_revision=3, ical_method="REQUEST", ical_uid="session-1@x.example",
        ical_sequence=2, dtstamp=now, due_at=now + timedelta(minutes=2), expires_at=now + timedelta(days=1), at_most_once=True,
    )  # fmt: skip
    assert outbox.queue(letter, now=now) == 1
    (row,) = rows(session)
    assert (row.state, row.address, row.locale, row.zone) == (State.QUEUED, "a.morrow@alvania.example", "fr", "Africa/Nairobi")
    assert row.facts == {"links": {"yes": "https://x.example/a"}, "at": "2026-11-23T09:00:00+00:00"}
    assert (row.recipient_id, row.recipient_name, row.salutation) == (person, "Adaeze Morrow", "Madame la Ministre")
    assert (row.subject_kind, row.subject_id, row.subject_revision) == ("session", subject, 3)
    assert (row.ical_method, row.ical_uid, row.ical_sequence, row.dtstamp) == ("REQUEST", "session-1@x.example", 2, now)
    assert (row.due_at, row.expires_at) == (now + timedelta(minutes=2), now + timedelta(days=1))
    assert (row.priority, row.at_most_once, row.attempts, row.created_at) == (0, True, 0, now)
    assert (row.thread, row.in_reply_to) == ("invitation:1", "<a@x.example>")


def test_the_same_key_twice_is_one_row(session, now):
    assert outbox.queue([make_letter(key="a"), make_letter(key="b")], now=now) == 2
    assert outbox.queue([make_letter(key="b", address="other@x.example"), make_letter(key="c")], now=now) == 1
    assert [(r.key, r.address) for r in rows(session)][1] == ("b", "recipient@alvania.example")


def test_common_facts_are_stored_once_for_all_and_again_for_nobody(session, now):
    common = {"titles": {"en": "Family reunification"}}
    outbox.queue([make_letter(key=f"k{n}", common=common) for n in range(5)], now=now)
    outbox.queue(make_letter(key="later", common={"titles": {"en": "Family reunification"}}), now=now)
    stored = list(session.scalars(select(MessageFacts)))
    assert [f.facts for f in stored] == [common]
    assert {r.common_id for r in rows(session)} == {stored[0].id}


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "no_address"), ("  ", "no_address"), ("nobody", "bad_address"), ("a@x.example\r\nBcc: b@x.example", "bad_address"),
        ("a@x.example,b@x.example", "bad_address"), ("A <a@x.example>", "bad_address"), ("a b@x.example", "bad_address"),
        ("a@" + "x" * 300 + ".example", "bad_address"), ("@x.example", "bad_address"), ("a@x@y.example", "bad_address"),
    ],
)  # fmt: skip
def test_who_cannot_be_reached_gets_a_row_that_says_so(session, now, address, reason):
    outbox.queue(make_letter(address=address), now=now)
    (row,) = rows(session)
    assert (row.state, row.suppressed_reason) == (State.SUPPRESSED, reason)


@pytest.mark.parametrize("address", ["o'neil+x@sub.x.example", '"john doe"@x.example', "ünal@x.example", "a@münchen.example"])
def test_unusual_addresses_are_queued(session, now, address):
    outbox.queue(make_letter(address=address), now=now)
    (row,) = rows(session)
    assert (row.state, row.address) == (State.QUEUED, address)


def test_a_nul_in_a_fact_is_dropped_and_the_rest_kept(session, now):
    outbox.queue(make_letter(facts={"a": "x\0y", "b": ["\0", {"c": "\\u0000"}]}, recipient_name="N\0N"), now=now)
    (row,) = rows(session)
    assert row.facts == {"a": "xy", "b": ["", {"c": "\\u0000"}]} and row.recipient_name == "NN"


def test_a_time_without_zone_is_refused(session, now):
    with pytest.raises(ValueError, match="without a zone"):
        outbox.queue(make_letter(facts={"at": now.replace(tzinfo=None)}), now=now)


def test_ten_thousand_letters_cost_half_a_second(session, now):
    common = {"titles": {"en": "Family reunification", "ar": "لم شمل الأسرة"}, "agendas": {"en": "x" * 2000}}
    letters = [
        make_letter(
            key=f"session-invite:{n}:1", common=common, recipient_id=uuid.uuid4(), facts={"links": {"yes": "https://x/" + "a" * 54}}
        )
        for n in range(10_000)
    ]
    before = time.process_time()
    start = time.perf_counter()
    assert outbox.queue(letters, now=now) == 10_000
    print(f"\n10,000 rows: {time.perf_counter() - start:.2f} s, {time.process_time() - before:.2f} CPU-s here")
    assert time.process_time() - before < 2.0
    assert session.scalar(text("SELECT count(*) FROM messages WHERE state = 'queued'")) == 10_000


@pytest.mark.line("D6")
def test_d6_a_later_edit_replaces_the_row_that_waits(session, now):
    late = now + timedelta(minutes=2)
    old = [make_letter(key=f"u:{n}:1", thread=f"invitation:{n}", due_at=late) for n in (1, 2)]
    other = make_letter(key="r:1", kind="session-reminder", thread="invitation:1")
    outbox.queue([*old, other], now=now)
    new = [make_letter(key=f"u:{n}:2", thread=f"invitation:{n}", due_at=late) for n in (1, 2)]
    assert outbox.replace_waiting(new, now=now) == 2
    assert {r.key: r.state for r in rows(session)} == {
        "u:1:1": State.CANCELLED, "u:2:1": State.CANCELLED, "u:1:2": State.QUEUED, "u:2:2": State.QUEUED, "r:1": State.QUEUED,
    }  # fmt: skip
    assert outbox.replace_waiting(new, now=now) == 0  # told twice, nothing changes
    assert {r.key for r in rows(session) if r.state == State.QUEUED} == {"u:1:2", "u:2:2", "r:1"}
    with pytest.raises(ValueError, match="thread"):
        outbox.replace_waiting(make_letter(), now=now)


def test_f10_taking_back_cancels_what_waits_and_marks_what_is_being_sent(session, now):
    subject, other, person = uuid7(), uuid7(), uuid7()
    base = {"subject_kind": "session", "subject_id": subject}
    outbox.queue(
        [
            make_letter(key="a", **base, recipient_id=person),
            make_letter(key="b", **base, kind="session-reminder"),
            make_letter(key="c", **base),
            make_letter(key="d", subject_kind="session", subject_id=other),
            make_letter(key="e", **base),
        ],
        now=now,
    )
    put_in_state(session, "c", State.SENDING, now)
    put_in_state(session, "e", State.SENDING, now)
    put_in_state(session, "e", State.SENT, now)
    assert outbox.cancel_waiting("session", subject, kinds=["session-reminder"], now=now) == 1
    assert outbox.cancel_waiting("session", subject, recipient_ids=[person], now=now) == 1
    assert outbox.cancel_waiting("session", subject, now=now) == 1
    found = {r.key: (r.state, r.withdrawn_at) for r in rows(session)}
    assert found == {
        "a": (State.CANCELLED, None), "b": (State.CANCELLED, None), "c": (State.SENDING, now),
        "d": (State.QUEUED, None), "e": (State.SENT, None),
    }  # fmt: skip


def test_send_now_brings_the_hour_forward(session, now):
    subject = uuid7()
    outbox.queue(make_letter(subject_kind="session", subject_id=subject, due_at=now + timedelta(minutes=2)), now=now)
    assert outbox.send_now("session", subject, now=now) == 1
    assert rows(session)[0].due_at == now
    assert outbox.send_now("session", subject, now=now) == 0


def test_send_again_is_a_new_row_with_the_same_facts_and_uid(session, now):
    outbox.queue(make_letter(key="k", ical_uid="session-1@x.example", ical_sequence=4, dtstamp=now, facts={"a": 1}), now=now)
    put_in_state(session, "k", State.FAILED, now)
    (row,) = rows(session)
    later = now + timedelta(hours=1)
    again = session.get(Message, outbox.send_again(row, now=later))
    assert (again.key, again.state, again.resend_of, again.due_at) == ("k:again-1", State.QUEUED, row.id, later)
    assert (again.facts, again.ical_uid, again.ical_sequence, again.dtstamp) == ({"a": 1}, "session-1@x.example", 4, later)
    assert row.state == State.FAILED
    assert session.get(Message, outbox.send_again(row, now=later)).key == "k:again-2"


def test_a_rolled_back_fact_says_nothing(session, now):
    with session.begin_nested() as nested:
        outbox.queue(make_letter(), now=now)
        nested.rollback()
    assert rows(session) == []


@pytest.mark.parametrize("start", State)
@pytest.mark.parametrize("end", State)
def test_the_database_allows_only_the_listed_moves(session, now, start, end):
    outbox.queue(make_letter(key="k"), now=now)
    put_in_state(session, "k", start, now)
    statement = text("UPDATE messages SET state = :end, lease_token = :t, lease_until = :now, sent_at = :now")
    values = {"end": end, "t": uuid7(), "now": now}
    if start == end or end in MOVES[start]:
        session.execute(statement, values)
        assert rows(session)[0].state == end
    else:
        with pytest.raises(IntegrityError, match="cannot go from"), session.begin_nested():
            session.execute(statement, values)
        assert rows(session)[0].state == start


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.SUPPRESSED}))
def test_a_message_begins_queued_or_suppressed_and_nothing_else(session, now, state):
    with pytest.raises(IntegrityError, match="cannot begin"), session.begin_nested():
        session.add(
            Message(
                key="x",
                kind="k",
                address="a@x.example",
                locale="en",
                zone="UTC",
                due_at=now,
                state=state,
                lease_token=uuid7(),
                lease_until=now,
                sent_at=now,
            )
        )
        session.flush()
    assert rows(session) == []
