"""The calendars of many at once: lists, corrections, choices, never hours and busy times, and nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.accounts.models import OrganisationKind
from app.calendars import queries
from app.calendars.models import BusyTime, Listed, OverrideKind
from app.calendars.state import DayKind, Never, Reason
from app.extensions import db
from tests.factories.accounts import make_ministry, make_organisation, make_person, make_state
from tests.factories.calendars import make_choice, make_day, make_never, make_override

MARCH = (date(2027, 3, 1), date(2027, 3, 31))


def of(organisation, span=MARCH):
    return queries.calendars_of([organisation], *span)[organisation.id]


@pytest.fixture
def state(within):
    with within():
        yield make_state("Alvania", code="XL", zone="Africa/Nairobi", weekend=["6", "7"])


def test_the_states_own_week_and_the_lists_days_are_its_calendar(state):
    make_day("XL", date(2027, 3, 11), name="Founding day")
    make_day("XM", date(2027, 3, 12))
    found = of(state)
    assert (found.zone, found.code, dict(found.days)[date(2027, 3, 11)].names) == ("Africa/Nairobi", "XL", {"en": "Founding day"})
    assert set(found.days) == {date(2027, 3, 11)}
    assert found.off(date(2027, 3, 13)).reason is Reason.WEEKEND


def test_an_estimated_day_is_one_of_three_with_half_the_weight_each(state):
    for day in (10, 11):
        make_day("XL", date(2027, 3, day), Listed.ESTIMATED, "Eid")
    make_day("XL", date(2027, 3, 12), name="Founding day")
    days = of(state).days
    assert {d.day: (x.kind, x.weight) for d, x in days.items()} == {
        9: (DayKind.ESTIMATED, 0.5), 10: (DayKind.ESTIMATED, 0.5), 11: (DayKind.ESTIMATED, 0.5), 12: (DayKind.HOLIDAY, 1.0),
    }


def test_what_the_secretariat_entered_takes_the_place_of_the_estimate(state):
    for day in (10, 11):
        make_day("XL", date(2027, 3, day), Listed.ESTIMATED, "Eid")
    make_override("XL", first=date(2027, 3, 11), last=date(2027, 3, 12), names={"en": "Eid, announced"})
    assert {d.day: x.kind for d, x in of(state).days.items()} == {11: DayKind.DAY_OFF, 12: DayKind.DAY_OFF}


def test_a_correction_makes_a_holiday_a_working_day_and_ended_ones_say_nothing(state):
    make_day("XL", date(2027, 3, 11))
    make_override("XL", OverrideKind.WORKING_DAY, date(2027, 3, 11))
    make_override("XL", first=date(2027, 3, 16), ended_at=datetime(2026, 11, 1, tzinfo=UTC))
    found = of(state)
    assert found.off(date(2027, 3, 11)) is None and found.off(date(2027, 3, 16)) is None


def test_a_working_week_and_a_subdivision_are_corrected_apart(state):
    make_override("XL", OverrideKind.WORKING_WEEK, date(2027, 3, 8), weekend=["5", "6"], names={})
    make_day("XL", date(2027, 3, 11))
    make_day("XL", date(2027, 3, 11), Listed.ORDINARY, subdivision="N")
    make_day("XL", date(2027, 3, 17), subdivision="N")
    assert of(state).off(date(2027, 3, 12)) is not None and of(state).off(date(2027, 3, 14)) is None
    assert of(state).off(date(2027, 3, 17)) is None
    ministry = make_ministry(state)
    make_choice(ministry, subdivision="N")
    northern = of(ministry)
    assert (northern.subdivision, northern.off(date(2027, 3, 11)), northern.off(date(2027, 3, 17)).reason) == ("N", None, Reason.HOLIDAY)


def test_a_united_nations_entity_keeps_the_days_of_the_un_and_a_charity_none(state):
    make_day("UN", date(2027, 3, 26), name="Good Friday")
    entity = make_organisation(OrganisationKind.UN_ENTITY)
    charity = make_organisation(OrganisationKind.CIVIL_SOCIETY)
    assert of(entity).off(date(2027, 3, 26)) is not None and of(charity).off(date(2027, 3, 26)) is None


def test_ramadan_hours_and_prayer_hold_for_those_who_chose_them(state):
    for day in range(8, 11):
        make_day("*", date(2027, 2, day), Listed.RAMADAN, "")
    assert of(state, (date(2027, 2, 1), date(2027, 2, 28))).ramadan == ()
    make_choice(state, ramadan=True, friday_prayer=True)
    found = of(state, (date(2027, 2, 1), date(2027, 2, 28)))
    assert found.ramadan == ((date(2027, 2, 8), date(2027, 2, 10)),) and found.friday_prayer


def test_never_hours_and_busy_times_belong_to_one_and_to_nobody_else(state):
    person, other = make_person("Ada", zone="Asia/Dubai"), make_person("Ben")
    make_never(organisation=state)
    make_never(person=person, weekdays=[5], start=0, end=60)
    start, end = datetime(2027, 3, 11, 8, tzinfo=UTC), datetime(2027, 3, 11, 9, tzinfo=UTC)
    db.session.add_all([BusyTime(person_id=person.id, starts_at=start, ends_at=end),
                        BusyTime(person_id=person.id, starts_at=start.replace(year=2028), ends_at=end.replace(year=2028))])
    db.session.flush()
    people = queries.calendars_of_people([person, other], *MARCH)
    assert of(state).never == (Never(frozenset({1, 2, 3, 4, 5}), 22 * 60, 6 * 60),) and of(state).busy == ()
    assert (people[person.id].zone, people[person.id].never, people[person.id].busy) == ("Asia/Dubai", (Never(frozenset({5}), 0, 60),), ((start, end),))
    assert people[other.id].never == () and people[other.id].busy == ()


def test_many_are_asked_for_as_few_are(state, statements):
    others = [make_state(code=code) for code in ("XM", "XN", "XO")]
    statements.clear()
    of(state)
    few = len(statements)
    statements.clear()
    assert len(queries.calendars_of([state, *others], *MARCH)) == 4
    assert few == len(statements) <= 6


def test_nobody_asks_for_nothing(within):
    with within():
        assert queries.calendars_of([], *MARCH) == {} and queries.calendars_of_people([], *MARCH) == {}
