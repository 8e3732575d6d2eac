"""A series planned as a whole: its dates, the hours that clocks skip or show twice, and what each session is of its own."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges import rules
from app.exchanges.models import Exchange, Invitation, PeerSession, SessionStatus
from app.exchanges.rules.series import days_of, walls_of
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_invitation, make_plan, make_session

WORKDAYS = frozenset(range(5))
TUESDAY = frozenset({1})


def make_series(**fields):
    """Four Tuesdays of spring 2027 at 14:00 in Berlin."""
    session = {
        name: fields.pop(name) for name in ("zone", "minutes", "titles", "capacity", "grounds", "invite_accepted") if name in fields
    }
    hour = fields.pop("hour", (14, 0))
    fields.setdefault("count", 4)
    fields.setdefault("weekdays", TUESDAY)
    fields.setdefault("first_day", date(2027, 3, 1))
    fields.setdefault("last_day", date(2027, 4, 30))
    session.setdefault("zone", "Europe/Berlin")
    start = datetime(fields["first_day"].year, fields["first_day"].month, fields["first_day"].day, *hour)
    return rules.SeriesPlan(session=make_plan(local_start=start, **session), **fields)


@pytest.fixture
def exchange(session):
    made = rules.create_exchange(rules.ExchangePlan(themes={"en": "Families"}), by=None, now=NOW)
    session.flush()
    return made


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
@settings(max_examples=150, deadline=None)
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


# ---------------------------------------------------------------- moving and cancelling


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
    from tests.factories.exchanges import mark_sent

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
    from tests.factories.exchanges import mark_sent

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
    from tests.factories.exchanges import mark_sent

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
    minute=some.integers(0, 1439), shift=some.integers(-40 * 1440, 400 * 1440), weeks=some.integers(1, 9),
)  # fmt: skip
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_moving_together_keeps_the_distances_on_the_clocks_whatever_the_zones(zones, day, minute, shift, weeks):
    start = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    rows = [
        PeerSession(id=Invitation().id, local_start=start + timedelta(weeks=n * weeks), zone=zone, version=1)
        for n, zone in enumerate(zones)
    ]
    for n, row in enumerate(rows):
        row.id = f"s{n}"
    to = start + timedelta(minutes=shift)
    if not shift:
        with pytest.raises(RuleBroken):
            rules.shifted(rows, to, {})
        return
    walls = rules.shifted(rows, to, {})
    assert [w.asked - walls[0].asked for w in walls] == [row.local_start - rows[0].local_start for row in rows]
    decided = rules.shifted(rows, to, {w.key: w.choices[0][0] for w in walls if w.is_open})
    for wall in decided:
        assert wall.starts_at is not None
        shown = wall.starts_at.astimezone(__import__("zoneinfo").ZoneInfo(wall.zone)).replace(tzinfo=None)
        assert shown == wall.local  # what a clock there shows, by an independent way
        assert (wall.local == wall.asked) == (wall.question != "gap")
        assert wall.local >= wall.asked
