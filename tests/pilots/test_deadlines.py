"""On track, due soon, overdue, done: derived in Python and in SQL alike, by the working days of the State."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Organisation
from app.pilots import deadlines, rules
from app.pilots.deadlines import Progress, Standing
from app.pilots.models import Milestone, Pilot
from app.pilots.timeline import timeline
from tests.factories.accounts import make_person, make_state
from tests.factories.pilots import NOW, finished, make_milestone, make_pilot

WESTERN, GULF = ["6", "7"], ["5", "6"]
FRIDAY = date(2026, 12, 11)


@pytest.mark.parametrize(("weekend", "due", "last"), [
    (WESTERN, FRIDAY, FRIDAY),
    (WESTERN, date(2026, 12, 12), date(2026, 12, 14)),  # Saturday counts until Monday
    (GULF, FRIDAY, date(2026, 12, 13)),  # Friday counts until Sunday
    (GULF, date(2026, 12, 13), date(2026, 12, 13)),
    ([], date(2026, 12, 12), date(2026, 12, 12)),
    (list("1234567"), date(2026, 12, 12), date(2026, 12, 12)),
])  # fmt: skip
def test_a_date_on_a_day_off_is_in_time_until_the_next_working_day(weekend, due, last):
    assert deadlines.last_day(due, weekend) == last


def test_a_reminder_for_a_day_off_belongs_to_the_working_day_before():
    assert deadlines.working_day_until(date(2026, 12, 13), WESTERN) == FRIDAY
    assert deadlines.working_day_until(FRIDAY, GULF) == date(2026, 12, 10)


def row(due, **fields):
    return Milestone(due_on=due, baseline_on=due, weight=10, **fields)


@pytest.mark.parametrize(("today", "stands"), [
    (FRIDAY - timedelta(days=15), Standing.ON_TRACK),
    (FRIDAY - timedelta(days=14), Standing.DUE_SOON),
    (FRIDAY, Standing.DUE_SOON),
    (FRIDAY + timedelta(days=1), Standing.OVERDUE),
])  # fmt: skip
def test_a_milestone_stands_by_the_day(today, stands):
    assert deadlines.standing(row(FRIDAY), Organisation(weekend=WESTERN), today) is stands


def test_on_a_gulf_weekend_friday_is_overdue_on_monday_only():
    state = Organisation(weekend=GULF)
    sunday = date(2026, 12, 13)
    assert deadlines.standing(row(FRIDAY), state, sunday) is Standing.DUE_SOON
    assert deadlines.standing(row(FRIDAY), state, sunday + timedelta(days=1)) is Standing.OVERDUE
    assert deadlines.days_overdue(row(FRIDAY), state, sunday + timedelta(days=3)) == 3
    assert deadlines.days_overdue(row(FRIDAY, done_on=FRIDAY), state, sunday + timedelta(days=3)) == 0


def test_a_pilot_stands_as_the_worst_of_its_milestones():
    today, state = date(2026, 12, 14), Organisation(weekend=WESTERN)
    pilot = Pilot(state=state)
    late, soon, far = row(FRIDAY), row(today + timedelta(days=3)), row(today + timedelta(days=90))
    done, dropped = row(FRIDAY, done_on=FRIDAY), row(FRIDAY, dropped_at=NOW)
    whole = deadlines.whole
    assert whole(pilot, [far, soon, late, done], today) is Standing.OVERDUE
    assert whole(pilot, [far, soon, dropped], today) is Standing.DUE_SOON
    assert whole(pilot, [far, done], today) is Standing.ON_TRACK
    assert whole(pilot, [done, dropped], today) is Standing.DONE
    assert whole(pilot, [dropped], today) is whole(pilot, [], today) is Standing.EMPTY
    pilot.ended_on = today
    assert whole(pilot, [late, done], today) is Standing.ENDED
    assert whole(pilot, [done], today) is Standing.DONE


def test_progress_goes_by_weight_and_leaves_out_what_was_dropped():
    rows = [row(FRIDAY, done_on=FRIDAY), row(FRIDAY), row(FRIDAY, dropped_at=NOW), row(FRIDAY)]
    assert deadlines.progress(rows) == Progress(10, 30)
    assert deadlines.progress(rows).percent == 33
    assert deadlines.progress([]).percent == 0


@pytest.mark.parametrize("now", [
    datetime(2026, 12, 14, 9, 59, tzinfo=UTC),  # in Kiritimati it is the 14th until 10:00 UTC
    datetime(2026, 12, 14, 10, 0, tzinfo=UTC),
    datetime(2026, 12, 15, 4, 59, tzinfo=UTC),
    datetime(2026, 12, 15, 5, 0, tzinfo=UTC),
    NOW,
])  # fmt: skip
def test_sql_says_of_each_day_and_zone_what_python_says(session, now):
    for zone, weekend in (("Pacific/Kiritimati", WESTERN), ("America/Lima", GULF), ("Africa/Nairobi", []), ("Asia/Amman", GULF)):
        pilot = make_pilot(make_state(zone=zone, weekend=weekend))
        for offset in range(-20, 20):
            make_milestone(pilot, now.date() + timedelta(days=offset), owner_id=None)
    make_milestone(make_pilot(), now.date() - timedelta(days=9)).done_on = now.date()
    rules.drop(make_milestone(make_pilot(), now.date() - timedelta(days=9)), reason="x", by=make_person(), now=NOW)
    rows = session.scalars(select(Milestone)).all()

    def found(condition):
        query = select(Milestone.id).join(Pilot).join(Organisation, Organisation.id == Pilot.state_id).where(condition)
        return set(session.scalars(query, deadlines.days_at(now)))

    def stands(m):
        return deadlines.standing(m, m.pilot.state, deadlines.today_in(m.pilot.state.zone, now))

    for standing, condition in (
        (Standing.OVERDUE, deadlines.overdue_in_sql()),
        (Standing.DUE_SOON, deadlines.due_soon_in_sql()),
    ):
        expected = {m.id for m in rows if stands(m) is standing}
        assert found(condition) == expected and len(expected) > 30


def test_the_drawing_spans_whole_months_and_marks_baseline_present_date_and_today(session):
    pilot = make_pilot()
    milestone = make_milestone(pilot, date(2026, 11, 15))
    rules.move(milestone, date(2026, 12, 31), reason="x", version=None, by=make_person(), now=NOW)
    drawn = timeline(pilot, [milestone], date(2026, 11, 23))
    assert (drawn.first, drawn.months, drawn.step) == (date(2026, 6, 1), 10, 1)
    assert drawn.share(date(2026, 6, 1)) == 0.17 and drawn.share(date(2027, 3, 31)) == 99.84
    svg = str(drawn.row(milestone, Standing.DUE_SOON))
    assert 'class="g-base" cx="54.83%"' in svg and 'class="g-mark g-due_soon" cx="69.84%"' in svg
    assert 'class="g-slip" x="54.83%"' in svg and svg.count("g-today") == 1
    assert "style=" not in svg and 'aria-hidden="true"' in svg
    assert drawn.labels("en") == ["Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]
    finished(milestone, date(2026, 11, 10))
    assert "g-gain" in str(drawn.row(milestone, Standing.DONE))
    assert "g-today" not in str(timeline(pilot, [], date(2028, 1, 1)).row(milestone, Standing.DONE))


def test_a_long_pilot_labels_every_few_months_with_the_year(session):
    pilot = make_pilot(starts_on=date(2025, 1, 1), ends_on=date(2027, 12, 31))
    drawn = timeline(pilot, [], date(2026, 11, 23))
    assert (drawn.months, drawn.step) == (36, 3)
    assert drawn.labels("fr")[0] == "janv. 25" and len(drawn.labels("ar")) == 12
