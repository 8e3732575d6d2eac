"""Pages anyone may open, and those behind signed links: GET changes nothing, links of others open nothing."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.core import clock
from app.core.signing import sign
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Capacity, Route, Seat, SessionStatus, Visibility
from app.notifications.models import Message
from tests.exchanges.conftest import Browser
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, minutes


def link(invitation, purpose="answer", lang="en"):
    nonce = invitation.join_nonce if purpose == "join" else invitation.nonce
    return f"/{lang}/{purpose}/{sign(purpose, invitation.id, nonce)}"


def again(session, invitation):
    session.expire_all()
    return invitation_of(invitation.peer_session, invitation.person)


def test_the_list_shows_public_sessions_in_the_readers_hour_and_no_drafts(session, visitor):
    make_session(titles={"en": "Open to all", "ar": "للجميع"})
    make_session(titles={"en": "Only invited"}, visibility=Visibility.INVITED)
    make_session(titles={"en": "A draft"}, status=SessionStatus.DRAFT)
    session.commit()
    visitor.client.set_cookie("zone", "Asia/Bangkok")
    page = visitor.get("/en/exchanges").text
    assert "Open to all" in page
    assert "20:00 to 21:30" in page
    assert "Only invited" not in page
    assert "A draft" not in page
    assert "للجميع" in visitor.get("/ar/exchanges").text
    assert "No session is over yet." in visitor.get("/en/exchanges?when=past").text


def test_a_hostile_page_key_is_ignored(session, visitor):
    make_session()
    session.commit()
    for key in ("x", "WyIyMDI2LTAxLTAxIiwieCJd", "'\"<script>", "%00"):
        assert visitor.get(f"/en/exchanges?after={key}").status_code == 200


def test_the_session_page_shows_the_readers_hour_utc_the_hosts_and_elsewhere(session, visitor, state):
    row = make_session(agendas={"en": "- **Welcome**\n- Small groups"})
    make_invitation(row, organisation=state)
    session.commit()
    visitor.client.set_cookie("zone", "Asia/Bangkok")
    page = visitor.get(f"/en/sessions/{row.id}").text
    assert '<time datetime="2026-12-07T13:00Z">20:00</time>' in page
    assert "(13:00 to 14:30 UTC)" in page
    assert "Nairobi time, where it is hosted: Monday 7 December 2026, 16:00 to 17:30" in page
    assert "Dakar" in page
    assert "Good afternoon. It is 16:00 in Bangkok now." in page
    assert "<strong>Welcome</strong>" in page
    assert "30 places left" in page
    assert "meet.example" not in page
    assert "1234#" not in page


def test_what_one_may_not_see_is_not_found(session, visitor, sign_in, focal_point, state):
    hidden = make_session(visibility=Visibility.INVITED)
    draft = make_session(status=SessionStatus.DRAFT)
    guest, stranger = make_invitation(hidden).person, make_person()
    make_invitation(hidden, organisation=state)
    session.commit()
    for row in (hidden, draft):
        assert visitor.get(f"/en/sessions/{row.id}").status_code == 404
        assert visitor.get(f"/en/sessions/{row.id}/calendar.ics").status_code == 404
        assert Browser(sign_in(stranger)).get(f"/en/sessions/{row.id}").status_code == 404
    assert Browser(sign_in(guest)).get(f"/en/sessions/{hidden.id}").status_code == 200
    assert focal_point.get(f"/en/sessions/{hidden.id}").status_code == 200  # invited for the own State
    assert Browser(sign_in(guest)).get(f"/en/sessions/{draft.id}").status_code == 404


def test_k1_the_calendar_file_asks_nobody_and_gives_no_way_in(session, visitor):
    row = make_session()
    make_invitation(row)
    session.commit()
    answer = visitor.get(f"/en/sessions/{row.id}/calendar.ics")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="session.ics"'
    found = Calendar.from_ical(answer.data)
    event = found.walk("VEVENT")[0]
    assert (found["METHOD"], event["UID"], event["SEQUENCE"], event["STATUS"]) == ("PUBLISH", row.uid, 0, "CONFIRMED")
    assert "ATTENDEE" not in event
    assert b"meet.example" not in answer.data
    assert b"1234#" not in answer.data


@pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
def test_f16_opening_links_twice_by_get_and_head_changes_nothing(session, visitor, choice):
    invitation = make_invitation(make_session())
    session.commit()
    before = again(session, invitation)
    seen = (before.answer, before.seat, before.updated_at, before.dtstamp)
    for path in (f"{link(invitation)}?answer={choice}", link(invitation, "join")):
        for method in (visitor.client.get, visitor.client.head, visitor.client.get):
            assert method(path, follow_redirects=True).status_code == 200
    after = again(session, invitation)
    assert (after.answer, after.seat, after.updated_at, after.dtstamp) == seen
    assert session.scalars(select(AnswerRecord)).all() == []
    assert len(session.scalars(select(Message)).all()) == 1


def test_the_answer_page_has_the_links_choice_chosen_and_headers_that_keep_its_address(session, visitor):
    invitation = make_invitation(make_session())
    session.commit()
    page = visitor.get(f"{link(invitation)}?answer=maybe")
    assert re.search(r'value="maybe" checked', page.text)
    assert not re.search(r'value="(yes|no)" checked', page.text)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "checked" not in visitor.get(f"{link(invitation)}?answer=%27x").text


def test_an_answer_is_saved_by_a_post_with_a_choice(session, visitor):
    invitation = make_invitation(make_session())
    session.commit()
    answer = visitor.post(link(invitation), {"answer": "yes", "notes": "y", "comment": "With pleasure"})
    assert answer.status_code == 303
    assert "Your seat is confirmed" in visitor.get(answer.location).text
    after = again(session, invitation)
    assert (after.answer, after.seat, after.wants_notes, after.comment) == (Answer.YES, Seat.HELD, True, "With pleasure")
    twice = visitor.post(link(invitation), {"answer": "yes", "notes": "y", "comment": "With pleasure"})
    assert twice.status_code == 303
    assert len(session.scalars(select(AnswerRecord)).all()) == 1


@pytest.mark.parametrize("guests", [2, 5])
def test_page_and_answer_ask_the_database_no_more_than_they_must(session, visitor, statements, guests):
    hosts = (make_state("Alvania", zone="Africa/Dakar"), make_state("Elmara", zone="Europe/Paris"))
    row = make_session(hosts=hosts)
    people = [make_invitation(row, organisation=hosts[0]) for _ in range(guests)]
    links = [link(invitation) for invitation in people]
    session.commit()
    visitor.post(links[0], {"answer": "yes"})  # stores what the others' mails share
    session.remove()
    statements.clear()
    visitor.get(links[1])
    assert len(statements) == 2, "\n".join(statements)
    session.remove()
    assert visitor.post(links[1], {"answer": "yes"}).status_code == 303
    assert len(statements) == 2 + 2 + 9, "\n".join(statements)
    assert len(session.scalars(select(Message).where(Message.kind == "session-confirmation")).all()) == 2


def test_a_post_without_choice_or_token_changes_nothing(session, visitor):
    invitation = make_invitation(make_session())
    session.commit()
    missing = visitor.post(link(invitation), {"notes": "y"})
    assert missing.status_code == 422
    assert "Choose Yes, Maybe or No." in missing.text
    assert visitor.client.post(link(invitation), data={"answer": "yes"}).status_code == 400
    assert visitor.post(link(invitation), {"answer": "perhaps"}).status_code == 422
    assert again(session, invitation).answer is None


def test_links_of_other_purposes_rows_and_nonces_open_nothing(session, visitor):
    row = make_session()
    mine, other = make_invitation(row), make_invitation(row)
    session.commit()
    bad = [
        sign("join", mine.id, mine.join_nonce), sign("answer", mine.id, other.nonce), sign("answer", row.id, mine.nonce),
        sign("feed", mine.id, mine.nonce), "x", "A" * 54, sign("answer", mine.id, mine.nonce)[:-1] + "!",
    ]  # fmt: skip
    for token in bad:
        assert visitor.get(f"/en/answer/{token}").status_code == 404
    assert visitor.get(f"/en/join/{sign('answer', mine.id, mine.nonce)}").status_code == 404


def test_the_join_address_leads_to_the_answer_before_yes_and_to_the_meeting_after(session, visitor):
    invitation = make_invitation(make_session())
    session.commit()
    first = visitor.get(link(invitation, "join"))
    assert first.status_code == 302
    assert first.location == link(invitation)
    assert "meet.example" not in visitor.get(first.location).text
    visitor.post(link(invitation), {"answer": "yes"})
    page = visitor.get(link(invitation, "join"))
    assert page.status_code == 200
    for held in ("https://meet.example/abc", "https://meet.example/test", "1234#"):
        assert held in page.text
    visitor.post(link(invitation), {"answer": "no"})
    assert visitor.get(link(invitation, "join")).status_code == 302


def test_a_full_session_says_the_place_in_line(session, visitor):
    row = make_session(capacity=1)
    rules.respond(make_invitation(row), answer=Answer.YES, route=Route.PAGE, now=NOW)
    invitation = make_invitation(row)
    session.commit()
    assert "All seats are taken. With Yes you join the waiting list" in visitor.get(link(invitation)).text
    saved = visitor.post(link(invitation), {"answer": "yes"})
    assert "You are number 1 on the waiting list." in visitor.get(saved.location).text


def test_over_cancelled_taken_back_and_informed_each_have_their_sentence(session, visitor, monkeypatch):
    row = make_session()
    invitation, gone = make_invitation(row), make_invitation(row)
    informed = make_invitation(row, capacity=Capacity.INFORMATION)
    stopped = make_invitation(make_session())
    rules.uninvite(gone, tell=False, by=None, now=NOW)
    rules.cancel(stopped.peer_session, reason="The host is ill", tell=False, version=stopped.peer_session.version,
                 by=make_person(), now=NOW)  # fmt: skip
    session.commit()
    taken = visitor.get(link(gone))
    assert (taken.status_code, "This invitation was taken back." in taken.text) == (410, True)
    assert visitor.get(link(gone, "join")).status_code == 410
    page = visitor.get(link(stopped)).text
    assert "This session was cancelled." in page
    assert "The host is ill" in page
    assert "You have a copy for information." in visitor.get(link(informed)).text
    form = visitor.get(link(invitation)).text
    monkeypatch.setattr(clock, "now", lambda: row.ends_at)
    assert "This session is over. Answers are closed." in visitor.get(link(invitation)).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
    late = visitor.client.post(link(invitation), data={"answer": "yes", "csrf_token": token})
    assert (late.status_code, "This session is over" in late.text) == (409, True)
    assert session.scalars(select(AnswerRecord)).all() == []


def test_after_a_move_the_page_says_that_the_answer_was_for_the_former_time(session, visitor):
    row = make_session()
    invitation = make_invitation(row)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW)
    plan = make_plan(local_start=datetime(2026, 12, 8, 10, 0))
    rules.change(row, plan, version=row.version, tell=True, by=make_person(), now=NOW + minutes(1))
    session.commit()
    assert "You answered Yes for the former time." in visitor.get(link(invitation)).text
    visitor.post(link(invitation), {"answer": "yes"})
    page = visitor.get(link(invitation)).text
    assert "former time" not in page
    assert "You answered Yes and have a seat." in page


def test_the_way_into_the_meeting_is_on_the_session_page_of_those_who_have_a_seat(session, sign_in, visitor):
    row = make_session()
    mine, theirs = make_invitation(row), make_invitation(row)
    rules.respond(mine, answer=Answer.YES, route=Route.PAGE, now=NOW)
    session.commit()
    path, ways = f"/en/sessions/{row.id}", ("https://meet.example/abc", "1234#", "https://meet.example/test")
    seated = Browser(sign_in(mine.person)).get(path).text
    assert all(way in seated for way in ways)
    for browser in (Browser(sign_in(theirs.person)), visitor):
        page = browser.get(path).text
        assert not any(way in page for way in ways)


def test_signed_in_people_answer_on_the_session_page_and_only_for_themselves(session, sign_in):
    row = make_session()
    invitation, other = make_invitation(row), make_invitation(row)
    stranger = make_person()
    session.commit()
    mine = Browser(sign_in(invitation.person))
    path = f"/en/sessions/{row.id}"
    assert mine.post(f"{path}/answer", {"answer": "yes"}, page=path).status_code == 303
    assert again(session, invitation).seat is Seat.HELD
    assert again(session, other).answer is None
    outsider = Browser(sign_in(stranger))
    assert "Will you take part?" not in outsider.get(path).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', outsider.get(path).text)[1]
    assert outsider.client.post(f"{path}/answer", data={"answer": "yes", "csrf_token": token}).status_code == 404
    assert "Answers due" not in mine.get("/en/my-sessions").text
    due = Browser(sign_in(other.person)).get("/en/my-sessions").text
    assert "Answers due" in due
    assert "Family reunification when papers are missing" in due


def test_signed_out_people_are_asked_to_sign_in_for_their_own_pages(session, visitor):
    row = make_session()
    session.commit()
    assert visitor.get("/en/my-sessions").status_code == 401
    assert visitor.get("/en/my-state/invitations").status_code == 401
    assert visitor.get("/en/desk/sessions").status_code == 401
    assert visitor.get(f"/en/desk/sessions/{row.id}").status_code == 401


@pytest.mark.parametrize("rows", [1, 4])
def test_list_and_page_ask_the_same_number_of_questions_however_many_rows(session, visitor, statements, rows):
    for _ in range(rows):
        row = make_session()
        for _ in range(rows):
            make_invitation(row)
    session.commit()
    session.remove()
    for path in ("/en/exchanges", f"/en/sessions/{row.id}"):
        visitor.get(path)
        session.remove()
        statements.clear()
        assert visitor.get(path).status_code == 200
        assert len(statements) <= 6, "\n".join(statements)


def test_a_session_of_a_series_says_which_it_is_and_counts_only_what_the_reader_may_see(session, visitor):
    first = make_session(local_start=datetime(2026, 12, 1, 13))
    first.exchange.made_for_session = False
    alone = make_session()
    for day, status in ((8, SessionStatus.SCHEDULED), (15, SessionStatus.CANCELLED), (22, SessionStatus.DRAFT)):
        other = make_session(local_start=datetime(2026, 12, day, 13))
        other.exchange_id, other.status = first.exchange_id, status
        if status is SessionStatus.SCHEDULED:
            second = other
        if status is SessionStatus.CANCELLED:
            other.cancelled_at = NOW
    session.commit()
    assert "Session 1 of 2" in visitor.get(f"/en/sessions/{first.id}").text
    assert "Session 2 of 2" in visitor.get(f"/en/sessions/{second.id}").text
    assert "Session 1 of" not in visitor.get(f"/en/sessions/{alone.id}").text
