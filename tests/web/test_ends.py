"""Every end of the road says in its own sentence what ended, and shows the way on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.accounts.models import JoinInvitation, Person, SignInLink
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, Invitation, PeerSession, Route
from app.extensions import db
from app.interests import rules
from app.interests.models import Call, Expression, Question, Status
from tests.conftest import NOW
from tests.factories.exchanges import make_invitation
from tests.interests.pages import form_of, words
from tests.web.everything import everything


def _one(model, **wanted):
    return db.session.query(model).filter_by(**wanted).first()


def close_call(made, officer):
    db.session.get(Call, made["call_id"]).closes_at = NOW - timedelta(days=1)


def open_later(made, officer):
    call = db.session.get(Call, made["call_id"])
    call.opens_at = NOW + timedelta(days=1)


def hide_call(made, officer):
    rules.hide(db.session.get(Call, made["call_id"]), by=officer, now=NOW)


def draft(made):
    return _one(Expression, status=Status.DRAFT)


def expire_draft(made, officer):
    draft(made).draft_expires_at = NOW


def send_draft(made, officer):
    rules.submit(draft(made), now=NOW)


def answer_question(made, officer):
    rules.answer(db.session.get(Question, made["question_id"]), "The first.", now=NOW)


def decide_asked(made, officer):
    rules.decline(db.session.get(Expression, made["asked"]), reason="Late", by=officer, now=NOW)


def decide_entered(made, officer):
    entered = db.session.query(Expression).filter(Expression.entered_by.is_not(None)).one()
    rules.decline(entered, reason="Late", by=officer, now=NOW)


def withdraw(made, officer):
    rules.withdraw(db.session.get(Expression, made["expression_id"]), now=NOW)


def confirm(made, officer):
    rules.confirm_address(db.session.get(Expression, made["expression_id"]), now=NOW)


def use_join(made, officer):
    _one(JoinInvitation).used_at = NOW


def expire_join(made, officer):
    _one(JoinInvitation).expires_at = NOW


def use_sign_in(made, officer):
    _one(SignInLink).used_at = NOW


def expire_sign_in(made, officer):
    _one(SignInLink).expires_at = NOW


def cancel(made, officer):
    row = db.session.get(PeerSession, made["session_id"])
    exchanges.cancel(row, reason="Strike", tell=False, version=row.version, by=officer, now=NOW)


def end_session(made, officer):
    db.session.get(PeerSession, made["session_id"]).starts_at = NOW - timedelta(days=1)


def uninvite(made, officer):
    exchanges.uninvite(db.session.get(Invitation, made["invitation_id"]), tell=False, by=officer, now=NOW)


def fill(made, officer):
    row = db.session.get(PeerSession, made["session_id"])
    row.capacity = 1
    db.session.flush()
    exchanges.respond(make_invitation(row), answer=Answer.YES, route=Route.PAGE, now=NOW)


def nothing(made, officer):
    """Only the link is wrong."""


# What ended; how it comes about; the page; its status; words of its own sentence; an address that leads on.
ENDS = [
    ("a closed call", close_call, "calls/{call_id}", 200, "This call is closed. It takes no more", "/en/calls"),
    ("a call to come", open_later, "calls/{call_id}", 200, "Come back when it opens", "/en/calls"),
    ("a hidden call", hide_call, "drafts/{draft}/check", 409, "taken off the site", "/en/calls"),
    (
        "a draft of a closed call",
        close_call,
        "drafts/{draft}/check",
        409,
        "This call is closed. Write to the secretariat",
        "/en/calls",
    ),
    ("an expired draft", expire_draft, "drafts/{draft}", 410, "kept for 30 days without a change", "/en/calls"),
    ("a draft that was sent", send_draft, "drafts/{draft}", 410, "was sent already", "/en/status/"),
    ("a broken link", nothing, "drafts/" + "x" * 54, 404, "This link does not work any more", "/en/calls"),
    ("an answered question", answer_question, "questions/{question}", 410, "This question was answered already", "/en/status/"),
    ("a question overtaken", decide_asked, "questions/{question}", 410, "needs no answer any more", "/en/status/"),
    ("a decided copy", decide_entered, "corrections/{correct}", 410, "was decided or withdrawn", "/en/status/"),
    ("a withdrawn expression", withdraw, "status/{status}", 200, "It was withdrawn. Nothing more happens", "mailto:"),
    ("a confirmed address", confirm, "confirmations/{confirm}", 410, "confirmed already", "/en/status/"),
    ("a used invitation to join", use_join, "welcome/{welcome}", 410, "works once", "/en/sign-in"),
    ("an expired invitation to join", expire_join, "welcome/{welcome}", 410, "This invitation is over", "/en/"),
    ("a used sign-in link", use_sign_in, "sign-in/{sign_in}", 410, "was used already", "/en/sign-in"),
    ("an expired sign-in link", expire_sign_in, "sign-in/{sign_in}", 410, "works for ten minutes", "/en/sign-in"),
    ("a cancelled session", cancel, "answer/{answer}", 200, "cancelled", "/en/"),
    ("a session that is over", end_session, "answer/{answer}", 200, "over", "/en/"),
    ("an invitation taken back", uninvite, "answer/{answer}", 410, "taken back", "/en/"),
    ("a full session", fill, "answer/{answer}", 200, "waiting list", "/en/"),
]


@pytest.mark.parametrize("end", ENDS, ids=[e[0] for e in ENDS])
def test_an_end_says_so_and_shows_the_way_on(app, client, end):
    _name, do, page, status, sentence, onward = end
    with app.app_context(), app.test_request_context("/en/"):
        made = everything()
        do(made, db.session.get(Person, made["officer"]))
        db.session.commit()
        db.session.remove()
    answer = client.get("/en/" + page.format(**made))
    assert answer.status_code == status, (answer.status_code, words(answer.text)[:600])
    assert sentence in words(answer.text)
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    assert f'href="{onward}' in main, "no way on in the page itself"


def test_a_call_that_closes_while_somebody_begins_says_so(app, client):
    with app.app_context():
        made = everything()
        db.session.remove()
    form = form_of(client.get(f"/en/calls/{made['call_id']}").text, "submission_key", "/apply")
    with app.app_context():
        close_call(made, None)
        db.session.commit()
        db.session.remove()
    answer = client.post(form.action, data=form.filled())
    assert answer.status_code == 409 and "This call is closed" in answer.text and 'href="/en/calls"' in answer.text
