"""Pages behind mailed links: they do one thing, say what ended, and give nobody else's data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.signing import sign
from app.extensions import db
from app.interests import rules
from app.interests.messages import link, question_link
from app.interests.models import Expression, Question, Status
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import NOW, make_call, make_expression
from tests.factories.notifications import link_in
from tests.interests.pages import form_of, read, words

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def sent(app):
    """An expression that was sent, with its links."""
    with app.app_context():
        expression = make_expression(make_call(), make_state("Alvania"))
        db.session.flush()
        db.session.commit()
        return {"id": expression.id, **{p: link(p, expression).removeprefix(BASE) for p in ("status", "confirm", "draft")}}


def row(app, sent) -> Expression:
    with app.app_context():
        found = db.session.get(Expression, sent["id"])
        db.session.expunge_all()
        return found


def test_opening_the_confirmation_changes_nothing_and_the_button_does(app, client, sent):
    page = client.get(sent["confirm"])
    assert page.status_code == 200 and row(app, sent).email_confirmed_at is None
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
    answer = client.post(sent["confirm"], data=form_of(page.text).filled())
    assert answer.status_code == 303 and answer.location.endswith(sent["status"])
    assert row(app, sent).email_confirmed_at == NOW
    again = client.get(sent["confirm"])
    assert again.status_code == 410 and "confirmed already" in again.text and sent["status"] in again.text


def test_a_second_confirmation_mail_ends_the_first_link(app, client, sent, outbox):
    page = client.get(sent["status"])
    assert "Confirm your address" in page.text
    client.post(f"{sent['status']}/confirm-again", data=form_of(page.text).filled())
    [mail] = outbox("expression-confirm")
    assert client.get(sent["confirm"]).status_code == 404
    fresh = link_in(mail, "confirm").removeprefix(BASE)
    assert client.get(fresh).status_code == 200
    with app.app_context():
        rules.confirm_address(db.session.get(Expression, sent["id"]), now=NOW)
        db.session.commit()
    client.post(f"{sent['status']}/confirm-again", data=form_of(client.get(sent["status"]).text).filled())
    assert len(outbox("expression-confirm")) == 1
    assert "Confirm your address" not in client.get(sent["status"]).text


def test_withdrawing_needs_the_button_and_twice_is_once(app, client, sent, outbox):
    page = client.get(sent["status"])
    form = form_of(page.text, action="withdraw")
    assert row(app, sent).status is Status.SUBMITTED
    for _ in range(2):
        assert client.post(form.action, data=form.filled(reason="Our plans changed.")).status_code == 303
    assert row(app, sent).status is Status.WITHDRAWN
    assert len(outbox("expression-withdrawn")) == 1
    shown = client.get(sent["status"])
    assert "Withdrawn" in shown.text and "Our plans changed." in shown.text
    assert not [f for f in read(shown.text).forms if "withdraw" in f.action]
    confirmation = client.get(sent["confirm"])
    answer = client.post(sent["confirm"], data=form_of(confirmation.text).filled())
    assert answer.status_code == 410 and "was withdrawn" in answer.text


def test_a_question_is_answered_on_its_page_once(app, client, sent, outbox):
    with app.app_context():
        officer = make_person("Berg")
        question = rules.ask(db.session.get(Expression, sent["id"]), "Which districts?\n<b>Both</b>?", by=officer, now=NOW)
        db.session.commit()
        url, question_id = question_link(question).removeprefix(BASE), question.id
    assert url in client.get(sent["status"]).text
    page = client.get(url)
    assert "Which districts?" in page.text and "&lt;b&gt;Both" in page.text
    empty = client.post(url, data=form_of(page.text).filled(answer="  "))
    assert empty.status_code == 422 and "Write your answer first." in empty.text
    long = client.post(url, data=form_of(page.text).filled(answer="x" * 4001))
    assert long.status_code == 422 and form_of(long.text).fields["answer"] == ["x" * 4001]
    done = client.post(url, data=form_of(page.text).filled(answer="Two of them."))
    assert done.status_code == 303 and row(app, sent).status is Status.UNDER_REVIEW
    for again in (client.get(url), client.post(url, data=form_of(page.text).filled(answer="No, three."))):
        assert again.status_code == 410 and "answered already" in again.text and sent["status"] in again.text
    with app.app_context():
        assert db.session.get(Question, question_id).answer == "Two of them."


def test_a_question_that_a_decision_overtook_says_so(app, client, sent):
    with app.app_context():
        officer, expression = make_person("Berg"), db.session.get(Expression, sent["id"])
        url = question_link(rules.ask(expression, "Which?", by=officer, now=NOW)).removeprefix(BASE)
        rules.decline(expression, reason="Other theme", by=officer, now=NOW + timedelta(hours=1))
        db.session.commit()
    page = client.get(url)
    assert page.status_code == 410 and "decided meanwhile" in page.text
    status = client.get(sent["status"])
    assert "Declined" in status.text and "Other theme" in status.text


def test_the_contact_corrects_a_copy_and_only_while_it_is_not_decided(app, client, outbox):
    with app.app_context():
        officer, call = make_person("Berg"), make_call()
        came = rules.Came(rules.Source.NOTE_VERBALE, "NV/7", NOW.date())
        fields = {"organisation_name": "Ministry", "contact_email": "c@ministry.example", "contact_family_name": "Morrow",
                  "language": "en",
                  "contact_zone": "UTC", "grounds": ["family"]}  # fmt: skip
        entered = rules.enter(call, fields, came, by=officer, now=NOW)
        db.session.commit()
        expression_id = entered.id
    [copy] = outbox("expression-copy")
    url = link_in(copy, "correct").removeprefix(BASE)
    page = client.get(url)
    assert page.status_code == 200
    wrong = client.post(url, data=form_of(page.text).filled(organisation_name="", aim="kept"))
    assert wrong.status_code == 422 and form_of(wrong.text).fields["aim"] == ["kept"]
    answer = client.post(
        url, data=form_of(page.text).filled(contact_family_name="Morrow-Osei", contact_email="evil@x.example", state_id="x")
    )
    assert answer.status_code == 303
    with app.app_context():
        corrected = db.session.get(Expression, expression_id)
        assert (corrected.contact_family_name, corrected.contact_email, corrected.state_id) == (
            "Morrow-Osei",
            "c@ministry.example",
            None,
        )
        assert corrected.corrected_at == NOW
        rules.decline(corrected, reason="No", by=make_person("Berg"), now=NOW)
        db.session.commit()
    closed = client.get(url)
    assert closed.status_code == 410 and "Write to the secretariat to correct it." in closed.text


def test_what_somebody_sent_themselves_has_no_correction_page(app, client, sent):
    with app.app_context():
        expression = db.session.get(Expression, sent["id"])
        token = sign("correct", expression.id, expression.status_nonce)
    assert client.get(f"/en/corrections/{token}").status_code == 404


@pytest.mark.parametrize("path", ["status", "confirmations", "questions", "corrections", "drafts"])
@pytest.mark.parametrize("token", ["x", "A" * 54, "A" * 5000, "%00", "é", "..%2f..%2fetc"])
def test_nonsense_links_get_a_page_that_says_what_to_do(client, path, token):
    answer = client.get(f"/fr/{path}/{token}")
    assert answer.status_code == 404 and "<h1" in answer.text


def test_a_link_with_one_character_changed_is_nobodys(client, sent):
    for purpose in ("status", "confirm"):
        url = sent[purpose]
        for at in (-1, -10, -30, -50):
            swapped = "B" if url[at] == "A" else "A"
            broken = url[:at] + swapped + (url[at + 1 :] if at != -1 else "")
            if broken != url:
                assert client.get(broken).status_code == 404


def test_a_focal_point_sees_the_expressions_of_their_state_and_no_others(app, client, sent, sign_in):
    from tests.factories.accounts import make_designation

    with app.app_context():
        mine = db.session.get(Expression, sent["id"])
        focal = make_person("Morrow")
        make_designation(mine.state, focal)
        waiting = make_person("Waiting")
        make_designation(mine.state, waiting, verified=False)
        other = make_expression(mine.call, make_state("Borania"))
        db.session.commit()
        other_id = other.id
        db.session.expunge_all()
    url, elsewhere = f"/en/expressions/{sent['id']}", f"/en/expressions/{other_id}"
    assert client.get(url).status_code == 401
    browser = sign_in(focal)
    page = browser.get(url)
    assert page.status_code == 200 and "EOI-2025" in words(page.text)
    assert browser.get(elsewhere).status_code == 404
    assert browser.get(f"/en/desk/expressions/{sent['id']}").status_code == 404
    assert sign_in(waiting).get(url).status_code == 404


def test_the_contact_sees_their_own_only(app, sent, sign_in):
    with app.app_context():
        mine = db.session.get(Expression, sent["id"])
        rules.accept(mine, reason="Fits", by=make_person("Berg"), now=NOW)
        stranger = make_person("Stranger")
        db.session.commit()
        contact = mine.contact
        db.session.expunge_all()
    assert sign_in(contact).get(f"/en/expressions/{sent['id']}").status_code == 200
    assert sign_in(stranger).get(f"/en/expressions/{sent['id']}").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Expression.contact_id)).one() == contact.id
