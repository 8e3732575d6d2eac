"""The page for codes: what opens, what does not, how often; and the walk from a mail to its page without a link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core import clock, limits
from app.core.tokens import fresh_nonce
from app.dashboards.routes import code as page
from app.exchanges.models import Invitation
from app.interests import rules
from app.interests.models import Expression, Move
from app.interests.rules.tidy import erase_old_expressions
from app.notifications.outbox import queue
from app.pilots.messages import due, keep_codes
from app.pilots.models import Milestone
from tests.factories.accounts import NOW, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_draft, make_expression
from tests.factories.notifications import code_in, link_in
from tests.factories.pilots import make_milestone, make_pilot

WRONG = "This code opens nothing. Compare it with the newest mail you have."


@pytest.fixture
def mails(written, outbox):
    """An invitation, a draft's way back and an answer to an expression: the mail of each."""
    with written():
        make_invitation(make_session(), make_person("Morrow", language="en"))
        call = make_call()
        draft = make_draft(call)
        rules.mail_resume_link(draft, draft.contact_email, now=NOW)
        rules.begin_review(make_expression(call), by=make_person(), now=NOW)
        rules.ask_to_confirm_again(make_expression(call), now=NOW)
        owner = make_person("Okello", email="okello@astoria.example")
        milestone = make_milestone(make_pilot(make_state()), NOW.date() + timedelta(days=14), owner_id=owner.id)
        keep_codes([milestone])
        queue([due(milestone, owner, key="due", expires_at=NOW + timedelta(days=30))], now=NOW)
    return {
        "answer": outbox("session-invite")[0], "draft": outbox("expression-draft")[0], "status": outbox("expression-moved")[0],
        "confirm": outbox("expression-confirm")[0], "page": outbox("pilot-due")[0],
    }  # fmt: skip


def typed(client, code, **environ):
    form = client.get("/en/code")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
    data = {"code": code} | ({"csrf_token": token[1]} if token else {})
    return client.post("/en/code", data=data, environ_base=environ)


@pytest.mark.parametrize("purpose", ["answer", "draft", "status", "confirm", "page"])
def test_a_code_leads_where_its_link_leads(client, mails, purpose):
    message = mails[purpose]
    code = code_in(message, purpose)
    for as_typed in (code, code.lower().replace("-", " "), code.replace("0", "O").replace("1", "l").replace("-", "")):
        answer = typed(client, as_typed)
        assert (answer.status_code, f"http://127.0.0.1:8000{answer.location}") == (303, link_in(message, purpose)), as_typed
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(answer.location, follow_redirects=True).status_code == 200


def test_the_same_page_is_opened_in_the_language_of_the_code_page(client, mails):
    form = client.get("/fr/code")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
    data = {"code": code_in(mails["answer"], "answer")} | ({"csrf_token": token[1]} if token else {})
    assert client.post("/fr/code", data=data).location.startswith("/fr/answer/")


