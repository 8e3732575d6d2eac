"""The plain text of a mail is enough: every link and fact that the HTML part has is in it too."""

from __future__ import annotations

import email
import email.policy
import html
import re

import pytest
from flask_babel import force_locale, gettext
from sqlalchemy import select

from app.core.languages import LANGUAGES
from app.notifications.models import Message
from app.notifications.rendering import job_of, render
from tests.emails.stories import mails
from tests.emails.world import NOW
from tests.factories.accounts import make_person
from tests.factories.exchanges import make_invitation, make_session

_TAGS = re.compile(r"<(style|title)\b.*?</\1>|<div[^>]*display:\s*none.*?</div>|<[^>]+>", re.S)
"""Tags, and the line that lists of mails show beside the subject: it says again what stands below."""
_NUMBER = re.compile(r"\d[\d:.,/-]*\d|\d")


def bodies(content: bytes) -> tuple[str, str]:
    """The text and the HTML of a mail."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()


def links_of(markup: str) -> set[str]:
    return {html.unescape(link) for link in re.findall(r'href="([^"]+)"', markup)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_reads_the_text_alone_has_every_link_and_every_number(session, language):
    for kind, message in mails(session, "ambassador", language).items():
        text, markup = bodies(message.content)
        lacking = {link for link in links_of(markup) if link.removeprefix("mailto:").removeprefix("tel:") not in text}
        lacking = {
            link for link in lacking if re.sub(r"\D", "", link) not in re.sub(r"\D", "", text) or not link.startswith("tel:")
        }
        assert not lacking, f"{kind}: {lacking}"
        shown = html.unescape(_TAGS.sub(" ", markup))
        numbers = {n for n in _NUMBER.findall(shown) if n not in text}
        where = [shown[max(0, m.start() - 60) : m.end() + 40] for n in numbers for m in re.finditer(re.escape(n), shown)]
        assert not numbers, f"{kind}: {where}"


def test_an_invitation_can_be_answered_from_its_text(session):
    text, _ = bodies(mails(session, "minister", "en")["session-invite"].content)
    for answer in ("yes", "maybe", "no"):
        assert re.search(rf"https?://\S+/answer/\S+\?answer={answer}\b", text)
    assert all(
        fact in text for fact in ("Family reunification when papers are missing", "16:00", "17:30", "Nairobi", "UTC", "Elmara")
    )
    assert re.search(r"https?://\S+/join/\S+", text) and re.search(r"https?://\S+/sessions/\S+", text)


@pytest.mark.parametrize("language", ["es", "ar", "fr"])
def test_a_reader_is_told_in_which_language_a_text_is_in_mail_and_calendar(session, language):
    row = make_session(titles={"fr": "Le regroupement familial"}, purposes={"fr": "Des collègues expliquent."})
    invitation = make_invitation(row, make_person(language=language))
    message = session.scalars(select(Message).filter_by(recipient_id=invitation.person_id)).one()
    content = render(job_of(message), now=NOW).content
    text, markup = bodies(content)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    entry = re.sub(r"\r\n[ \t]", "", part.get_payload(decode=True).decode("utf-8"))
    with force_locale(language):
        sentence = gettext("This text is in French.")
    is_told = language != "fr"
    assert (sentence in text) is (sentence in entry) is (sentence in markup) is is_told
    assert ('<div lang="fr" dir="ltr">' in markup) is is_told
