"""Pilots in lists: narrowed and paged, on the desk, and due dates in their owners' calendars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.accounts.models import Role
from app.core import clock
from app.core.signing import sign
from app.pilots import rules
from app.pilots.models import Milestone
from tests.factories.accounts import make_person, make_state
from tests.factories.pilots import NOW, finished, fresh, make_milestone, make_pilot
from tests.interests.pages import words


@pytest.fixture
def many(session, office):
    """Pilots in every standing, of two States, with tools and grounds."""
    alvania, borania = make_state("Alvania", weekend=["6", "7"]), make_state("Borania", weekend=["6", "7"])
    lead = make_person("Prado", given_name="Lucía", roles=(Role.CO_LEAD,))
    by, found = make_person(), {}

    def one(name, state=alvania, due=None, **fields):
        found[name] = make_pilot(state, by=by, titles={"en": name}, **fields)
        if due:
            make_milestone(found[name], due)

    one("late", due=date(2026, 11, 19), tools=("gap_checklist",), co_lead_id=lead.id)
    one("soon", due=date(2026, 11, 30), state=borania, grounds=("family",))
    one("far", due=date(2027, 5, 3), grounds=("child", "family"))
    one("finished", due=date(2026, 10, 1))
    finished(session.scalars(select(Milestone).where(Milestone.pilot_id == found["finished"].id)).one(), date(2026, 10, 1))
    one("ended", due=date(2026, 10, 1))
    rules.end(found["ended"], on=date(2026, 11, 1), reason="x", by=by, now=NOW)
    one("empty")
    session.commit()
    return {"alvania": alvania, "borania": borania, "lead": lead, **found}


@pytest.mark.parametrize(("asked", "expected"), [
    ("", {"late", "soon", "far", "finished", "ended", "empty"}),
    ("standing=overdue", {"late"}), ("standing=due_soon", {"soon"}), ("standing=on_track", {"far"}),
    ("standing=done", {"finished"}), ("standing=ended", {"ended"}), ("standing=nonsense&state=x", None),
    ("state={borania}", {"soon"}), ("tool=gap_checklist", {"late"}), ("ground=family", {"soon", "far"}),
    ("co_lead={lead}", {"late"}), ("ground=family&standing=overdue", set()),
])  # fmt: skip
def test_the_list_is_narrowed_by_each_filter(office, many, asked, expected):
    names = {"late", "soon", "far", "finished", "ended", "empty"}
    asked = asked.format(borania=many["borania"].id, lead=many["lead"].id)
    page = office.get(f"/en/pilots?{asked}")
    assert page.status_code == 200
    table = page.text.split("<tbody")[1].split("</tbody")[0] if "<tbody" in page.text else ""
    shown = {name for name in names if f">{name}</a>" in table}
    assert shown == (names if expected is None else expected)
    if not expected and expected is not None:
        assert "No pilot fits these filters." in page.text


def test_the_list_is_paged_by_key_without_doubles_or_gaps_at_the_same_cost(session, office, statements):
    state, by = make_state(weekend=["6", "7"]), make_person()
    costs, total = [], 0
    for more in (1, 2, 42):
        for _n in range(more):
            pilot = make_pilot(state, by=by, starts_on=date(2026, 1, 1) + timedelta(days=total // 3))
            make_milestone(pilot, date(2027, 1, 8), owner_id=None)
            total += 1
        session.commit()
        session.expire_all()
        statements.clear()
        address, seen = "/en/pilots", []
        page = office.get(address)
        costs.append(len(statements))
    while True:
        seen += [line.split("<")[0] for line in page.text.split("<bdi>PL-")[1:]]
        if 'rel="next"' not in page.text:
            break
        address = page.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        page = office.get(address)
    assert len(seen) == len(set(seen)) == total == 45
    assert costs[0] == costs[1] == costs[2] <= 12
    assert not any("count(" in s.lower() for s in statements)


def test_due_dates_are_whole_days_in_the_owners_feed_and_in_nobody_elses(session, world, monkeypatch):
    for person in world.people.values():
        person.updated_at = NOW
    session.commit()

    def feed(name):
        person = fresh(world.people[name])
        answer = world.browsers["visitor"].get(f"/feeds/{sign('feed', person.id, person.feed_nonce)}.ics")
        assert answer.status_code == 200
        return answer, {str(e["UID"]): e for e in Calendar.from_ical(answer.data).walk("VEVENT")}

    answer, events = feed("owner")
    assert set(events) == {f"milestone-{world.open.id}@pathways.example"}  # what is done is due no more
    event = next(iter(events.values()))
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2026, 12, 11), date(2026, 12, 12))
    assert event["DTSTART"].params["VALUE"] == "DATE" and event["TRANSP"] == "TRANSPARENT" and event["SEQUENCE"] == 0
    assert str(event["SUMMARY"]) == f"Due: Officers trained ({world.pilot.code})"
    assert str(event["URL"]).endswith(f"/en/pilots/{world.pilot.id}/milestones/{world.open.id}")
    assert b"mailto" not in answer.data.lower()
    assert feed("focal point")[1] == {}
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    by = fresh(world.people["secretariat"])
    rules.move(fresh(world.open), date(2027, 1, 22), reason="x", version=None, by=by, now=clock.now())
    session.commit()
    later, events = feed("owner")
    event = next(iter(events.values()))
    assert (event.decoded("dtstart"), event["SEQUENCE"]) == (date(2027, 1, 22), 1)
    assert later.headers["ETag"] != answer.headers["ETag"] and later.headers["Last-Modified"] > answer.headers["Last-Modified"]


def test_the_desk_shows_overdue_milestones_and_counts_them(session, office):
    pilot = make_pilot()
    late = make_milestone(pilot, date(2026, 11, 19), titles={"en": "Instruction drafted"})
    finished(make_milestone(pilot, date(2026, 11, 18), titles={"en": "Not this"}), date(2026, 11, 18))
    make_milestone(pilot, date(2026, 11, 23), titles={"en": "Due today"})
    session.commit()
    page = office.get("/en/desk").text
    shown = words(page)
    assert "Milestone overdue: Instruction drafted" in shown and "was due 19 November 2026" in shown
    assert f"/en/pilots/{pilot.id}/milestones/{late.id}" in page
    assert "Not this" not in shown and "Due today" not in shown
    assert "1 thing needs you today" in shown
