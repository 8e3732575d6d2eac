"""Forms behind signed links, sent by a real browser: such pages keep their address to themselves, and their forms must arrive."""

import pytest

from app.core.signing import sign
from app.exchanges.models import Answer, Invitation
from app.extensions import db
from tests.browser.served import served
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_h_an_invitation_is_answered_on_its_page_in_a_real_browser(app, page):
    with app.app_context():
        invitation = make_invitation(make_session())
        address = f"/en/answer/{sign('answer', invitation.id, invitation.nonce)}"
        key = invitation.id
        db.session.commit()
        db.session.remove()
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.all_headers()))
    with served(app) as base:
        page.goto(base + address)
        page.check("main input[name=answer][value=yes]")
        page.click("main form button")
        page.wait_for_selector(".flash, [role=status]")
    with app.app_context():
        assert db.session.get(Invitation, key).answer is Answer.YES
    assert len(sent) == 1 and "referer" not in sent[0], "the address of a signed link does not travel on"


def test_h_a_draft_goes_from_step_to_step_in_a_real_browser(app, page):
    with app.app_context():
        call = make_call()
        address = f"/en/calls/{call.id}"
        db.session.commit()
        db.session.remove()
    with served(app) as base:
        page.goto(base + address)
        page.click("main form button")
        page.fill("main input[name=contact_family_name]", "Morrow")
        answer = page.expect_response(lambda r: r.request.method == "POST" and not r.url.endswith("/keep"))
        with answer as got:
            page.click("main form button >> nth=0")
        assert got.value.status in (303, 422), "what was typed is kept or sent back, never refused as a stranger's form"
        assert page.input_value("main input[name=contact_family_name]") == "Morrow"
