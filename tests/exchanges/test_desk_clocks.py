"""The desk about clock rules: what waits for a decision, what each choice comes to, and the record of what was done."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.core import rulebook, zones
from app.exchanges import rules
from app.exchanges.models import ClockChange, Decision
from app.exchanges.queries import clock_sources
from app.notifications.models import Message, State
from tests import former_rules
from tests.conftest import csrf_of
from tests.exchanges.conftest import Browser, forget
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_invitation, make_session, mark_sent

MOROCCO = "Africa/Casablanca"


@pytest.fixture
def near(session):
    """A session of tomorrow in Casablanca, told by the former rules to somebody there and somebody in Nairobi."""
    former_rules.keep(NOW - timedelta(days=1))
    row = former_rules.by_former_rules(make_session(zone=MOROCCO, local_start=datetime(2026, 11, 24, 10, 0)))
    for zone in (MOROCCO, "Africa/Nairobi"):
        make_invitation(row, make_person(zone=zone, given_name=zone.rpartition("/")[2]))
    mark_sent()
    assert rules.check_clocks(NOW, commit=lambda: None).to_decide == 1
    session.commit()
    return row


def the_change(session):
    return session.scalars(select(ClockChange).execution_options(populate_existing=True)).one()


def sent_by(page, decision):
    """What the button of this decision sends."""
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.S) if f'value="{decision}"' in f)
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def words(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_desk_offers_both_choices_with_whom_each_reaches(session, secretariat, near):
    change = the_change(session)
    today = words(secretariat.get("/en/desk").text)
    assert "Clock rules changed: Family reunification when papers are missing" in today
    assert "2 things need you today" in today  # this, and who has not answered
    assert f"/en/desk/clocks/{change.id}" in secretariat.get("/en/desk/clocks").text
    assert "the hour of this session is open" in words(secretariat.get(f"/en/desk/sessions/{near.id}").text)
    assert "The organizer will say shortly" in words(secretariat.get(f"/en/sessions/{near.id}").text)
    page = words(secretariat.get(f"/en/desk/clocks/{change.id}").text)
    assert "Keep the hour, 10:00" in page and "Keep the moment, 09:00 UTC" in page
    assert "Casablanca Tue 24 November, 10:00 10:00 the same hour: their calendar is corrected 1" in page
    assert "Nairobi Tue 24 November, 12:00 13:00 another hour: the session moved 1" in page
    assert "Casablanca Tue 24 November, 10:00 09:00 another hour: their clocks changed 1" in page
    assert session.scalars(select(Message).where(Message.state == State.QUEUED)).all() == []


def test_one_press_decides_tells_and_stays_on_record(session, secretariat, near):
    path = f"/en/desk/clocks/{the_change(session).id}"
    shown = secretariat.get(path).text
    forget()
    answer = secretariat.client.post(f"{path}/decide", data={**sent_by(shown, "wall"), "csrf_token": csrf_of(shown)})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    session.refresh(near)
    assert near.starts_at == datetime(2026, 11, 24, 10, tzinfo=UTC)
    page = words(secretariat.get(path).text)
    assert "Decided. 2 people are told." in page
    assert (
        "Settled The hour was kept" in page
        and "The mail waits to leave." in page
        and "Nairobi: before Tue 24 November, 12:00" in page
    )
    assert "You decide" not in secretariat.get("/en/desk/clocks").text
    # the same button once more, from a page that was open elsewhere, changes nothing
    forget()
    again = secretariat.client.post(f"{path}/decide", data={**sent_by(shown, "instant"), "csrf_token": csrf_of(shown)})
    assert again.status_code == 303
    assert "Somebody has decided this already." in secretariat.get(path).text
    session.refresh(near)
    assert (near.starts_at, the_change(session).decision) == (datetime(2026, 11, 24, 10, tzinfo=UTC), Decision.WALL)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"decision": "wall", "at": "2026-11-24T11:00:00+00:00"}, 303),  # another moment than the page had shown
        ({"decision": "second", "at": "2026-11-24T10:00:00+00:00"}, 303),
        ({"decision": "edited", "at": "2026-11-24T10:00:00+00:00"}, 303),
        ({"decision": "nonsense", "at": "2026-11-24T10:00:00+00:00"}, 400),
        ({"decision": "wall", "at": "tomorrow"}, 400),
        ({}, 400),
    ],
)  # fmt: skip
def test_what_the_page_did_not_offer_decides_nothing(session, secretariat, near, data, status):
    path = f"/en/desk/clocks/{the_change(session).id}"
    assert secretariat.post(f"{path}/decide", data, page=path).status_code == status
    assert the_change(session).decision is None
    assert session.scalars(select(Message).where(Message.state == State.QUEUED)).all() == []


def test_an_auditor_reads_it_and_decides_nothing(session, secretariat, near, sign_in):
    path = f"/en/desk/clocks/{the_change(session).id}"
    auditor = Browser(sign_in(make_person(), Role.AUDITOR))
    page = auditor.get(path)
    assert page.status_code == 200 and "Keep the hour" in page.text and "/decide" not in page.text
    assert auditor.post(f"{path}/decide", {"decision": "wall", "at": "2026-11-24T10:00:00+00:00"}, page=path).status_code == 404
    assert the_change(session).decision is None


def test_a_session_can_be_planned_to_keep_its_moment(session, secretariat):
    row = make_session()
    session.commit()
    page = secretariat.get(f"/en/desk/sessions/{row.id}/edit").text
    assert "When clock rules of this zone change, keep the moment and not the hour" in words(page)
    assert not row.keeps_instant


def test_the_command_says_what_it_did_whose_data_differ_and_what_is_left(app, session, near, monkeypatch):
    found = clock_sources.Sources("2025b", "18.4", (clock_sources.Disagreement(MOROCCO, True, True),))
    monkeypatch.setattr(clock_sources, "disagreements", lambda _now: found)
    told = app.test_cli_runner().invoke(args=["clocks", "check"])
    assert told.exit_code == 1
    assert "0 moved with their clocks" in told.output and "operating system: 2025b; database: PostgreSQL 18.4" in told.output
    assert f"{MOROCCO}: the operating system and the database would tell another hour" in told.output
    assert "wait for a decision, under Exchanges, Clock rules: 1" in told.output


def test_others_data_are_held_against_the_pinned_for_sessions_to_come(session, near, monkeypatch, tmp_path):
    """The system's files are those of 2025 here; the database answers by its own copy, whichever that is."""
    (tmp_path / "tzdata.zi").write_text("# version 2025b\n")
    for name in (MOROCCO, "Africa/Nairobi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(former_rules.book().files[name])
    monkeypatch.setattr(clock_sources, "_system_root", lambda: tmp_path)
    found = clock_sources.disagreements(NOW)
    assert found.system == clock_sources.system_version() == "2025b"
    assert {one.zone: one.system for one in found.zones}[MOROCCO] is True
    assert "Africa/Nairobi" not in {one.zone for one in found.zones}
    monkeypatch.setattr(clock_sources, "_system_root", lambda: None)
    assert clock_sources.disagreements(NOW).system == ""


def test_the_health_of_clock_rules_in_one_look(session, near):
    stands = clock_sources.standing(NOW)
    assert (stands.version, stands.newest, stands.undecided) == (zones.iana_version(), zones.iana_version(), 1)
    assert (stands.checked_at, stands.older_seen) == (NOW, None)
    session.add(rulebook.ClockRules(version="2031a", files=b"", kept_at=NOW, seen_at=NOW))
    session.flush()
    behind = clock_sources.standing(NOW)
    assert (behind.version, behind.newest) == (zones.iana_version(), "2031a")
    assert behind.older_seen == zones.iana_version()
