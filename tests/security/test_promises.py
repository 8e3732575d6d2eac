"""Sentences of the house's promises on sign-in and rights that no other test says: what is shown to whom, and for how long."""

from datetime import timedelta

import pytest

from app.accounts.models import Designation, Role
from app.core import clock
from app.notifications.models import InboundMail
from tests.accounts.conftest import form_of
from tests.factories.accounts import NOW, make_designation, make_person, make_state
from tests.factories.interests import make_call, make_expression
from tests.security.world import make_world


@pytest.mark.parametrize(("role", "shown"), [(Role.CO_LEAD, False), (Role.AUDITOR, True), (Role.SECRETARIAT, True)])
def test_a_how_to_reach_a_contact_is_between_them_and_the_secretariat(within, browser_of, role, shown):
    browser, _ = browser_of(role)
    with within():
        call = make_call()
        more = {"contact_email": "reach.me@elmara.example", "contact_phone": "+999 5550"}
        expression = make_expression(call, make_state("Elmara"), **more)
    page = browser.get(f"/en/desk/expressions/{expression.id}")
    assert page.status_code == 200 and "Morrow" in page.get_data(as_text=True)
    for words in more.values():
        assert (words in page.get_data(as_text=True)) is shown
    assert "reach.me" not in browser.get("/en/desk/expressions").get_data(as_text=True)


@pytest.mark.parametrize("name", ["status", "correct", "question", "confirm"])
def test_h_the_links_of_an_expression_end_a_year_after_its_last_change(app, within, monkeypatch, name):
    with within():
        _, _, _, links = make_world("Secretwords")
        make_person()
    client = app.test_client()
    for days, code in ((350, 200), (380, 404)):  # rows are stamped with the real day
        monkeypatch.setattr(clock, "now", lambda days=days: NOW + timedelta(days=days))
        answer = client.get(links[name])
        assert answer.status_code == code
        assert code == 200 or "Secretwords" not in answer.get_data(as_text=True)


def test_h_signing_in_again_gives_another_id_and_each_can_be_ended_alone(within, sign_in):
    with within():
        person = make_person("Me")
    first, second = sign_in(person), sign_in(person)
    ids = set()
    for browser in (first, second):
        with browser.session_transaction() as cookie:
            ids.add(cookie["_user_id"])
            assert str(person.id) not in cookie["_user_id"] and len(cookie["_user_id"]) >= 43
    assert len(ids) == 2


def test_a_nobody_verifies_the_letter_that_names_them(within, browser_of):
    browser, person = browser_of(Role.SECRETARIAT)
    with within():
        own = make_designation(make_state(), person, verified=False)
        other = make_designation(make_state(), make_person(), verified=False)
    for row, code in ((own, 409), (other, 303)):
        page = browser.get(f"/en/desk/designations/{row.id}")
        assert (
            browser.post(
                f"/en/desk/designations/{row.id}/verify", data=form_of(page, f"/en/desk/designations/{row.id}/verify")
            ).status_code
            == code
        )
    with within() as session:
        assert session.get(Designation, own.id).verified_at is None and session.get(Designation, other.id).verified_at is not None
    assert browser.get("/en/my-state").status_code == 404


def test_a_a_mail_that_quotes_a_link_of_ours_shows_its_reader_no_key(within, browser_of):
    browser, _ = browser_of(Role.SECRETARIAT)
    with within() as session:
        _, _, ids, links = make_world("Words")
        mail = session.get(InboundMail, ids["mail_id"])
        mail.body = f"I have a question.\n> Open http://127.0.0.1:8000{links['answer']}\n> or {links['feed']}"
    told = browser.get(f"/en/desk/replies/{ids['mail_id']}").get_data(as_text=True)
    assert "I have a question." in told and "/en/answer/…" in told
    assert links["answer"].split("/")[3] not in told and links["feed"].split("/")[2].removesuffix(".ics") not in told
