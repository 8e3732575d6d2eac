"""Opinions and conflicts of interest over HTTP: what each reader finds on the record and on their own page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.models import Person, Role
from app.accounts.visibility import Label
from app.extensions import db
from app.interests import rules
from app.interests.models import Expression, Status
from app.interests.opinion_models import LeftOut, Opinion, View
from app.notifications.models import State
from tests.conftest import csrf_of
from tests.factories.accounts import NOW, make_person, make_state
from tests.factories.interests import make_call, make_expression
from tests.interests.test_opinions import DUE, co_lead


@pytest.fixture
def desk(app, sign_in):
    """An expression on which Anna and Ben were asked and Ben has a concern; browsers by name."""
    with app.app_context():
        officer = make_person("Berg", roles=(Role.SECRETARIAT,))
        expression = make_expression(make_call(), make_state(), email_confirmed_at=NOW)
        anna, ben = co_lead("Anna"), co_lead("Ben")
        rules.note(expression, "NOTE-FOR-CO-LEADS", visibility=Label.ALL_CO_LEADS, by=officer, now=NOW)
        request = rules.ask_opinions(expression, DUE, text="Is it ready?", visibility=Label.ALL_CO_LEADS, by=officer, now=NOW)
        his = next(o for o in request.opinions if o.person_id == ben.id)
        rules.give_opinion(his, View.CONCERN, reason="BENS-CONCERN", by=ben, now=NOW)
        late = co_lead("Late")  # became a co-lead afterwards
        ids = {"officer": officer.id, "anna": anna.id, "ben": ben.id, "late": late.id, "expression": expression.id}
        db.session.commit()

    def browser(name):
        with app.app_context():
            person = db.session.get(Person, ids[name])
            db.session.expunge(person)
        return sign_in(person)

    return {**ids, "browser": browser, "url": f"/en/desk/expressions/{ids['expression']}"}


def test_the_record_is_read_in_six_statements_at_most_at_the_desk_and_by_a_co_lead(desk, statements):
    for reader in ("officer", "ben"):
        browser = desk["browser"](reader)
        browser.get(desk["url"])  # the process has what it keeps
        statements.clear()
        page = browser.get(desk["url"])
        assert page.status_code == 200 and "NOTE-FOR-CO-LEADS" in page.text and "BENS-CONCERN" in page.text
        assert len(statements) <= 6, "\n".join(statements)


def test_who_declares_a_conflict_is_left_out_of_notes_opinions_and_mails(app, desk, outbox):
    url, anna = desk["url"], desk["browser"]("anna")
    page = anna.get(url).text
    assert "NOTE-FOR-CO-LEADS" in page and "BENS-CONCERN" in page
    form = {"csrf_token": csrf_of(page), "c-reason": "MY-COUSIN-WORKS-THERE"}
    assert anna.post(f"{url}/conflict", data=form).status_code == 303
    assert anna.post(f"{url}/conflict", data=form).status_code == 303  # pressed twice
    page = anna.get(url).text
    assert "left out by your own declaration" in page
    assert not any(secret in page for secret in ("NOTE-FOR-CO-LEADS", "BENS-CONCERN"))
    own = anna.get(f"{url}/opinion").text
    assert "not asked for any more" in own and "BENS-CONCERN" not in own and 'name="view"' not in own
    assert f'<a href="{url}#opinions">Take back the declaration</a>' in own  # no dead end
    assert {m.recipient_id: m.state for m in outbox("opinion-asked")}[desk["anna"]] is State.CANCELLED
    with app.app_context():
        assert [row.person_id for row in db.session.scalars(select(LeftOut))] == [desk["anna"]]
    assert "MY-COUSIN-WORKS-THERE" not in desk["browser"]("ben").get(url).text
    shown = desk["browser"]("officer").get(url).text
    assert all(words in shown for words in ("Left out by own declaration", "BENS-CONCERN", "MY-COUSIN-WORKS-THERE"))


@pytest.mark.parametrize("who", ["anna", "officer"])
def test_a_declaration_made_in_error_is_taken_back_by_the_co_lead_or_the_secretariat_and_by_nobody_else(app, desk, who):
    url, anna = desk["url"], desk["browser"]("anna")
    assert anna.post(f"{url}/conflict", data={"csrf_token": csrf_of(anna.get(url).text)}).status_code == 303
    with app.app_context():
        [held] = db.session.scalars(select(LeftOut.id))
    address, name = f"{url}/conflicts/{held}/take-back", f"t-{held}-reason"
    ben = desk["browser"]("ben")
    assert address not in ben.get(url).text
    assert ben.post(address, data={"csrf_token": csrf_of(ben.get(url).text), name: "For her"}).status_code == 404
    browser = desk["browser"](who)
    page = browser.get(url).text
    assert address in page
    form = {"csrf_token": csrf_of(page), name: ""}
    refused = browser.post(address, data=form)
    assert refused.status_code == 422 and "Write why it is taken back." in refused.text
    with app.app_context():
        assert db.session.scalars(select(LeftOut.id)).all() == [held]
    assert browser.post(address, data={**form, name: "ANOTHER-MINISTRY"}).status_code == 303
    assert browser.post(address, data={**form, name: "ANOTHER-MINISTRY"}).status_code == 303  # pressed twice
    for reader in ("anna", "officer"):
        shown = desk["browser"](reader).get(url).text
        assert all(w in shown for w in ("Declaration taken back", "ANOTHER-MINISTRY", "BENS-CONCERN", "NOTE-FOR-CO-LEADS"))
    assert "ANOTHER-MINISTRY" not in ben.get(url).text
    assert 'name="view"' in desk["browser"]("anna").get(f"{url}/opinion").text


def test_a_co_lead_answers_on_the_page_and_others_have_none(desk):
    url, anna = f"{desk['url']}/opinion", desk["browser"]("anna")
    assert "Opinions you are asked for" in anna.get("/en/").text
    page = anna.get(url)
    assert page.status_code == 200 and "Is it ready?" in page.text and "3 December 2026" in page.text
    form = {"csrf_token": csrf_of(page.text), "view": "concern", "reason": ""}
    assert anna.post(url, data=form).status_code == 422
    assert anna.post(url, data={**form, "reason": "MY-REASON"}).status_code == 303
    assert "MY-REASON" in anna.get(url).text and "Opinions you are asked for" not in anna.get("/en/").text
    assert "MY-REASON" in desk["browser"]("officer").get(desk["url"]).text
    for other in ("late", "officer"):
        assert desk["browser"](other).get(url).status_code == 404


def test_the_decision_page_asks_once_more_in_a_box_to_tick(app, desk):
    officer, url = desk["browser"]("officer"), desk["url"]
    page = officer.get(url).text
    assert "Has not answered" in page and "despite_opinions" not in page
    with app.app_context():
        version = db.session.get(Expression, desk["expression"]).version
    form = {"csrf_token": csrf_of(page), "decision": "accepted", "reason": "Good", "version": str(version)}
    refused = officer.post(f"{url}/decision", data=form)
    assert refused.status_code == 409 and 'name="despite_opinions"' in refused.text and "1 of 2" in refused.text
    assert officer.post(f"{url}/decision", data={**form, "despite_opinions": "y"}).status_code == 303
    with app.app_context():
        assert db.session.get(Expression, desk["expression"]).status is Status.ACCEPTED


def test_the_secretariat_asks_on_the_record_and_the_form_says_who_will_read(app, desk):
    with app.app_context():
        other = make_expression(make_call(), make_state(), email_confirmed_at=NOW)
        db.session.commit()
        url = f"/en/desk/expressions/{other.id}"
    officer = desk["browser"]("officer")
    page = officer.get(url).text
    assert "3 co-leads get a mail with the link." in page and "The secretariat and the co-leads of UN entities" in page
    form = {"csrf_token": csrf_of(page), "o-due_on": "2026-12-03", "o-text": "", "o-visibility": "un_co_leads"}
    assert officer.post(f"{url}/opinions", data={**form, "o-visibility": "state"}).status_code == 422
    assert officer.post(f"{url}/opinions", data={**form, "o-due_on": "2026-11-01"}).status_code == 409
    assert officer.post(f"{url}/opinions", data=form).status_code == 303
    with app.app_context():
        asked = db.session.scalars(select(Opinion).join(Opinion.request).where(Opinion.request.has(due_on=DUE))).all()
        assert len(asked) == 2 + 3
    assert desk["browser"]("anna").post(f"{url}/opinions", data=form).status_code in (400, 404)


def test_a_co_lead_finds_the_queue_in_the_menu_and_a_focal_point_does_not(app, desk, sign_in):
    queue = '<a href="/en/desk/expressions">Expressions of interest</a>'
    home = desk["browser"]("anna").get("/en/").text
    assert home.count(queue) == 2  # wide and small
    assert queue not in desk["browser"]("officer").get("/en/").text  # who has the desk has it there
    with app.app_context():
        other = make_person("Other")
        db.session.commit()
        db.session.refresh(other)
        db.session.expunge(other)
    assert "/en/desk/expressions" not in sign_in(other).get("/en/").text