def test_looking_at_the_page_changes_nothing_and_shows_one_field(client, statements):
    form = client.get("/en/code")
    assert form.status_code == 200 and form.text.count('name="code"') == 1
    assert not [s for s in statements if s.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_wrong_codes_get_one_answer_and_as_many_statements(client, mails, statements):
    """Unknown, malformed, far too long, of an ended nonce, of a row that is gone: nobody learns which."""
    code = code_in(mails["answer"], "answer")
    other = ("1" if code[0] != "1" else "2") + code[1:]
    seen = set()
    for wrong in (other, "ABCD", "ÄÖÜ-語語", code + "0", code[:-1], "~answer~0~0", "%00%", "A" * 60):
        statements.clear()
        answer = typed(client, wrong)
        assert answer.status_code == 422 and WRONG in answer.text, wrong
        assert 'aria-invalid="true"' in answer.text and 'href="#code"' in answer.text
        asked = [s.split("FROM")[1].split()[0] for s in statements if "code_digest" in s and s.startswith("SELECT")]
        seen.add(tuple(asked))
    assert seen == {("invitations", "expressions", "milestones", "poll_asked", "place_requests")}


def test_a_code_ends_with_the_nonce_of_its_link(client, mails, written):
    codes = {purpose: code_in(message, purpose) for purpose, message in mails.items()}
    with written() as session:
        for one in session.query(Invitation):
            one.nonce = fresh_nonce()
        for one in session.query(Expression):
            one.draft_nonce, one.status_nonce, one.confirm_nonce = fresh_nonce(), fresh_nonce(), fresh_nonce()
        for one in session.query(Milestone):
            one.owner_nonce = fresh_nonce()
    for purpose, code in codes.items():
        answer = typed(client, code)
        assert answer.status_code == 422 and WRONG in answer.text, purpose


def test_the_code_of_an_erased_expression_is_gone(client, mails, written):
    code = code_in(mails["status"], "status")
    assert typed(client, code).status_code == 303
    with written() as session:
        for one in session.query(Expression):
            one.call.opens_at, one.call.closes_at = NOW - timedelta(days=990), NOW - timedelta(days=900)
            one.submitted_at = NOW - timedelta(days=900)
        session.flush()
        session.execute(update(Expression).values(updated_at=NOW - timedelta(days=1), submitted_at=NOW - timedelta(days=900)))
        session.execute(update(Move).values(at=NOW - timedelta(days=900)))
        assert erase_old_expressions(NOW) == 2
        for erased in session.query(Expression).filter(Expression.erased_at.is_not(None)):
            assert (erased.status_code_digest, erased.draft_code_digest, erased.confirm_code_digest) == (None, None, None)
    assert typed(client, code).status_code == 422


def test_g_guesses_are_counted_by_address_and_by_network(app, mails, monkeypatch):
    monkeypatch.setattr(page, "PER_CLIENT", 3)
    monkeypatch.setattr(page, "PER_NETWORK", 5)
    right = code_in(mails["answer"], "answer")
    one, neighbour, third, far = (app.test_client() for _ in range(4))
    tried = [typed(one, "ABCD-EFGH-JKMN", REMOTE_ADDR="192.0.2.7").status_code for _ in range(4)]
    assert tried == [422, 422, 422, 429]
    blocked = typed(one, right, REMOTE_ADDR="192.0.2.7")
    assert blocked.status_code == 429 and int(blocked.headers["Retry-After"]) > 0
    assert "There were too many tries." in blocked.text and 'aria-invalid="true"' in blocked.text
    assert blocked.location is None
    assert typed(neighbour, right, REMOTE_ADDR="192.0.2.8").status_code == 303
    assert typed(neighbour, "ABCD", REMOTE_ADDR="192.0.2.8").status_code == 422
    assert typed(third, right, REMOTE_ADDR="192.0.2.9").status_code == 429, "the network had its tries"
    assert typed(far, right, REMOTE_ADDR="198.51.100.9").status_code == 303


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("", ""),
        (None, ""),
    ],
)
def test_g_the_network_of_an_address(address, network):
    assert limits.network(address) == network


def test_tries_are_forgotten_after_their_span(client, mails, monkeypatch):
    monkeypatch.setattr(page, "PER_CLIENT", 1)
    assert typed(client, "ABCD").status_code == 422
    assert typed(client, "ABCD").status_code == 429
    monkeypatch.setattr(clock, "now", lambda: NOW + 2 * page.SPAN)
    assert typed(client, code_in(mails["answer"], "answer")).status_code == 303


def test_an_invitation_taken_back_says_so_on_its_page_and_an_empty_field_asks_for_the_code(client, mails, written):
    with written() as session:
        session.query(Invitation).one().uninvited_at = NOW
    answer = typed(client, code_in(mails["answer"], "answer"))
    assert client.get(answer.location).status_code == 410
    empty = typed(client, "")
    assert empty.status_code == 422 and "Enter the code that stands in the mail." in empty.text
