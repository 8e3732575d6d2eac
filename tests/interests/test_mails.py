"""Every mail of this room, as it leaves: in six languages, with working links, and with nothing smuggled in."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.languages import LANGUAGES
from app.extensions import db
from app.interests import rules
from app.notifications.models import Message
from app.notifications.rendering import job_of, render
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import NOW, make_call, make_draft, make_expression
from tests.factories.notifications import link_in

KINDS = {
    "expression-draft", "expression-received", "expression-confirm", "expression-copy", "expression-question",
    "expression-moved", "expression-decided", "expression-withdrawn",
}  # fmt: skip


def all_of_them(language: str, **fields):
    """Cause each mail once (and each decision)."""
    officer, call, state = make_person("Berg"), make_call(), make_state("Alvania")
    said = {"language": language, **fields}
    draft = make_draft(call, state, **said)
    rules.mail_resume_link(draft, draft.contact_email, now=NOW)
    rules.submit(draft, now=NOW)
    rules.ask_to_confirm_again(draft, now=NOW)
    question = rules.ask(draft, "Which **districts**?", by=officer, now=NOW)
    rules.answer(question, "Two", now=NOW)
    rules.withdraw(draft, reason="Plans changed", now=NOW)
    for verb, reason in ((rules.accept, "Fits"), (rules.waitlist, "Full"), (rules.decline, "Other theme")):
        verb(make_expression(call, state, **said), reason=reason, by=officer, now=NOW + timedelta(minutes=1))
    names = "organisation_name organisation_unit contact_honorific contact_given_name contact_family_name contact_email aim"
    entered = {name: getattr(draft, name) for name in names.split()}
    came = rules.Came(rules.Source.NOTE_VERBALE, "NV/7", NOW.date())
    rules.enter(call, {**entered, "state_id": state.id, "language": language, "contact_zone": "UTC"}, came, by=officer, now=NOW)
    return list(db.session.scalars(select(Message).order_by(Message.created_at, Message.id)))


def parsed(message):
    return email.message_from_bytes(render(job_of(message), now=NOW).content, policy=email.policy.default)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mail_says_its_reference_in_text_and_html_and_its_links_open(app, client, session, language):
    messages = all_of_them(language)
    assert {m.kind for m in messages} == KINDS
    session.commit()
    for message in messages:
        mail = parsed(message)
        text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
        assert f'lang="{language}"' in html and ('dir="rtl"' in html) is (language == "ar")
        reference = message.facts["reference"]
        if message.kind != "expression-draft":
            assert reference in mail["Subject"] and reference in text and reference in html
        assert message.facts["links"], message.kind
        for url in (link_in(message, name) for name in message.facts["links"]):
            assert url in text or url.replace("&", "&amp;") in html, (message.kind, url)
            assert len(url) <= 200 and not re.search(r"[@+%]", url)


def test_links_of_mails_lead_to_their_pages(app, client):
    with app.app_context():
        messages = all_of_them("en")
        links = [(m.kind, name, link_in(m, name)) for m in messages for name in m.facts["links"]]
        db.session.commit()
        db.session.remove()
    for kind, name, url in links:
        answer = client.get(url.removeprefix("http://127.0.0.1:8000"))
        # the draft was sent, the question answered, the expression withdrawn: those say so
        expected = {
            ("expression-draft", "draft"): 410,
            ("expression-received", "confirm"): 404,
            ("expression-question", "question"): 410,
        }
        assert answer.status_code == expected.get((kind, name), 200), (kind, name)


HOSTILE = {
    "contact_given_name": "[click](http://evil.example/x)",
    "contact_family_name": "<a href=https://evil.example>Win</a>",
    "contact_honorific": "Mr.\r\nBcc: victim@other.example",
    "organisation_name": "www.evil.example\r\n\r\n<script>alert(1)</script>",
    "organisation_unit": "https://evil.example/phish",
    "aim": "See http://evil.example and javascript:alert(1)",
}


def test_a_hostile_name_makes_no_header_no_link_and_one_recipient(app, session):
    for message in all_of_them("en", **HOSTILE):
        mail = parsed(message)
        assert mail["Bcc"] is None and mail["Cc"] is None
        assert [a.addr_spec for a in mail["To"].addresses] == [message.address]
        assert "evil" not in mail["Subject"] and "\n" not in mail["Subject"]
        for part in ("plain", "html"):
            body = mail.get_body((part,)).get_content()
            assert "http://evil" not in body and "https://evil" not in body
            assert part == "plain" or "<script" not in body
        hrefs = re.findall(r'href="([^"]+)"', mail.get_body(("html",)).get_content())
        assert hrefs and all(h.startswith("http://127.0.0.1:8000/") for h in hrefs)


def test_the_decision_in_french_greets_by_the_form_of_address(app, session):
    messages = all_of_them("fr", contact_honorific="Madame")
    [accepted] = [m for m in messages if m.kind == "expression-decided" and m.facts["after"] == "accepted"]
    assert accepted.salutation == "Madame Morrow" and accepted.recipient_name == "Adaeze Morrow"
    assert "Madame Morrow" in parsed(accepted).get_body(("plain",)).get_content()


def test_a_question_of_the_secretariat_keeps_its_emphasis(app, session):
    [asked] = [m for m in all_of_them("en") if m.kind == "expression-question"]
    mail = parsed(asked)
    assert "<strong>districts</strong>" in mail.get_body(("html",)).get_content()
    assert "Which districts?" in mail.get_body(("plain",)).get_content()


def test_a_question_that_has_not_left_is_taken_back_with_a_decision(app, session):
    officer = make_person("Berg")
    expression = make_expression(make_call(), make_state("Alvania"))
    rules.ask(expression, "Which?", by=officer, now=NOW)
    rules.decline(expression, reason="Other theme", by=officer, now=NOW)
    states = {m.kind: m.state.value for m in session.scalars(select(Message))}
    assert states == {"expression-question": "cancelled", "expression-decided": "queued"}
