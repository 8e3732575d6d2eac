"""The first page of everyone who may look: the public, the invited, the focal point."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest

from app.accounts.models import Capacity as Standing
from app.core.languages import LANGUAGES
from app.core.paging import key_text
from app.exchanges.models import Answer, Capacity, Seat, SessionStatus, Visibility
from app.extensions import db
from tests.dashboards.rows import NOW, make_call, make_expression, make_invitation, make_session
from tests.factories.accounts import make_designation, make_person, make_state


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_an_empty_network_says_so_and_shows_no_dead_end(client):
    page = client.get("/en/")
    assert page.status_code == 200
    assert "No session is planned yet" in page.text
    assert 'href=""' not in page.text


def test_the_public_sees_the_next_public_sessions_and_nothing_else(client, written):
    with written():
        host = make_state("Elmara", zone="Asia/Amman")
        shown = make_session("Papers missing", hosts=[host], capacity=3)
        for seat in (Seat.HELD, Seat.HELD, Seat.WAITING):
            waiting = NOW if seat is Seat.WAITING else None
            make_invitation(shown, make_person(), seat=seat, answer=Answer.YES, waiting_since=waiting)
        make_session("Only for the invited", visibility=Visibility.INVITED)
        make_session("A draft", status=SessionStatus.DRAFT)
        make_session("Called off", status=SessionStatus.CANCELLED)
        make_session("Over", after=-timedelta(hours=2))
        make_session("Running", after=-timedelta(minutes=30))
    text = words(client.get("/en/").text)
    assert "Papers missing" in text and "Elmara" in text and "1 place left" in text and "Running" in text
    for hidden in ("Only for the invited", "A draft", "Called off", "Over "):
        assert hidden not in text


def test_a_full_session_names_the_waiting_list(client, written):
    with written():
        full = make_session("Full house", capacity=1)
        make_invitation(full, make_person(), seat=Seat.HELD, answer=Answer.YES)
    assert "Full: join the waiting list" in words(client.get("/en/").text)


def test_hours_are_the_readers_and_the_map_names_places(client, written):
    with written():
        make_session("At noon", after=timedelta(days=1, hours=3), zone="America/Bogota")
    client.set_cookie("zone", "Africa/Nairobi")
    text = words(client.get("/en/").text)
    assert "15:00 to 16:30" in text and "your time, Nairobi" in text
    assert ("Nairobi 15:00" in text) == ("mapdots" in client.get("/en/").text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_its_home_and_texts(client, written, lang):
    with written():
        make_session("One")
    for path in ("", "about", "privacy", "accessibility", "contact"):
        page = client.get(f"/{lang}/{path}")
        assert page.status_code == 200
        assert f'<html lang="{lang}"' in page.text
        assert page.text.count("<h1") == 1


def test_home_needs_six_statements_for_one_session_and_for_many(client, written, statements):
    counts = []
    for _ in range(2):
        with written():
            for _ in range(4):
                made = make_session(hosts=[make_state()])
                for _ in range(3):
                    make_invitation(made, make_person(), seat=Seat.HELD)
                make_expression(make_call(), make_state())
        statements.clear()
        assert client.get("/en/").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6


def test_a_participant_sees_what_is_due_and_what_is_settled_in_their_hour(client, written, sign_in):
    with written():
        person = make_person("Sabri", zone="Asia/Amman")
        due = make_session("To answer", after=timedelta(days=2))
        moved = make_session("Moved", after=timedelta(days=3), schedule_version=2)
        settled = make_session("Settled", after=timedelta(days=4))
        copy = make_session("For information", after=timedelta(days=5))
        left = make_session("Taken back", after=timedelta(days=6))
        other = make_session("Of somebody else", visibility=Visibility.INVITED)
        make_invitation(due, person)
        make_invitation(moved, person, answer=Answer.YES, answered_version=1, seat=Seat.HELD)
        make_invitation(settled, person, answer=Answer.YES, answered_version=1, seat=Seat.HELD)
        make_invitation(copy, person, capacity=Capacity.INFORMATION)
        make_invitation(left, person, uninvited_at=NOW)
        make_invitation(other, make_person())
    page = sign_in(person).get("/en/").text
    text = words(page)
    due, rest = (
        words(page[page.index(f'id="{start}"') : page.index(end)]) for start, end in (("due", 'id="mine"'), ("mine", "</main>"))
    )
    assert "2 answers are due from you" in text
    assert "To answer" in due and "Answered for the former time" in due and "Settled" not in due
    assert "You take part" in rest and "For your information" in rest and "Moved" not in rest
    assert "Taken back" not in text and "Of somebody else" not in text
    assert "12:00 to 13:30" in text  # 09:00 UTC in Amman


def test_a_focal_point_sees_their_state_and_no_other(client, written, sign_in, statements):
    with written():
        ours, theirs = make_state("Alvania"), make_state("Borania")
        speaker, stranger = make_person("Morrow", of=ours), make_person("Sarr", of=theirs)
        make_designation(ours, speaker)
        make_designation(theirs, stranger)
        call = make_call()
        mine, other = make_expression(call, ours), make_expression(call, theirs)
        meeting = make_session("Joint session")
        make_invitation(meeting, make_person("Delegate"), organisation_id=ours.id, answer=Answer.YES)
        make_invitation(meeting, make_person("Foreigner"), organisation_id=theirs.id)
    browser = sign_in(speaker)
    statements.clear()
    home = words(browser.get("/en/").text)
    assert len(statements) <= 6
    whole = browser.get("/en/my-state").text
    assert 'href="/en/my-state/invitations"' in whole
    state_page = words(whole)
    for text in (home, state_page):
        assert mine.reference in text and "Delegate" in text and "Focal point of Alvania" in text
        assert other.reference not in text and "Foreigner" not in text and "Borania" not in text


def test_lists_of_a_state_that_are_cut_lead_to_the_whole(client, written, sign_in):
    with written():
        ours, theirs = make_state("Alvania"), make_state("Borania")
        speaker = make_person("Morrow", of=ours)
        make_designation(ours, speaker)
        for number in range(9):
            make_designation(ours, make_person(f"Alternate{number}", of=ours), capacity=Standing.ALTERNATE)
            make_invitation(make_session("Joint session"), make_person(f"Delegate{number}"), organisation_id=ours.id)
        call = make_call()
        sent = [make_expression(call, ours, submitted_at=NOW - timedelta(hours=n)).reference for n in range(9)]
        sent += [make_expression(call, ours, submitted_at=NOW - timedelta(days=2)).reference for _n in range(24)]
        other = make_expression(call, theirs).reference
    browser = sign_in(speaker)
    for path in ("/en/", "/en/my-state"):
        page = browser.get(path).text
        shown = words(page)
        assert all(reference in shown for reference in sent[:8]) and sent[8] not in shown
        assert "Alternate6" in shown and "Alternate7" not in shown and shown.count("Joint session") == 8
        for address in ("/en/my-state?list=expressions", "/en/my-state?list=speakers", "/en/my-state/invitations"):
            assert f'href="{address}"' in page
    first = browser.get("/en/my-state?list=expressions").text
    further = browser.get(re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")).text
    whole = [reference for reference in re.findall(r"EOI-[\w-]+", first + further) if reference in sent]
    assert sorted(set(whole)) == sorted(sent) and len(set(whole)) == 33 and whole[0] == sent[0]
    assert other not in first + further and 'href="/en/my-state?list=expressions"' in further
    speakers = words(browser.get("/en/my-state?list=speakers").text)
    assert all(f"Alternate{n}" in speakers for n in range(9))
    for key in (
        "nonsense",
        key_text(("nobody", "A", uuid.uuid4())),
        key_text(("alternate", "Alternate7", uuid.UUID(int=2**128 - 1))),
    ):
        answer = browser.get(f"/en/my-state?list=speakers&after={key}")
        assert answer.status_code == 200 and "Alternate8" in answer.text
    assert "Alternate7" not in answer.text


def test_a_designation_that_is_not_verified_gives_nothing(client, written, sign_in):
    with written():
        ours = make_state("Alvania")
        speaker = make_person("Morrow", of=ours)
        make_designation(ours, speaker, verified=False)
        expression = make_expression(make_call(), ours)
    browser = sign_in(speaker)
    assert expression.reference not in browser.get("/en/").text
    assert browser.get("/en/my-state").status_code == 404


def test_the_health_of_the_process_is_public_and_says_nothing_more(client):
    for path, word in (("/live", "live"), ("/ready", "ready")):
        answer = client.get(path)
        assert (answer.status_code, answer.text.strip(), answer.mimetype) == (200, word, "text/plain")


def test_the_mark_is_404_without_a_file(client):
    assert client.get("/en/network-mark").status_code == 404
    assert db.session is not None
