"""What this room's mails say, in six languages, with hostile names."""

import email
import email.policy

import pytest

from app.accounts.rules import joining, signing_in
from app.core.languages import LANGUAGES
from app.extensions import db
from app.notifications import rendering
from app.notifications.models import Message
from tests.accounts.conftest import PASSWORD
from tests.factories.accounts import NOW, make_person
from tests.factories.notifications import link_in

HOSTILE = 'Mal <a href="https://evil.example">x</a> [y](https://evil.example)\r\nBcc: other@evil.example'


def rendered(kind):
    row = db.session.query(Message).where(Message.kind == kind).one()
    mail = email.message_from_bytes(rendering.render(rendering.job_of(row), now=NOW).content, policy=email.policy.default)
    return row, mail, mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_mail_renders_with_its_link_and_in_its_direction(session, language):
    person = make_person("Morrow", language=language, zone="Asia/Kathmandu", forms_of_address={"fr": "Madame la Ministre"})
    joining.invite(person, None, by=make_person("Berg", given_name="Tomas"), now=NOW)
    joining.set_password(person, PASSWORD, now=NOW)
    signing_in.ask_for_link(person.email, "browser", now=NOW)
    for kind, link in (("join-invitation", "join"), ("password-changed", "sign_in"), ("sign-in-link", "open")):
        row, mail, text, html = rendered(kind)
        assert mail["To"].addresses[0].addr_spec == person.email
        assert link_in(row, link) in text
        assert link_in(row, link) in html
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in html
        assert mail["Auto-Submitted"] == "auto-generated"
    if language == "fr":
        assert "Madame la Ministre" in text
    session.rollback()


def test_a_hostile_inviter_adds_no_header_recipient_or_link(session):
    inviter = make_person(HOSTILE, given_name=HOSTILE)
    joining.invite(make_person(HOSTILE, given_name=HOSTILE), None, by=inviter, now=NOW)
    _, mail, text, html = rendered("join-invitation")
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert 'href="https://evil.example' not in html
    assert "https://evil.example" not in text


def test_the_outbox_page_never_shows_a_mail_that_signs_in(session):
    person = make_person("Morrow")
    joining.set_password(person, PASSWORD, now=NOW, tell=False)
    signing_in.ask_for_link(person.email, "browser", now=NOW)
    row = session.query(Message).where(Message.kind == "sign-in-link").one()
    assert rendering.preview(row) is None


def test_the_preview_of_an_invitation_to_join_has_no_link(session):
    joining.invite(make_person("Morrow"), None, by=None, now=NOW)
    row = session.query(Message).where(Message.kind == "join-invitation").one()
    shown = rendering.preview(row)
    if shown is not None:
        assert "/welcome/" not in shown.text + shown.html
