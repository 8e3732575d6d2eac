"""Nobody is invited on a day off of more than a quarter of the States, by each one's own date, unless somebody says it is meant."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.calendars.models import DayChange, Listed
from app.exchanges import rules
from app.exchanges.models import Invitation
from app.exchanges.queries.changed_dates import changed_dates, to_check
from app.exchanges.queries.days_off import days_off
from app.extensions import db
from app.notifications.models import Message
from tests.conftest import NOW
from tests.factories.accounts import make_person, make_state
from tests.factories.calendars import make_day
from tests.factories.exchanges import make_session
from tests.interests.pages import form_of, words


def made(count=4, zones=(), **fields):
    """A session on Monday 7 December 2026, 13:00 UTC, that nobody called meant, and a person of each of some States."""
    row = make_session(**fields)
    row.day_off_seen = None
    zones = zones or ["Africa/Nairobi"] * count
    states = [make_state(f"State {n}", code=f"X{n}", zone=zone, weekend=["6", "7"]) for n, zone in enumerate(zones)]
    people = [make_person(f"Person {n}", of=state) for n, state in enumerate(states)]
    return row, [rules.Guest(p, s) for p, s in zip(people, states, strict=True)]


def invitations():
    return db.session.scalar(select(func.count()).select_from(Invitation))


def test_a_quarter_may_be_off_and_more_may_not(within):
    with within():
        row, guests = made()
        make_day("X0", date(2026, 12, 7))
        assert rules.invite(row, guests, by=None, now=NOW).total == 4
        make_day("X1", date(2026, 12, 7), Listed.ESTIMATED)
        more = rules.Guest(make_person("Late", of=guests[0].organisation), guests[0].organisation)
        with pytest.raises(rules.OnADayOff) as said:
            rules.invite(row, [more], by=None, now=NOW)
        assert said.value.field == "day_off" and (len(said.value.found.off), said.value.found.sure, said.value.found.asked) == (2, 1, 4)
        assert invitations() == 4


def test_each_states_own_date_counts(within):
    with within():
        row, guests = made(zones=["Pacific/Kiritimati", "America/Bogota"])
        make_day("X0", date(2026, 12, 7))
        make_day("X1", date(2026, 12, 8))
        assert days_off(row, [g.organisation for g in guests]).off == ()  # 13:00 UTC is the 8th in Kiritimati, the 7th in Bogota
        make_day("X0", date(2026, 12, 8))
        assert [s.code for s, _ in days_off(row, [g.organisation for g in guests]).off] == ["X0"]


def test_what_was_meant_holds_for_this_time_of_the_session_and_is_in_the_log(within):
    with within():
        row, guests = made(count=1)
        officer = make_person("Berg")
        make_day("X0", date(2026, 12, 7))
        rules.see_days_off(row, [guests[0].organisation], by=officer, now=NOW)
        assert rules.is_seen(row) and rules.invite(row, guests, by=officer, now=NOW).total == 1
        line = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "session.day_off_meant")).one()
        assert (line.actor_id, line.changes) == (officer.id, {"states_off": [None, 1], "states_asked": [None, 1]})
        row.schedule_version += 1
        assert not rules.is_seen(row)


def test_the_page_asks_for_the_tick_and_invites_with_it(app, within, sign_in):
    with within():
        row, guests = made(count=1)
        make_day("X0", date(2026, 12, 7), name="Founding day")
        ids, address = (row.id, str(guests[0].organisation.id)), guests[0].person.email
        officer = make_person("Berg")
    browser = sign_in(officer, Role.SECRETARIAT)
    page = f"/en/desk/sessions/{ids[0]}/invite"
    form = form_of(browser.get(page).text, "addresses")
    asked = browser.post(page, data=form.filled(addresses=address))
    assert asked.status_code == 200 and "1 of 1 invited States does not work that day." in words(asked.text)
    assert "Founding day" in words(asked.text)
    form = form_of(asked.text, "addresses")
    again = browser.post(page, data=form.filled())
    assert again.status_code == 422 and "Tick this box to invite on this day" in words(again.text)
    with within():
        assert invitations() == 0 and db.session.scalar(select(func.count()).select_from(Message)) == 0
    done = browser.post(page, data=form_of(again.text, "addresses").filled(day_off_seen="y"))
    assert done.status_code == 303
    with within():
        assert invitations() == 1
        assert db.session.scalar(select(func.count()).where(AuditEntry.action == "session.day_off_meant")) == 1


def test_changed_and_estimated_dates_are_shown_with_the_sessions_on_them(app, within, sign_in):
    with within():
        row, guests = made(count=1, local_start=datetime(2026, 12, 2, 16, 0))
        rules.invite(row, guests, by=None, now=NOW)
        make_day("X0", date(2026, 12, 2), Listed.ESTIMATED, "Feast of the moon")
        for code, day in (("X0", date(2026, 12, 2)), ("X9", date(2026, 12, 3)), ("X0", date(2026, 11, 2))):
            db.session.add(DayChange(found_at=NOW, from_release="0.1", to_release="0.2", code=code, day=day, becomes="holiday", names={"en": "New day"}))
        db.session.flush()
        found = changed_dates(NOW)
        assert [(c.change.code, [s.id for s in c.sessions]) for c in found] == [("X0", [row.id]), ("X9", [])]
        assert [(c.session.id, len(c.states)) for c in to_check(NOW)] == [(row.id, 1)]
        officer = make_person("Berg")
    browser = sign_in(officer, Role.SECRETARIAT)
    page = browser.get("/en/desk/sessions/changed-dates")
    assert page.status_code == 200 and "New day" in page.text and "Feast of the moon" in page.text
    assert browser.post("/en/desk/sessions/changed-dates", data={"csrf_token": form_of(page.text, "csrf_token").fields["csrf_token"][0]}).status_code == 303
    with within():
        assert changed_dates(NOW) == []
