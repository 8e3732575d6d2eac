"""What came of it: sessions that discuss a practice, expressions that ask for a tool, each shown to whom it may be shown."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.exchanges.models import SessionStatus, Visibility
from app.extensions import db
from app.interests.models import Status
from app.links.models import Link
from app.links.queries import related_to
from app.practices.models import Tool
from tests.factories.accounts import make_person
from tests.factories.exchanges import make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.practices import make_practice
from tests.interests.pages import form_of, words


@pytest.fixture
def browser(app, sign_in):
    with app.app_context():
        officer = make_person("Berg")
        db.session.commit()
        db.session.expunge_all()
    return sign_in(officer, Role.SECRETARIAT)


def choose(browser, session_id, chosen, form=None):
    form = form or form_of(browser.get(f"/en/desk/sessions/{session_id}").text, action="/discussed")
    return browser.post(form.action, data=form.filled(discussed=chosen))


def public(app, session_id):
    with app.test_request_context():
        return app.url_map.bind("").build("exchanges.session_page", {"lang": "en", "session_id": session_id})


def test_a_session_says_what_it_discusses_and_the_practice_says_what_came_of_it(app, browser, client):
    with app.app_context():
        peer_session, practice = make_session(), make_practice("Kinship")
        tool = db.session.scalars(select(Tool).filter_by(code="gap_checklist")).one()
        db.session.commit()
        session_id, title, code = peer_session.id, peer_session.titles["en"], practice.code
        chosen = [f"practice:{practice.id}", f"tool:{tool.id}"]
    assert choose(browser, session_id, chosen).status_code == 303
    page = client.get(public(app, session_id)).text
    assert (
        "Kinship" in page and "Pathways gap checklist" in page and "Practices it discusses" in page and "Tools it discusses" in page
    )
    for path in (f"/en/practices/{code}", "/en/practices/tools/gap_checklist"):
        page = client.get(path).text
        assert title in words(page) and "Sessions about it" in page
    with app.app_context():
        ends = {(link.type.value, link.end_kind) for link in db.session.scalars(select(Link))}
        assert ends == {("discussed", "practice"), ("discussed", "tool")}
    assert choose(browser, session_id, chosen[:1]).status_code == 303
    assert title not in words(client.get("/en/practices/tools/gap_checklist").text)
    page = words(browser.get(f"/en/desk/sessions/{session_id}").text)
    assert "Linked with another record" in page and "Link with another record ended" in page


def test_two_who_choose_at_once_lose_nothing_of_each_other(app, browser):
    with app.app_context():
        session_id = make_session().id
        first, second, third = (make_practice(f"Number {n}") for n in range(3))
        db.session.commit()
        ids = [f"practice:{p.id}" for p in (first, second, third)]
    choose(browser, session_id, ids[:1])
    stale = form_of(browser.get(f"/en/desk/sessions/{session_id}").text, action="/discussed")
    choose(browser, session_id, ids[:2])
    choose(browser, session_id, [ids[2]], stale)  # took the first away and added the third, never saw the second
    with app.app_context():
        assert {f"practice:{i}" for i in db.session.scalars(select(Link.end_id))} == {ids[1], ids[2]}


def test_what_is_no_practice_is_refused_and_others_may_not_choose(app, browser, client, sign_in):
    with app.app_context():
        session_id, outsider = make_session().id, make_person("Other")
        db.session.commit()
        db.session.expunge_all()
    for value in ("practice:1", "tool:'", "session:x", ""):
        assert choose(browser, session_id, [value]).status_code == 303
    with app.app_context():
        assert not db.session.scalars(select(Link)).all()
    url = f"/en/desk/sessions/{session_id}/discussed"
    assert sign_in(outsider, Role.CO_LEAD).post(url, data={}).status_code in (400, 404)


@pytest.mark.parametrize(
    ("fields", "seen"),
    [({}, True), ({"status": SessionStatus.DRAFT}, False), ({"visibility": Visibility.INVITED}, False)],
)
def test_a_session_one_may_not_see_is_not_at_the_end_of_a_link(app, browser, client, fields, seen):
    with app.app_context():
        session_id, practice = make_session(**fields).id, make_practice("Kinship")
        db.session.commit()
        code, value = practice.code, f"practice:{practice.id}"
    choose(browser, session_id, [value])
    assert ("Sessions about it" in client.get(f"/en/practices/{code}").text) is seen
    assert "Sessions about it" in browser.get(f"/en/practices/{code}").text


def test_a_draft_practice_is_not_named_on_a_sessions_page(app, browser, client):
    with app.app_context():
        session_id, practice = make_session().id, make_practice("Secret draft", published=False)
        db.session.commit()
        value = f"practice:{practice.id}"
    choose(browser, session_id, [value])
    address = public(app, session_id)
    assert "Secret draft" not in client.get(address).text
    assert "Secret draft" in browser.get(address).text


def test_expressions_that_ask_for_a_tool_stand_on_its_page_for_those_who_see_expressions(app, browser, client, sign_in):
    with app.app_context():
        call = make_call()
        co_lead, contact = make_person("Lead"), make_person("Contact")
        sent = make_expression(call, status=Status.ACCEPTED, tools=["gap_checklist", "bia_guide"], contact_id=contact.id)
        make_expression(call, status=Status.DRAFT, tools=["gap_checklist"], organisation_name="Never sent")
        make_expression(call, status=Status.WITHDRAWN, tools=["gap_checklist"], organisation_name="Taken back")
        db.session.commit()
        reference, sent_id = sent.reference, sent.id
        db.session.expunge_all()
    path = "/en/practices/tools/gap_checklist"
    assert reference in browser.get(path).text
    assert reference in sign_in(co_lead, Role.CO_LEAD).get(path).text
    for reader in (client, sign_in(contact)):
        page = reader.get(path).text
        assert reference not in page and "Asked for in expressions" not in page
    assert "Never sent" not in browser.get(path).text and "Taken back" not in browser.get(path).text
    with app.app_context():
        groups = related_to("expression", sent_id, Viewer())
        assert [sorted(r.shown.values["code"] for r in g.related) for g in groups] == [["bia_guide", "gap_checklist"]]
