"""The secretariat's pages of calendars, everybody's own times, and tables of corrections that come in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.calendars import queries
from app.calendars.models import BusyTime, CalendarChoice, NeverHours, Override, OverrideKind
from app.extensions import db
from app.transfers import rules as imports
from app.transfers.models import ImportState, Kind
from tests.conftest import NOW
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state
from tests.factories.calendars import make_day, make_override
from tests.interests.pages import form_of, words

GOOD = {
    "code": "XL", "kind": "day_off", "first_day": "2027-03-11", "names-en": "Founding day", "source": "Gazette 7", "source_date": "2026-11-20",
}


@pytest.fixture
def office(within, sign_in):
    with within():
        state = make_state("Alvania", code="XL", zone="Africa/Nairobi", weekend=["6", "7"])
        officer = make_person("Berg")
        made = state.id
    return sign_in(officer, Role.SECRETARIAT), made


def posted(browser, **typed):
    form = form_of(browser.get("/en/desk/calendars/corrections/new").text, "source")
    return browser.post("/en/desk/calendars/corrections/new", data=form.filled(**{**GOOD, **typed}))


def test_a_correction_is_entered_with_its_source_shown_and_ended(office, within):
    browser, state_id = office
    assert posted(browser).status_code == 303
    page = browser.get(f"/en/desk/calendars/{state_id}?year=2027")
    assert "Founding day" in page.text and "Gazette 7" in page.text and "20 November 2026" in words(page.text)
    assert posted(browser).status_code == 422  # the same once more
    with within():
        row = db.session.scalars(select(Override)).one()
        assert (row.kind, row.first_day, row.last_day, row.source) == (OverrideKind.DAY_OFF, date(2027, 3, 11), date(2027, 3, 11), "Gazette 7")
        address = f"/en/desk/calendars/corrections/{row.id}/end"
    token = form_of(page.text, "subdivision").fields["csrf_token"][0]
    assert browser.post(address, data={"csrf_token": token, "version": "9"}, follow_redirects=True).text.count("Somebody else changed this") == 1
    assert browser.post(address, data={"csrf_token": token, "version": "1"}).status_code == 303
    with within():
        assert db.session.scalars(select(Override)).one().ended_at == NOW
    assert "Gazette 7" in browser.get("/en/desk/calendars/corrections?ended=1").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"code": "QQ"}, "Choose one from the list."),
        ({"code": "*"}, "Only events are of everybody"),
        ({"first_day": "11.3.2027"}, "Enter a date, such as 2027-03-11."),
        ({"first_day": ""}, "Enter the first day."),
        ({"last_day": "2027-03-10"}, "The last day lies before the first."),
        ({"last_day": "2027-08-10"}, "Enter at most 60 days at once."),
        ({"names-en": ""}, "Enter the name in at least one language."),
        ({"source": ""}, "Say who says so"),
        ({"source_date": "2027-01-01"}, "The source cannot be of a day to come."),
        ({"subdivision": "ZZ"}, "This State has no such part in the lists."),
        ({"kind": "working_week", "weekend": list("1234567")}, "at least one day is worked"),
        ({"kind": "nonsense"}, "Choose one from the list."),
    ],
)
def test_what_cannot_be_gets_its_sentence_and_changes_nothing(office, within, typed, said):
    browser, _ = office
    answer = posted(browser, **typed)
    assert answer.status_code == 422 and said in words(answer.text)
    with within():
        assert db.session.scalars(select(Override)).all() == []


def test_the_list_finds_a_state_and_its_next_day_off(office, within):
    browser, _ = office
    with within():
        make_day("XL", date(2026, 12, 3), name="Harvest day")
    page = browser.get("/en/desk/calendars?q=alvania")
    assert page.status_code == 200 and "Harvest day" in page.text and "Saturday" in page.text
    assert "No State of this name." in browser.get("/en/desk/calendars?q=zzzz").text


def test_own_hours_and_busy_times_are_entered_and_removed_and_wrong_ones_are_not(within, sign_in):
    with within():
        ada = make_person("Morrow", zone="Africa/Nairobi", joined_at=NOW)
        ben = make_person("Otieno", joined_at=NOW)
    mine = sign_in(ada)
    page = mine.get("/en/my-times").text
    assert mine.post("/en/my-times/never", data=form_of(page, "from_time").filled(weekdays=["5"], from_time="12:00", to_time="14:00")).status_code == 303
    typed = {"start_date": "2026-12-01", "start_time": "09:00", "end_date": "2026-12-01", "end_time": "11:00"}
    assert mine.post("/en/my-times/busy", data=form_of(page, "start_time").filled(**typed)).status_code == 303
    for name, wrong, said in (
        ("never", {"weekdays": [], "from_time": "12:00", "to_time": "14:00"}, "Choose at least one day of the week."),
        ("never", {"weekdays": ["5"], "from_time": "12:00", "to_time": "12:00"}, "Enter an end that differs"),
        ("never", {"weekdays": ["5"], "from_time": "25:00", "to_time": "12:00"}, "Enter a time of 24 hours"),
        ("busy", {**typed, "end_time": "08:00"}, "The end lies before the beginning."),
        ("busy", {**typed, "start_date": "2026-01-01", "end_date": "2026-01-01"}, "This is over."),
        ("busy", {**typed, "end_date": "2029-01-01"}, "Enter at most 60 days"),
        ("busy", {**typed, "end_date": "tomorrow"}, "Enter a date, such as"),
        ("address", {"address": "https://10.0.0.1/a.ics"}, "not switched on"),
    ):
        fresh = form_of(mine.get("/en/my-times").text, {"never": "from_time", "busy": "start_time"}.get(name, "csrf_token"))
        answer = mine.post(f"/en/my-times/{name}", data={**fresh.filled(), **wrong})
        assert answer.status_code == 422 and said in words(answer.text), (name, wrong)
    with within():
        never, busy = db.session.scalars(select(NeverHours)).one(), db.session.scalars(select(BusyTime)).one()
        assert (never.person_id, never.weekdays, never.from_minute, never.to_minute) == (ada.id, [5], 720, 840)
        assert (busy.starts_at, busy.ends_at) == (datetime(2026, 12, 1, 6, tzinfo=UTC), datetime(2026, 12, 1, 8, tzinfo=UTC))
        address = f"/en/my-times/never/{never.id}/remove"
    token = form_of(mine.get("/en/my-times").text, "from_time").fields["csrf_token"][0]
    other = sign_in(ben)
    theirs = form_of(other.get("/en/my-times").text, "from_time").fields["csrf_token"][0]
    assert "12:00" not in other.get("/en/my-times").text and other.post(address, data={"csrf_token": theirs}).status_code == 404
    assert sign_in(ada).post(address, data={"csrf_token": token}).status_code in (303, 400)


def test_a_focal_point_chooses_for_the_state_and_nobody_else_does(within, sign_in):
    with within():
        state = make_state("Alvania", code="XL", weekend=["6", "7"])
        focal = make_person("Morrow", of=make_ministry(state), joined_at=NOW)
        make_designation(state, focal)
        other = make_person("Otieno", of=state, joined_at=NOW)
        address = f"/en/my-times/{state.id}"
    assert sign_in(other).get(address).status_code == 404
    browser = sign_in(focal)
    page = browser.get(address)
    assert page.status_code == 200 and "Shorter hours in Ramadan" in page.text
    form = form_of(page.text, "subdivision")
    assert browser.post(f"{address}/choices", data=form.filled(ramadan="y", friday_prayer="y")).status_code == 303
    assert browser.post(f"{address}/choices", data=form.filled(ramadan="y")).status_code == 409  # an older page
    assert browser.post(f"{address}/never", data=form_of(page.text, "from_time").filled(weekdays=["7"], from_time="00:00", to_time="00:00")).status_code == 303
    with within():
        choice = db.session.scalars(select(CalendarChoice)).one()
        assert (choice.ramadan, choice.friday_prayer) == (True, True)
        calendar = queries.calendars_of([state], date(2027, 1, 1), date(2027, 1, 31))[state.id]
        assert calendar.friday_prayer and (calendar.never[0].from_minute, calendar.never[0].to_minute) == (0, 1440)


def test_a_table_of_corrections_comes_in_whole_or_not_at_all(within):
    head = "calendar,kind,first_day,last_day,weekend,name_en,source,source_date\n"
    good = "XL,day_off,2027-03-11,,,Founding day,Gazette 7,2026-11-20\nAlvania,working_week,2027-06-01,,5; 6,,Gazette 8,2026-11-20\nUN,event,2027-05-04,2027-05-07,,A forum,Note 4,2026-11-01\n"
    bad = "XQ,day_off,2027-03-11,,,A day,Gazette,2026-11-20\nXL,day_off,11.3.2027,,,A day,Gazette,2026-11-20\nXL,holiday,2027-03-12,,,A day,,2026-11-20\nXL,day_off,2027-03-12,2027-03-01,,A day,G,2027-11-20\n"
    with within():
        make_state("Alvania", code="XL")
        officer = make_person("Berg")

        def come(table):
            row = imports.begin((head + table).encode(), "days.csv", Kind.CALENDARS, options={}, language="en", by=officer, now=NOW)
            imports.work(row.id, now=NOW)
            db.session.refresh(row)
            return row

        refused = come(good + bad)
        assert refused.state is ImportState.REFUSED and {p["row"] for p in refused.report["problems"]} == {5, 6, 7, 8}
        assert db.session.scalars(select(Override)).all() == []
        row = come(good)
        assert row.state is ImportState.CHECKED and row.counts["new"] == 3
        imports.confirm(row, imports.figures(row), by=officer, now=NOW)
        imports.work(row.id, now=NOW)
        assert {(o.code, o.kind.value, tuple(o.weekend)) for o in db.session.scalars(select(Override))} == {
            ("XL", "day_off", ()), ("XL", "working_week", ("5", "6")), ("UN", "event", ()),
        }
        assert come(good).counts["left"] == 3
        make_override("XL", first=date(2027, 9, 1))
