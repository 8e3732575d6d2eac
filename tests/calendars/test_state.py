"""What an hour is for a State: working, edge or off, and why; pure, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.calendars.state import Day, DayKind, Grade, Never, Reason, StateCalendar, Week
from app.calendars.sun import sunset

SAT_SUN, FRI_SAT = frozenset({6, 7}), frozenset({5, 6})


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nairobi(**more):
    return StateCalendar(None, "Africa/Nairobi", **more)  # UTC+3


def asked(calendar, start, minutes=90):
    return calendar.hours(at(start), at(start) + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("start", "grade", "reason"),
    [
        ("2027-03-11T06:00", Grade.WORKING, None),  # 09:00 to 10:30
        ("2027-03-11T12:30", Grade.WORKING, None),  # ends as offices close
        ("2027-03-11T12:45", Grade.EDGE, Reason.LATE),
        ("2027-03-11T04:00", Grade.EDGE, Reason.EARLY),
        ("2027-03-11T03:59", Grade.OFF, Reason.NIGHT),
        ("2027-03-11T15:31", Grade.OFF, Reason.NIGHT),
        ("2027-03-13T08:00", Grade.OFF, Reason.WEEKEND),
        ("2027-03-12T20:30", Grade.OFF, Reason.WEEKEND),  # begins on Friday night, ends on Saturday there
        ("2027-03-14T21:30", Grade.OFF, Reason.NIGHT),  # Monday 00:30 there
    ],
)
def test_hours_are_graded_on_the_clocks_of_the_state(start, grade, reason):
    found = asked(nairobi(), start)
    assert (found.grade, found.reason) == (grade, reason)


def test_the_local_date_decides_which_day_it_is():
    calendar = StateCalendar(None, "Pacific/Kiritimati", days={date(2027, 3, 12): Day(DayKind.HOLIDAY)})  # UTC+14
    assert asked(calendar, "2027-03-11T20:00").reason is Reason.HOLIDAY
    assert asked(calendar, "2027-03-12T20:00").reason is Reason.WEEKEND
    assert calendar.off_between(at("2027-03-11T09:00"), at("2027-03-11T10:00")) is None  # 23:00 to midnight: the day before
    assert calendar.off_between(at("2027-03-11T09:00"), at("2027-03-11T10:01")).day == date(2027, 3, 12)


def test_a_week_that_changes_holds_from_its_day_on():
    calendar = nairobi(weeks=(Week(SAT_SUN), Week(FRI_SAT, date(2027, 3, 12), date(2027, 3, 20))))
    assert calendar.off(date(2027, 3, 12)).reason is Reason.WEEKEND
    assert calendar.off(date(2027, 3, 14)) is None
    assert calendar.off(date(2027, 3, 5)) is None and calendar.off(date(2027, 3, 7)) is not None
    assert calendar.off(date(2027, 3, 26)) is None and calendar.off(date(2027, 3, 21)) is not None


def test_an_estimated_day_has_half_the_weight_and_a_worked_saturday_none():
    days = {date(2027, 3, 10): Day(DayKind.ESTIMATED, {"en": "Eid"}, weight=0.5), date(2027, 3, 13): Day(DayKind.WORKING)}
    calendar = nairobi(days=days)
    found = asked(calendar, "2027-03-10T08:00")
    assert (found.grade, found.reason, found.weight, found.off.what.names) == (Grade.OFF, Reason.ESTIMATED, 0.5, {"en": "Eid"})
    assert asked(calendar, "2027-03-13T08:00").grade is Grade.WORKING
    assert calendar.works(date(2027, 3, 10)) and calendar.works(date(2027, 3, 13)) and not calendar.works(date(2027, 3, 14))


def test_never_hours_run_over_midnight_and_busy_times_touch_nothing_beside_them():
    calendar = nairobi(never=(Never(frozenset({4}), 22 * 60, 6 * 60),), busy=((at("2027-03-11T08:00"), at("2027-03-11T09:00")),))
    assert asked(calendar, "2027-03-12T02:00").never  # Friday 05:00 there: the night of Thursday
    assert not asked(calendar, "2027-03-12T03:00").never
    assert asked(calendar, "2027-03-11T07:00").busy and not asked(calendar, "2027-03-11T09:00").busy
    assert not asked(calendar, "2027-03-11T06:30", 90).busy


def test_the_prayer_on_friday_is_off_where_it_is_kept_and_only_then():
    kept, other = nairobi(friday_prayer=True), nairobi()
    assert asked(kept, "2027-03-12T10:30").reason is Reason.PRAYER and asked(kept, "2027-03-12T11:00").reason is None
    assert asked(kept, "2027-03-11T10:30").reason is None and asked(other, "2027-03-12T10:30").reason is None


def test_in_ramadan_the_day_is_shorter_and_nothing_lies_over_the_breaking_of_the_fast():
    riyadh = StateCalendar(None, "Asia/Riyadh", (Week(FRI_SAT),), ramadan=((date(2027, 2, 8), date(2027, 3, 9)),))
    sets = sunset(date(2027, 2, 16), "Asia/Riyadh")
    assert abs(sets - at("2027-02-16T14:48")) < timedelta(minutes=4)  # 17:48 there
    assert asked(riyadh, "2027-02-16T09:00").grade is Grade.WORKING  # 12:00
    assert asked(riyadh, "2027-02-16T11:00").reason is Reason.RAMADAN  # 14:00 to 15:30
    assert asked(riyadh, "2027-02-16T14:00").reason is Reason.IFTAR
    assert asked(riyadh, "2027-03-10T14:00").reason is Reason.LATE  # over


@pytest.mark.parametrize(
    ("day", "zone", "hour"),
    [
        (date(2027, 6, 21), "Africa/Cairo", "16:59"),
        (date(2027, 12, 21), "Europe/London", "15:53"),
        (date(2027, 3, 20), "Pacific/Auckland", "06:30"),
        (date(2027, 3, 20), "America/Bogota", "23:04"),
    ],
)
def test_sunset_is_right_to_a_few_minutes(day, zone, hour):
    found = sunset(day, zone)
    hours, minutes = map(int, hour.split(":"))
    assert abs((found.hour * 60 + found.minute) - (hours * 60 + minutes)) <= 4


def test_where_the_sun_does_not_set_or_no_place_is_known_there_is_no_sunset():
    assert sunset(date(2027, 6, 21), "Arctic/Longyearbyen") is None and sunset(date(2027, 6, 21), "UTC") is None
