"""A session moves or ends with all that follow it: each by itself, in its own zone, with its own entry and its own mail."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges import rules
from app.exchanges.models import PeerSession, SessionStatus
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_invitation, make_series, mark_sent


@pytest.fixture
def series(session, exchange):
    made, _ = rules.plan_series(exchange, make_series(), {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    return made


def move(rows, to, answers=None, *, tell=True, following=True, now=NOW):
    return rules.move(
        rows[0], to, answers or {}, following=following, seen=rules.seen_as(rules.in_reach(rows[0], now, following=following)),
        tell=tell, by=make_person(), now=now,
    )  # fmt: skip


def stand(rows):
    return [(row.local_start, row.sequence, row.schedule_version) for row in rows]


def test_moving_one_and_all_that_follow_shifts_what_clocks_show_and_raises_each_sequence_once(session, series):
    before = [row.local_start for row in series]
    done = move(series[1:], before[1] + timedelta(days=1, hours=2))
    assert (done.sessions, done.told) == (3, 0)
    shift = timedelta(days=1, hours=2)
    assert stand(series) == [(before[0], 0, 1)] + [(was + shift, 1, 2) for was in before[1:]]
    assert [row.starts_at.hour for row in series] == [13, 15, 14, 14]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "exchange.sessions_moved")).one()
    assert entry.changes == {"sessions": [None, 3]}


def test_moving_one_leaves_those_that_follow(session, series):
    before = stand(series)
    move(series, series[0].local_start + timedelta(hours=1), following=False)
    assert stand(series)[1:] == before[1:]
    assert series[0].sequence == 1


def test_everybody_gets_one_update_for_each_of_their_sessions(session, series):
    twice, once, none = make_person("Twice"), make_person("Once"), make_person("None")
    for row in series[1:3]:
        make_invitation(row, twice)
    make_invitation(series[2], once)
    make_invitation(series[0], none)
    mark_sent()
    done = move(series[1:], series[1].local_start + timedelta(hours=1))
    updates = session.scalars(select(Message).where(Message.kind == "session-update")).all()
    assert Counter((m.recipient_id, m.subject_id) for m in updates) == {
        (twice.id, series[1].id): 1, (twice.id, series[2].id): 1, (once.id, series[2].id): 1,
    }  # fmt: skip
    assert {m.ical_sequence for m in updates} == {1}
    assert len({m.thread for m in updates}) == 3
    assert done.told == 3


def test_nobody_is_told_where_that_was_chosen(session, series):
    make_invitation(series[1])
    mark_sent()
    assert move(series[1:], series[1].local_start + timedelta(hours=1), tell=False).told == 0
    assert session.scalars(select(Message).where(Message.kind == "session-update")).all() == []


def test_what_is_over_cancelled_or_before_is_not_moved(session, series):
    rules.cancel(series[2], reason="", tell=False, version=series[2].version, by=make_person(), now=NOW)
    assert rules.in_reach(series[1], NOW, following=True) == [series[1], series[3]]
    after = series[1].ends_at + timedelta(minutes=1)
    with pytest.raises(RuleBroken) as refused:
        move(series[1:], series[1].local_start + timedelta(days=60), now=after)
    assert "This session is over." in str(refused.value.message)


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        (None, "This is the day and hour it has now."),
        (datetime(2026, 1, 1, 9, 0), "Enter a start that is still to come."),
        (datetime(2099, 1, 1, 9, 0), "Enter a start within the next ten years."),
        (datetime(9999, 12, 31, 9, 0), "Enter a start within the next ten years."),
    ],
)
def test_a_move_to_nowhere_is_refused_at_its_field_and_moves_nothing(session, series, to, sentence):
    before = stand(series)
    with session.begin_nested() as nested:
        with pytest.raises(RuleBroken) as refused:
            move(series, to or series[0].local_start)
        nested.rollback()
    assert (refused.value.field, sentence in str(refused.value.message)) == ("start_date", True)
    assert stand(series) == before


def test_a_gap_and_a_fold_of_a_session_that_follows_are_asked_for_by_the_session(session, exchange):
    plan = make_series(weekdays=frozenset({6}), first_day=date(2027, 3, 14), last_day=date(2027, 4, 4), count=4)
    rows, _ = rules.plan_series(exchange, plan, {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    to = rows[0].local_start.replace(hour=2, minute=30)
    with pytest.raises(RuleBroken) as refused:
        move(rows, to)
    assert refused.value.field == f"clock-{rows[2].id}"
    with pytest.raises(RuleBroken):  # no session of a series is left out by a move
        move(rows, to, {str(rows[2].id): "leave"})
    move(rows, to, {str(rows[2].id): "next"})
    assert [row.local_start.hour * 60 + row.local_start.minute for row in rows] == [150, 150, 180, 150]


def test_who_looked_at_other_sessions_than_there_are_now_is_refused(session, series):
    seen = rules.seen_as(rules.in_reach(series[1], NOW, following=True))
    rules.cancel(series[3], reason="", tell=False, version=series[3].version, by=make_person(), now=NOW)
    before = stand(series)
    to = series[1].local_start + timedelta(hours=1)
    for press in (
        lambda: rules.move(series[1], to, {}, following=True, seen=seen, tell=False, by=make_person(), now=NOW),
        lambda: rules.cancel_together(series[1], following=True, reason="", seen=seen, tell=False, by=make_person(), now=NOW),
    ):
        with pytest.raises(RuleBroken) as refused:
            press()
        assert "Somebody else changed these sessions" in str(refused.value.message)
    assert stand(series) == before


def test_cancelling_all_that_follow_tells_each_invited_person_once_for_each(session, series):
    person = make_person("Twice")
    for row in series:
        make_invitation(row, person)
    mark_sent()
    done = rules.cancel_together(
        series[2], following=True, reason="Strike", seen=rules.seen_as(rules.in_reach(series[2], NOW, following=True)), tell=True,
        by=make_person(), now=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert (done.sessions, done.told) == (2, 2)
    assert [row.status.value for row in series] == ["scheduled", "scheduled", "cancelled", "cancelled"]
    mails = session.scalars(select(Message).where(Message.ical_method == "CANCEL")).all()
    assert {(m.subject_id, m.ical_sequence) for m in mails} == {(series[2].id, 1), (series[3].id, 1)}


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Santiago",
)


@given(
    zones=some.lists(some.sampled_from(ZONES), min_size=2, max_size=5), day=some.dates(date(2027, 1, 1), date(2033, 1, 1)),
    minute=some.integers(0, 1439), shift=some.integers(-40 * 1440, 400 * 1440).filter(bool), weeks=some.integers(1, 9),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_moving_together_keeps_the_distances_on_the_clocks_whatever_the_zones(zones, day, minute, shift, weeks):
    start = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    rows = [PeerSession(id=f"{n}", local_start=start + timedelta(weeks=n * weeks), zone=zone) for n, zone in enumerate(zones)]
    walls = rules.shifted(rows, start + timedelta(minutes=shift), {})
    assert [w.asked - walls[0].asked for w in walls] == [row.local_start - rows[0].local_start for row in rows]
    for wall in rules.shifted(rows, start + timedelta(minutes=shift), {w.key: w.choices[-1][0] for w in walls if w.is_open}):
        assert wall.starts_at is not None
        shown = wall.starts_at.astimezone(zoneinfo.ZoneInfo(wall.zone)).replace(tzinfo=None)  # an independent way back
        assert shown == wall.local >= wall.asked
        assert (wall.local > wall.asked) == (wall.question == "gap")
