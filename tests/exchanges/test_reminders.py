"""Reminders by scan: each said once, at the right moment, never for what moved, ended or was given up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.exchanges import reminders, rules
from app.exchanges.models import Answer, Audience, Capacity, Route
from app.notifications.models import Message, State
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_invitation, make_plan, make_session, mark_sent, minutes

DAY = 24 * 60


@pytest.fixture
def row(session):
    return make_session()


def seated(row, now=NOW):
    invitation = make_invitation(row)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=now)
    return invitation


def before(row, count):
    return row.starts_at - minutes(count)


def said(session):
    rows = session.scalars(select(Message).where(Message.kind.in_(("session-reminder", "session-nudge"))))
    return sorted(m.key for m in rows)


def key(kind, invitation, span, version=1):
    return f"session-{kind}:{invitation.id}:{span}:{version}"


def test_seat_holders_are_reminded_seven_days_one_day_and_one_hour_before(session, row):
    holder = seated(row)
    make_invitation(row, capacity=Capacity.INFORMATION)
    expected = []
    for span in (7 * DAY, DAY, 60):
        assert reminders.queue_due(before(row, span + 1)) == 0
        assert reminders.queue_due(before(row, span)) == 1
        expected.append(key("reminder", holder, span))
        assert said(session) == sorted(expected)
    last = session.scalars(select(Message).where(Message.key == key("reminder", holder, 60))).one()
    assert (last.expires_at, last.ical_method) == (row.starts_at, None)


def test_running_it_twice_says_it_once(session, row):
    seated(row)
    assert [reminders.queue_due(before(row, DAY)) for _ in range(3)] == [1, 0, 0]
    assert [reminders.queue_due(before(row, DAY - 5)) for _ in range(2)] == [0, 0]


def test_one_nudge_five_days_before_to_those_who_have_not_answered(session, row):
    silent = make_invitation(row)
    seated(row)
    refused = make_invitation(row)
    rules.respond(refused, answer=Answer.NO, route=Route.PAGE, now=NOW)
    make_invitation(row, capacity=Capacity.INFORMATION)
    gone = make_invitation(row)
    rules.uninvite(gone, tell=False, by=None, now=NOW)
    assert reminders.queue_due(before(row, 5 * DAY)) == 1
    assert said(session) == [key("nudge", silent, 5 * DAY)]


def test_after_downtime_what_is_still_worth_saying_is_said_and_the_rest_is_not(session, row):
    holder = seated(row)
    assert reminders.queue_due(before(row, 7 * DAY) + timedelta(hours=13)) == 0  # more than twelve hours late
    assert reminders.queue_due(before(row, DAY) + timedelta(hours=11)) == 1
    assert reminders.queue_due(before(row, 60) + minutes(31)) == 0  # more than half of its hour late
    assert said(session) == [key("reminder", holder, DAY)]


@pytest.mark.line("N4")
def test_nothing_after_the_start_and_nothing_for_a_cancelled_session(session, row):
    seated(row)
    assert reminders.queue_due(row.starts_at) == 0
    rules.cancel(row, reason="", tell=True, version=row.version, by=make_person(), now=NOW)
    assert reminders.queue_due(before(row, 60)) == 0
    assert said(session) == []


def test_a_moved_session_is_told_again_and_not_for_moments_of_before_the_move(session, row):
    holder = seated(row)
    assert reminders.queue_due(before(row, 7 * DAY)) == 1
    moved_at = before(row, 7 * DAY) + minutes(5)
    plan = make_plan(local_start=row.local_start + timedelta(hours=1))
    rules.change(row, plan, version=row.version, tell=False, by=make_person(), now=moved_at)
    assert reminders.queue_due(before(row, 7 * DAY)) == 1
    assert said(session) == sorted([key("reminder", holder, 7 * DAY), key("reminder", holder, 7 * DAY, 2)])
    sooner = make_plan(local_start=row.local_start - timedelta(days=3))
    rules.change(row, sooner, version=row.version, tell=False, by=make_person(), now=before(row, 7 * DAY) + minutes(9))
    assert reminders.queue_due(before(row, 7 * DAY)) == 0  # its moment lies before the move


def test_who_took_a_seat_after_the_moment_is_not_reminded_at_once(session, row):
    seated(row, before(row, DAY) + minutes(10))
    assert reminders.queue_due(before(row, DAY) + minutes(11)) == 0
    assert reminders.queue_due(before(row, 60)) == 1


def test_a_seat_given_up_takes_the_waiting_reminder_with_it(session, row):
    holder = seated(row)
    mark_sent()
    reminders.queue_due(before(row, DAY))
    rules.respond(holder, answer=Answer.NO, route=Route.PAGE, now=before(row, DAY) + minutes(1))
    assert session.scalars(select(Message.state).where(Message.kind == "session-reminder")).all() == [State.CANCELLED]


def test_the_rules_of_a_session_can_be_changed(session, row):
    holder = seated(row)
    plan = make_plan(reminders=((2 * DAY, Audience.SEAT_HOLDERS), (60, Audience.SEAT_HOLDERS)))
    rules.change(row, plan, version=row.version, tell=False, by=make_person(), now=NOW)
    assert [reminders.queue_due(before(row, span)) for span in (7 * DAY, 2 * DAY, DAY, 60)] == [0, 1, 0, 1]
    assert said(session) == sorted([key("reminder", holder, 2 * DAY), key("reminder", holder, 60)])


def test_a_clock_that_jumps_can_stop_at_each_moment_between(session, row):
    seated(row)
    moments = reminders.moments_between(NOW, row.starts_at)
    assert moments == [before(row, span) for span in (7 * DAY, 5 * DAY, DAY, 60)]
    assert sum(reminders.queue_due(m) for m in moments) == 3


def test_a_large_session_is_worked_through_in_batches(session, row):
    for _ in range(5):
        seated(row)
    counts = []
    while written := reminders.queue_due(before(row, DAY), most=2):
        counts.append(written)
    assert counts == [2, 2, 1]
    assert datetime.fromisoformat("2026-12-07T13:00:00+00:00") == row.starts_at
