"""Mail to more than twenty is seen before it leaves, wherever it is set off; what was seen is what leaves, once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import rehearsals
from app.accounts.models import Role
from app.accounts.queries import letter_for
from app.audit.models import AuditEntry
from app.core import rulebook
from app.exchanges import rules
from app.exchanges.models import Answer, ClockChange, Invitation, Route, SessionStatus
from app.extensions import db
from app.notifications import choices, leaving, outbox, rehearsing
from app.notifications.kinds import Mode, Topic
from app.notifications.looking import Looker
from app.notifications.models import AddressTrouble, Message, Pause, Priority, Rehearsal, State, Tally
from app.notifications.replay import problems
from tests import former_rules
from tests.exchanges.conftest import Browser, forget
from tests.factories.accounts import make_ministry, make_person, make_state
from tests.factories.exchanges import NOW, make_plan, make_session, mark_sent
from tests.factories.notifications import notice
from tests.interests.pages import form_of, words

LANGUAGES = ("en", "ar", "fr", "zh")
ZONES = ("Africa/Nairobi", "Asia/Kathmandu", "America/Lima")


@pytest.fixture
def office(session, sign_in):
    person = make_person("Berg", given_name="Tomas", zone="Europe/Stockholm")
    session.commit()
    return Browser(sign_in(person, Role.SECRETARIAT))


def crowd(count=25, **more):
    ministry = make_ministry(make_state("Alvania"), "Ministry of the Interior")
    people = [
        make_person(f"Guest{n:02}", of=ministry, language=LANGUAGES[n % 4], zone=ZONES[n % 3], **more) for n in range(count)
    ]
    return ministry, people


def invited(session, count=25, **fields):
    row, (_, people) = make_session(**fields), crowd(count)
    rules.invite(row, [rules.Guest(p) for p in people], by=None, now=NOW - timedelta(days=3))
    session.commit()
    return row, people


def mails(session, **where):
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Message).filter_by(**where))


def press(office, page):
    forget()
    form = form_of(page, "rehearsed")
    return office.client.post(form.action, data=form.filled())


def test_inviting_many_shows_who_gets_what_and_who_does_not_and_the_press_sends_exactly_that_once(session, office):
    row, (ministry, people) = make_session(), crowd(25)
    people += [make_person("Nomail", of=ministry, email=None), make_person("Returned", of=ministry, email="back@alvania.example")]
    session.add(AddressTrouble(address="back@alvania.example", hard_at=NOW))
    rules.invite(row, [rules.Guest(people[0])], by=None, now=NOW)
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    asked = office.post(path, {"organisations": [str(ministry.id)], "addresses": "", "capacity": "participant"})
    assert asked.status_code == 303 and re.search(r"/en/desk/rehearsals/[0-9a-f-]{36}$", asked.location)
    assert (mails(session), session.scalar(select(func.count()).select_from(Invitation))) == (1, 1)  # nothing was done yet
    page = office.get(asked.location).text
    said = words(page)
    assert "24 mails leave when you confirm. Nothing has been saved or sent yet." in said
    assert "English 6" in said and "العربية 6" in said and "Invitation 24" in said
    assert "All 24 mails were looked at: none names anybody but its reader and us" in said
    local = row.starts_at.astimezone(__import__("zoneinfo").ZoneInfo("Asia/Kathmandu"))
    assert f"{local:%H:%M}" in said and "Kathmandu" in said and "The hour of the session on the clocks" in said
    assert "1 : No address is known." in said and "1 : Mail to the address came back." in said and "1 : Is invited already" in said
    assert all(name in said for name in ("Nomail", "Returned", "Guest00"))
    frames = re.findall(r'<iframe class="mailframe" sandbox[^>]* src="([^"]+)"', page)
    assert len(frames) == 12
    shown = [office.get(frame) for frame in frames[:3]]
    assert len({re.search(r'<html lang="(\w+)"', one.text)[1] for one in shown}) == 3 and 'dir="rtl"' in "".join(s.text for s in shown)
    assert all("sandbox" in s.headers["Content-Security-Policy"] and not re.search(r'href="[^"]', s.text) for s in shown)
    first, second = press(office, page), press(office, page)
    assert first.status_code == 303 and first.location.endswith(f"/desk/sessions/{row.id}")
    assert second.status_code == 303 and mails(session) == 27
    assert "24 people were invited." not in office.get(second.location).text  # it was done once
    left = select(Message.priority).where(Message.state == State.QUEUED, Message.recipient_id != people[0].id)
    assert list(session.scalars(left)) == [Priority.BULK] * 24
    entries = {e.action: e.changes for e in session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "rehearsal"))}
    assert entries["mails.confirmed"] == {"mails": [None, 24]}
    assert entries["mails.rehearsed"] == {
        "mails": [None, 24], "languages": [None, 4], "zones": [None, 3], "without_mail": [None, 3], "problems": [None, 0],
    }  # fmt: skip
    assert "24 mails were confirmed" in words(office.get(asked.location).text) and "rehearsed" not in office.get(asked.location).text


def cancel(session, office, row):
    return office.post(f"/en/desk/sessions/{row.id}/cancel", {"version": str(row.version), "tell": "everyone", "reason": "Storm"})


def ask_again(session, office, row):
    return office.post(f"/en/desk/sessions/{row.id}/ask-again", {}, page=f"/en/desk/sessions/{row.id}")


def move(session, office, row):
    form = form_of(office.get(f"/en/desk/sessions/{row.id}/edit").text, "version")
    return office.client.post(form.action or f"/en/desk/sessions/{row.id}/edit", data=form.filled(start_time="17:15", tell="everyone"))


def hurry(session, office, row):
    rules.change(row, make_plan(minutes=45), version=row.version, tell=True, by=None, now=NOW)
    session.commit()
    return office.post(f"/en/desk/sessions/{row.id}/send-now", {}, page=f"/en/desk/sessions/{row.id}")


WAYS = {
    cancel: "Session cancelled", ask_again: "Invitation", move: "Change of a session", hurry: "Change of a session",
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_to_write_to_many_about_a_session_stops_and_goes_on(session, office, way):
    row, _ = invited(session)
    mark_sent()
    session.commit()
    asked = way(session, office, row)
    assert asked.status_code == 303 and "/desk/rehearsals/" in asked.location, words(asked.text)[:600]
    assert mails(session, state=State.SENT) == 25 and row.status is SessionStatus.SCHEDULED
    due = select(func.count()).where(Message.state == State.QUEUED, Message.due_at <= NOW)
    assert session.scalar(due) == 0 and mails(session) == (50 if way is hurry else 25)
    page = office.get(asked.location).text
    assert "25 mails leave when you confirm." in words(page) and f"{WAYS[way]} 25" in words(page)
    done = press(office, page)
    assert done.status_code == 303 and "/desk/rehearsals/" not in done.location
    waits = select(func.count()).where(Message.state == State.QUEUED, Message.priority == Priority.BULK)
    assert session.scalar(waits) == 25 and (way in (move, cancel) or session.scalar(due) == 25)
    again = press(office, page)
    assert again.location.endswith(asked.location.rpartition("/")[2]) and session.scalar(waits) == 25
    assert session.scalar(select(func.count()).where(AuditEntry.action == "mails.confirmed")) == 1


def test_seats_that_come_free_for_many_are_mail_to_many_too(session, office):
    row, people = invited(session, 24, capacity=1)
    mark_sent()
    for person in people:
        invitation = session.scalars(select(Invitation).where(Invitation.person_id == person.id)).one()
        rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    session.commit()
    form = form_of(office.get(f"/en/desk/sessions/{row.id}/edit").text, "version")
    asked = office.client.post(f"/en/desk/sessions/{row.id}/edit", data=form.filled(capacity="40", tell="nobody"))
    page = office.get(asked.location).text
    assert "23 mails leave when you confirm." in words(page) and "Seat from the waiting list 23" in words(page)
    press(office, page)
    found = select(Message.priority).where(Message.kind == "session-seat")
    assert list(session.scalars(found)) == [Priority.BULK] * 23


def test_a_wall_of_remarks_does_not_hide_what_leaves(session, office):
    states, (ministry, _) = [make_state(f"Farland{n}") for n in range(5)], crowd(21)
    row = make_session()
    session.commit()
    chosen = {"states": [str(one.id) for one in states], "organisations": [str(ministry.id)], "addresses": "", "capacity": "participant"}
    page = office.get(office.post(f"/en/desk/sessions/{row.id}/invite", chosen).location).text
    assert [page.count(f"Nobody of Farland{n} can be reached") for n in range(5)] == [1] * 5
    assert page.index("Farland2") < page.index("<summary>and 2 more") < page.index("Farland3")


def test_twenty_leave_without_a_question(session, office):
    row, _ = invited(session, 20)
    mark_sent()
    session.commit()
    done = cancel(session, office, row)
    assert done.location.endswith(f"/desk/sessions/{row.id}") and mails(session, kind="session-cancel") == 20
    assert set(session.scalars(select(Message.priority).where(Message.kind == "session-cancel"))) == {Priority.NORMAL}


def test_what_a_look_finds_is_named_and_nobody_can_confirm_it(session, office, monkeypatch):
    row, people = invited(session)
    mark_sent()
    session.commit()
    guest = f"{people[3].given_name} {people[3].family_name}"
    real = Looker.problems
    monkeypatch.setattr(
        Looker, "problems", lambda self, job, before=(): ["foreign_address"] if job.recipient_name == guest else real(self, job, before)
    )
    asked = cancel(session, office, row)
    page = office.get(asked.location).text
    said = words(page)
    assert "These mails name an address that is neither their reader's nor ours." in said and guest in said
    assert 'name="rehearsed"' not in page and "Send 25 mails" not in said
    key = asked.location.rpartition("/")[2]
    forced = office.post(
        f"/en/desk/sessions/{row.id}/cancel",
        {"version": str(row.version), "tell": "everyone", "reason": "Storm", "rehearsed": key},
    )
    assert "/desk/rehearsals/" in forced.location and mails(session, kind="session-cancel") == 0


def test_a_rehearsal_is_confirmed_by_its_maker_and_confirms_nothing_else(session, office, sign_in):
    row, _ = invited(session)
    other_session, _ = make_session(), session.commit()
    mark_sent()
    session.commit()
    asked = cancel(session, office, row)
    key = asked.location.rpartition("/")[2]
    person = make_person("Colleague")
    session.commit()
    colleague = Browser(sign_in(person, Role.SECRETARIAT))
    seen = colleague.get(asked.location)
    assert "Only who pressed the button can confirm them." in words(seen.text) and 'name="rehearsed"' not in seen.text
    answer = colleague.post(
        f"/en/desk/sessions/{row.id}/cancel", {"version": str(row.version), "tell": "everyone", "reason": "Storm", "rehearsed": key}
    )
    assert "/desk/rehearsals/" in answer.location and mails(session, kind="session-cancel") == 0
    other = office.post(
        f"/en/desk/sessions/{row.id}/cancel",
        {"version": str(row.version), "tell": "everyone", "reason": "Another reason", "rehearsed": key},
    )  # what is said is another thing
    assert mails(session, kind="session-cancel") == 0
    assert "Something changed since you looked" in words(office.get(other.location).text)
    assert other_session.status is SessionStatus.SCHEDULED


def test_the_way_back_leads_to_a_page_of_ours_whatever_the_press_says_it_came_from(session, office):
    row, _ = invited(session)
    mark_sent()
    session.commit()
    form = form_of(office.get(f"/en/desk/sessions/{row.id}/edit").text, "version")
    more = {"version": str(row.version), "tell": "everyone", "reason": "Storm", "csrf_token": form.filled()["csrf_token"]}
    ours = f"/en/desk/sessions/{row.id}"
    for came, leads in ((ours, ours), ("//evil.example/x", "/en/desk"), ("/nowhere", "/en/desk")):
        office.client.post(f"{ours}/cancel", data=more, headers={"Referer": f"http://localhost{came}"})
        assert session.scalar(select(Rehearsal.back).order_by(Rehearsal.id.desc()).limit(1)) == leads


def test_the_quick_look_finds_what_the_long_one_finds(session):
    row, people = invited(session, 22)
    people[5].family_name = "Leak mallory%40evil.example"
    session.flush()
    extra = [make_person(f"P{n}", language="ar", email=f"p{n}@alvania.example") for n in range(3)]
    extra[1].family_name = "x@evil.example"
    rules.invite(row, [rules.Guest(p) for p in extra], by=None, now=NOW)
    mark_sent()
    rules.ask_again(row, by=people[0], now=NOW + timedelta(days=2))
    notes = leaving.of_now()
    planned = rehearsing.read(notes, "")
    assert len(planned.jobs) == 50 or len(planned.jobs) == 25
    looker = Looker(NOW)
    quick = {job.id: looker.problems(job, planned.before.get(job.id, ())) for job in planned.jobs}
    long = {job.id: problems(job, planned.before.get(job.id, ()), now=NOW) for job in planned.jobs}
    assert quick == long and any(long.values()) and not all(long.values())
    assert set(looker._quick.values()) == {True}
    job = planned.jobs[-1]
    later = __import__("dataclasses").replace(job, id=notice(1).recipient_id or job.id, ical_sequence=9)
    assert looker.problems(job, [later]) == problems(job, [later], now=NOW) == ["other_end"]


def test_who_writes_to_very_many_one_by_one_lets_the_others_go_first_and_a_day_has_its_end(session, office, settings, monkeypatch):
    row, _ = invited(session)
    mark_sent()
    monkeypatch.setattr(rehearsals, "AT_ONCE", 2)
    session.commit()
    guests = [make_person(f"Single{n}", email=f"single{n}@alvania.example") for n in range(4)]
    session.commit()
    for guest in guests:
        office.post(f"/en/desk/sessions/{row.id}/invite", {"addresses": guest.email, "capacity": "participant", "confirmed": "1"})
    lanes = [session.scalar(select(Message.priority).where(Message.recipient_id == g.id)) for g in guests]
    assert lanes == [Priority.NORMAL, Priority.NORMAL, Priority.BULK, Priority.BULK]
    (tally,) = session.scalars(select(Tally))
    tally.mails = settings.mails_per_person_a_day
    session.commit()
    asked = cancel(session, office, row)
    refused = press(office, office.get(asked.location).text)
    assert refused.status_code == 409 and "in 24 hours. A colleague can send these" in words(refused.text)
    assert mails(session, kind="session-cancel") == 0


def test_who_chose_a_digest_or_quiet_is_counted_apart_and_tells_no_hour_of_leaving(session, office):
    _, people = crowd(22)
    for person in people[:3]:
        choices.choose(person.id, {Topic.NEWS: Mode.WEEKLY}, None, zone=person.zone, by=None, now=NOW)
    common = {
        "subjects": {"en": "Word"}, "texts": {"en": "Text"}, "own": True, "language_name": "", "sent_in": "",
        "translated_from": "", "because": "member", "about": {}, "corrects": None,
    }  # fmt: skip
    facts = {"links": {"page": "http://127.0.0.1:8000/en/x"}, "personal": {"instead_of": ""}}
    letters = [letter_for(p, kind="circular", key=f"circular:{p.id}", facts=facts, common=common) for p in people]
    outbox.queue(letters, now=NOW)
    planned = rehearsing.read(leaving.of_now(), "")
    told = rehearsing.told(planned, rehearsing.Found())
    assert (len(planned.jobs), len(planned.due), told["waits"]) == (22, 19, [["weekly", 3]])
    assert (told["leaves"], told["moment"], told["of_event"]) == (NOW.isoformat(), NOW.isoformat(), False)
    row = Rehearsal(
        person_id=people[0].id, path="/en/desk", back="/en/desk", fields={}, digest="", mails=22, passed=True, told=told
    )  # fmt: skip
    session.add(row)
    session.commit()
    said = words(office.get(f"/en/desk/rehearsals/{row.id}").text)
    assert "Not all of them leave by themselves now. Their readers chose so: 3 : It is gathered for this person's digest on Monday." in said


def test_rehearsals_are_forgotten_after_two_days(session, office):
    row, _ = invited(session)
    mark_sent()
    session.commit()
    cancel(session, office, row)
    (kept,) = session.scalars(select(Rehearsal))
    rehearsals.clear_what_is_over(kept.created_at + timedelta(hours=47))
    assert session.scalar(select(func.count()).select_from(Rehearsal)) == 1
    rehearsals.clear_what_is_over(kept.created_at + timedelta(hours=49))
    assert session.scalar(select(func.count()).select_from(Rehearsal)) == 0


def test_the_outbox_says_who_asked_for_patience_and_that_the_relay_is_away(session, office):
    from app.core import clock

    now = clock.now()
    db.session.add_all(
        [
            Pause(domain="slow.example", since=now, until=now + timedelta(minutes=4), times=2, told="432 4.3.2 too many"),
            Pause(domain="", since=now, until=now + timedelta(seconds=15), times=1, told="no connection"),
            Pause(domain="over.example", since=now, until=now - timedelta(minutes=4), times=1, told="432"),
        ]
    )
    session.commit()
    for page in ("/en/desk/outbox", "/en/desk/health"):
        said = words(office.get(page).text)
        assert "Our mail server cannot be reached." in said and "slow.example" in said and "432 4.3.2 too many" in said
        assert "over.example" not in said


def test_what_clock_rules_asked_of_somebody_is_mail_to_many_too(session, office):
    former_rules.keep(NOW - timedelta(days=1))
    rulebook.keep(NOW)
    row = make_session(zone="Africa/Casablanca", local_start=datetime(2026, 11, 24, 10, 0))
    former_rules.by_former_rules(row)
    _, people = crowd()
    rules.invite(row, [rules.Guest(p) for p in people], by=None, now=NOW - timedelta(days=3))
    mark_sent()
    rules.check_clocks(NOW, commit=lambda: None)
    session.commit()
    change = session.scalars(select(ClockChange)).one()
    page = f"/en/desk/clocks/{change.id}"
    asked = office.post(f"{page}/decide", {"decision": "wall", "at": (row.starts_at + timedelta(hours=1)).isoformat()}, page=page)
    assert "/desk/rehearsals/" in asked.location and mails(session, kind="session-clocks") == 0
    said = words(office.get(asked.location).text)
    assert "25 mails leave when you confirm." in said and "were looked at: none names anybody" in said
    done = press(office, office.get(asked.location).text)
    assert done.location.endswith(page) and mails(session, kind="session-clocks", state=State.QUEUED) == 25
