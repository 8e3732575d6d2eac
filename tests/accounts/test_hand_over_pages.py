"""Handing over at the desk: who takes over, what moves, one press; and what the deactivation page asks."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.models import Designation, HandOver, Person, Role
from app.extensions import db
from app.notifications.models import Message
from tests.accounts.leaving import Leaving
from tests.conftest import csrf_of
from tests.interests.pages import read


@pytest.fixture
def desk(app, sign_in):
    with app.app_context():
        found = Leaving()
        ids = {name: getattr(found, name).id for name in ("ada", "ben", "officer", "state", "designation", "session", "place")}
        db.session.commit()
        officer = db.session.get(Person, ids["officer"])
        db.session.expunge_all()
    return {**ids, "browser": sign_in(officer), "url": f"/en/desk/people/{ids['ada']}/hand-over"}


LETTER = {"letter_number": "NV/44", "letter_date": "2026-11-20", "signatory": "Minister of the Interior", "close": "y"}


def test_the_page_finds_who_takes_over_and_says_what_moves_before_the_button(app, desk):
    browser, url = desk["browser"], desk["url"]
    assert "Hand over to somebody" in browser.get(f"/en/desk/people/{desk['ada']}").text
    page = browser.get(url, query_string={"words": "otieno"}).text
    assert f"successor={desk['ben']}" in page
    page = browser.get(f"{url}?successor={desk['ben']}").text
    for words in (
        "Milestones to reach",
        "Invitations to sessions to come",
        "Mails that have not left yet",
        "No mail goes to Ada Morrow",
    ):
        assert words in page, words
    assert 'name="letter_date"' in page and "The letter of Alvania" in page
    with app.app_context():
        assert db.session.scalars(select(HandOver)).all() == []


def test_one_press_hands_over_and_the_same_form_again_does_nothing_more(app, desk, outbox):
    browser, url = desk["browser"], f"{desk['url']}?successor={desk['ben']}"
    form = read(browser.get(url).text.split("<main")[1]).forms[0]
    data = {**form.filled(), **LETTER}
    without = browser.post(url, data={**data, "letter_date": ""})
    assert without.status_code == 422 and "Enter the date of the letter." in without.text
    answer = browser.post(url, data=data)
    assert answer.status_code == 303 and answer.location.endswith(f"/desk/people/{desk['ben']}")
    told = len(outbox())
    assert browser.post(url, data=data).status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(HandOver)).all()) == 1
        assert len(db.session.scalars(select(Designation)).all()) == 2
        assert not db.session.get(Person, desk["ada"]).active
    assert len(outbox()) == told
    assert "has taken over from Ada Morrow" in browser.get(answer.location).text
    assert "Handed over to" in browser.get(f"/en/desk/people/{desk['ada']}").text
    record = browser.get(f"/en/desk/sessions/{desk['session']}").text
    assert "Ben Otieno" in record


def test_who_cannot_take_over_is_said_before_the_button(desk):
    browser, url = desk["browser"], desk["url"]
    page = browser.get(f"{url}?successor={desk['ada']}").text
    assert "Nobody can hand over to themselves" in page and "letter_date" not in page
    page = browser.get(f"{url}?successor={desk['officer']}").text
    assert "Ask a colleague" in page
    data = {"csrf_token": csrf_of(browser.get("/en/desk/people/new").text), **LETTER}
    assert browser.post(f"{url}?successor={desk['ada']}", data=data).status_code == 409


def test_others_have_no_such_page(app, desk, sign_in):
    with app.app_context():
        ada = db.session.get(Person, desk["ada"])
        db.session.expunge(ada)
    for roles in ((), (Role.CO_LEAD,), (Role.AUDITOR,)):
        assert sign_in(ada, *roles).get(f"{desk['url']}?successor={desk['ben']}").status_code == 404
    assert app.test_client().get(desk["url"]).status_code == 401


@pytest.mark.parametrize(("choice", "taken"), [("keep", False), ("take_back", True)])
def test_deactivating_asks_what_becomes_of_the_places(app, desk, choice, taken):
    browser = desk["browser"]
    page = browser.get(f"/en/desk/people/{desk['ada']}").text
    assert "They are invited to 2 sessions to come." in page
    data = {"csrf_token": csrf_of(page), "places": choice}
    assert browser.post(f"/en/desk/people/{desk['ada']}/deactivate", data=data).status_code == 303
    with app.app_context():
        from app.exchanges.models import Invitation

        assert (db.session.get(Invitation, desk["place"]).uninvited_at is not None) == taken
        waiting = db.session.scalars(select(Message.state).where(Message.recipient_id == desk["ada"])).all()
        assert set(waiting) == {"cancelled"}
    shown = browser.get(f"/en/desk/sessions/{desk['session']}").text
    assert ("record closed" in shown) != taken
