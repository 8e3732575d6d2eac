"""A and N, for whoever reads the database without the key: nothing there opens a page."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
import uuid

import pytest
from icalendar import Calendar
from sqlalchemy import select, text

from app.core import codes, tokens
from app.core.db import Base
from app.core.signing import settings
from app.extensions import db
from app.notifications.models import Message
from app.notifications.rendering import job_of, preview, render
from tests.emails.world import NOW, READERS, told
from tests.factories.accounts import make_person
from tests.factories.exchanges import make_invitation, make_session

PURPOSES = {
    ("people", "feed_nonce"): ("feed",), ("sign_in_links", "nonce"): ("sign-in",), ("join_invitations", "nonce"): ("join-network",),
    ("invitations", "nonce"): ("answer",), ("invitations", "join_nonce"): ("join",), ("poll_asked", "nonce"): ("poll",),
    ("place_requests", "nonce"): ("place",),
    ("expressions", "draft_nonce"): ("draft",), ("expressions", "confirm_nonce"): ("confirm",),
    ("expressions", "status_nonce"): ("status", "correct"), ("expression_questions", "nonce"): ("question",),
    ("milestones", "owner_nonce"): ("milestone",), ("circular_recipients", "nonce"): ("circular",),
    ("mail_choices", "nonce"): ("choices", "stop-news", "stop-calls", "stop-digest"),
}  # fmt: skip
OTHER_KEY = "another key of more than thirty-two characters"


def everything_kept() -> str:
    """All rows of all tables, as text."""
    rows = []
    for table in Base.metadata.sorted_tables:
        rows += db.session.scalars(text(f"SELECT t::text FROM {table.name} AS t")).all()
    return "\n".join(rows)


def usable(keys: list[str]) -> set[str]:
    """Every token and short code that opens something now."""
    found = set()
    for (table, column), purposes in PURPOSES.items():
        row_of = "person_id" if table == "mail_choices" else "id"
        for row, nonce in db.session.execute(text(f"SELECT {row_of}, {column} FROM {table}")):
            for purpose in purposes:
                digest = codes.fresh_digest(keys, purpose, row, nonce)
                code = codes.opened(keys, codes.mark(tokens.mark(purpose, row, nonce), digest))
                found |= {tokens.sign(keys, purpose, row, nonce), code, code.replace("-", "")}
    return found


def mail_of(message: Message) -> email.message.EmailMessage:
    return email.message_from_bytes(render(job_of(message), now=NOW).content, policy=email.policy.default)


def text_of(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def invited() -> Message:
    invitation = make_invitation(make_session(), make_person("Morrow", language="en"))
    db.session.commit()
    return db.session.scalars(select(Message).where(Message.recipient_id == invitation.person_id)).one()


def test_a_every_kind_of_token_is_looked_for(session):
    nonces = {(t.name, c.name) for t in Base.metadata.sorted_tables for c in t.columns if c.name.endswith("nonce")}
    assert nonces == set(PURPOSES)


def test_a_no_usable_link_or_code_stands_anywhere_in_the_database(session):
    """After every kind of mail was written."""
    assert told(READERS["ambassador"], "en")
    db.session.commit()
    kept, keys = everything_kept(), settings().secret_keys
    secrets = usable(keys)
    assert len(secrets) > 30 and not [secret for secret in secrets if secret in kept]
    assert kept.count("~answer~") > 5, "marks stand in their place"


def test_a_no_page_of_the_applicant_leaves_a_link_behind(app, client, within):
    """A form sent twice leads to the same page, which is remembered without its token."""
    from tests.interests.pages import form_of
    from tests.security.world import make_world

    with within():
        _, _, _, links = make_world("Words")
    page = client.get(links["question"])
    fields = form_of(page.text).filled(answer="In three districts.")
    first = client.post(links["question"], data=fields)
    again = client.post(links["question"], data=fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location == links["status"]
    with app.app_context():
        assert "/status/~status~" in everything_kept() and links["status"].split("/")[3] not in everything_kept()


def test_a_the_mail_holds_what_the_database_does_not_and_it_opens(session, client):
    message = invited()
    mail = mail_of(message)
    address = re.search(r"http://127\.0\.0\.1:8000(/en/answer/[\w-]{54})\?answer=yes", text_of(mail))[1]
    part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    join = str(event["LOCATION"])
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/en/join/[\w-]{54}", join)
    assert join in str(event["DESCRIPTION"]) and join == str(event["CONFERENCE"]) and "~" not in part.get_content()
    assert client.get(address).status_code == 200
    assert client.get(join.removeprefix("http://127.0.0.1:8000")).status_code == 302
    shown = preview(message)
    assert shown is not None and not [secret for secret in usable(settings().secret_keys) if secret in str(shown)]


def test_a_what_stands_in_the_database_opens_nothing(session, client):
    message = invited()
    for kept in message.facts["links"].values():
        assert "~" in kept and client.get(kept.removeprefix("http://127.0.0.1:8000")).status_code == 404


def test_a_message_of_before_there_were_codes_leaves_without_one(session):
    message = invited()
    message.facts = {name: told_ for name, told_ in message.facts.items() if name != "codes"}
    session.flush()
    mail = text_of(mail_of(message))
    assert "/en/answer/" in mail and "If the link does not open" not in mail and preview(message) is not None


def with_keys(app, monkeypatch, *keys):
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(settings(), secret_keys=list(keys)))


def test_a_links_of_a_former_key_open_until_it_leaves_the_list_and_mails_are_made_with_the_current_one(
    app, session, client, monkeypatch
):
    message, mine = invited(), settings().secret_keys[0]

    def link_and_code():
        told_ = text_of(mail_of(message))
        return re.search(r"(/en/answer/[\w-]{54})\?", told_)[1], re.search(r"type ([0-9A-Z-]{14})", told_)[1]

    before = link_and_code()
    with_keys(app, monkeypatch, OTHER_KEY, mine)
    between = link_and_code()
    assert between[0] != before[0] and between[1] == before[1], "a code is of the key its digest was made with"
    assert [client.get(link).status_code for link, _ in (before, between)] == [200, 200]
    with_keys(app, monkeypatch, OTHER_KEY)
    assert [client.get(link).status_code for link, _ in (before, between)] == [404, 200]


@pytest.mark.parametrize("planted", ["~answer~{row}~{nonce}", "http://127.0.0.1:8000/en/answer/~answer~{row}~{nonce}"])
def test_a_a_mark_in_words_of_a_person_stays_words(session, planted):
    """Only what we wrote as a link is opened."""
    first = invited()
    _, _, row, nonce = first.facts["links"]["answer"].rsplit("/", 1)[1].split("~")
    words = planted.format(row=row, nonce=nonce)
    guest = make_person(words[-60:], language="en")
    make_invitation(make_session(titles={"en": words}, purposes={"en": words}), guest)
    db.session.flush()
    message = db.session.scalars(select(Message).where(Message.recipient_id == guest.id)).one()
    mail = render(job_of(message), now=NOW).content
    token = tokens.sign(settings().secret_keys, "answer", uuid.UUID(row), nonce)
    assert token not in email.message_from_bytes(mail, policy=email.policy.default).as_string() and token.encode() not in mail
