"""A series planned as a whole: its dates, the hours that clocks skip or show twice, and what each session is of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges import rules
from app.exchanges.models import Exchange, PeerSession, SessionStatus
from app.exchanges.rules.series import days_of, walls_of
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_series, make_session


def test_the_dates_are_spread_from_the_first_to_the_last_that_fits():
    assert days_of(make_series()) == [date(2027, 3, 2), date(2027, 3, 23), date(2027, 4, 6), date(2027, 4, 27)]
    assert days_of(make_series(count=1)) == [date(2027, 3, 2)]


def test_a_rhythm_counts_weeks_from_that_of_the_first_date():
    assert days_of(make_series(rhythm=rules.Rhythm.SECOND_WEEK)) == [
        date(2027, 3, 2), date(2027, 3, 16), date(2027, 3, 30), date(2027, 4, 13),
    ]  # fmt: skip
    both = make_series(rhythm=rules.Rhythm.WEEKLY, weekdays=frozenset({1, 3}), count=3)
    assert days_of(both) == [date(2027, 3, 2), date(2027, 3, 4), date(2027, 3, 9)]


@given(
    count=some.integers(1, 30), weekdays=some.frozensets(some.integers(0, 6), min_size=1), first=some.dates(date(2027, 1, 1), date(2030, 1, 1)),
    length=some.integers(0, 800), rhythm=some.sampled_from(list(rules.Rhythm)),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_date_fits_in_rising_order_or_the_series_is_refused(count, weekdays, first, length, rhythm):
    plan = make_series(count=count, weekdays=weekdays, first_day=first, last_day=first + timedelta(days=length), rhythm=rhythm)
    try:
        days = days_of(plan)
    except RuleBroken as refused:
        assert refused.field == "last_day"
        assert sum(1 for n in range(length + 1) if (first + timedelta(days=n)).weekday() in weekdays) < count * 4 * max(
            len(weekdays), 1
        )
        return
    assert len(days) == len(set(days)) == count
    assert days == sorted(days)
    assert all(first <= day <= first + timedelta(days=length) and day.weekday() in weekdays for day in days)


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"count": 0}, "count", "Enter a number of sessions from 1 to 52."),
        ({"count": 60}, "count", "Enter a number of sessions from 1 to 52."),
        ({"weekdays": frozenset()}, "weekdays", "Choose at least one day of the week."),
        ({"last_day": date(2027, 2, 1)}, "last_day", "The last date comes before the first. Enter a later one."),
        ({"last_day": date(2031, 2, 1)}, "last_day", "Enter two dates that are at most three years apart."),
        ({"last_day": date(2027, 3, 20)}, "last_day", "4 sessions are too many: 3 such days lie between these dates."),
        ({"first_day": date(2026, 11, 1), "last_day": date(2027, 1, 1)}, "first_day", "Enter a start that is still to come."),
        ({"zone": "Mars/Base"}, "zone", "Choose a time zone from the list."),
        ({"minutes": 2}, "minutes", "Enter a length between 5 and 1440 minutes."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_planned(session, exchange, fields, field, sentence):
    with pytest.raises(RuleBroken) as refused:
        rules.plan_series(exchange, make_series(**fields), {}, status=SessionStatus.DRAFT, by=make_person(), now=NOW)
    assert refused.value.field == field
    assert sentence in str(refused.value.message)
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 0


def test_each_session_has_its_own_entry_and_the_same_hour_on_the_clocks_of_its_zone(session, exchange):
    made, _ = rules.plan_series(exchange, make_series(), {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    assert len({row.uid for row in made}) == 4
    assert [row.local_start.time().isoformat() for row in made] == ["14:00:00"] * 4
    assert [row.starts_at.hour for row in made] == [13, 13, 12, 12]  # clocks in Berlin go forward on 28 March
    assert [row.titles["en"][-3:] for row in made] == ["(1)", "(2)", "(3)", "(4)"]
    assert {row.status for row in made} == {SessionStatus.SCHEDULED}
    assert all(len(row.reminder_rules) == 4 for row in made)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "exchange.series_planned")).one()
    assert entry.changes["sessions"] == [None, 4]
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_more_sessions_go_on_counting_and_make_an_exchange_of_one_stand_by_itself(session):
    row = make_session()
    assert row.exchange.made_for_session
    made, _ = rules.plan_series(row.exchange, make_series(count=2), {}, status=SessionStatus.DRAFT, by=make_person(), now=NOW)
    assert [one.titles["en"][-3:] for one in made] == ["(2)", "(3)"]
    assert not session.get_one(Exchange, row.exchange_id).made_for_session


def test_an_hour_that_does_not_happen_is_asked_for_by_its_date(session, exchange):
    plan = make_series(weekdays=frozenset({6}), first_day=date(2027, 3, 21), last_day=date(2027, 4, 4), count=3, hour=(2, 30))
    by = make_person()
    walls = walls_of(plan, {}, NOW)
    assert [wall.is_open for wall in walls] == [False, True, False]
    with pytest.raises(RuleBroken) as refused:
        rules.plan_series(exchange, plan, {}, status=SessionStatus.DRAFT, by=by, now=NOW)
    assert refused.value.field == "clock-2027-03-28"
    made, _ = rules.plan_series(exchange, plan, {"2027-03-28": "next"}, status=SessionStatus.DRAFT, by=by, now=NOW)
    assert [row.local_start.time().isoformat() for row in made] == ["02:30:00", "03:00:00", "02:30:00"]
    without, _ = rules.plan_series(exchange, plan, {"2027-03-28": "leave"}, status=SessionStatus.DRAFT, by=by, now=NOW)
    assert [row.local_start.date() for row in without] == [date(2027, 3, 21), date(2027, 4, 4)]
    with pytest.raises(RuleBroken):  # what nobody offered is no answer
        rules.plan_series(exchange, plan, {"2027-03-28": "0"}, status=SessionStatus.DRAFT, by=by, now=NOW)


def test_an_hour_that_happens_twice_is_asked_for_by_its_date(session, exchange):
    plan = make_series(weekdays=frozenset({6}), first_day=date(2027, 10, 24), last_day=date(2027, 11, 7), count=3, hour=(2, 30))
    for answer, hour in (("0", 0), ("1", 1)):
        made, _ = rules.plan_series(exchange, plan, {"2027-10-31": answer}, status=SessionStatus.DRAFT, by=make_person(), now=NOW)
        assert made[1].starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
        assert made[1].fold == int(answer)
    assert walls_of(plan, {"2027-10-31": "next"}, NOW)[1].is_open
