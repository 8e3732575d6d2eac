"""Who gets which mails: by account, by the link of a mail, at the desk; and one click of a mail program."""

from __future__ import annotations

import email
import email.policy
import re
import uuid
from base64 import b64encode
from dataclasses import replace
from datetime import date

import pytest

from app.accounts.models import Person, Role
from app.accounts.queries import letter_for
from app.audit.models import AuditEntry
from app.core import codes
from app.core.signing import mark, sign
from app.extensions import db
from app.notifications import choices, inbound, outbox
from app.notifications.kinds import KINDS, ONE_CLICK, Topic, topic_of
from app.notifications.models import InboundMail, MailChoices, Message, Verdict
from app.notifications.rendering import job_of, render
from app.notifications.signed import FIRST_NONCE, PURPOSE, stop_purpose
from tests.accounts.conftest import form_of, send
from tests.conftest import NOW
from tests.factories.accounts import make_person

ONE_CLICK_BODY = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ada(app):
    with app.app_context():
        person = make_person("Okello", zone="Africa/Nairobi")
        db.session.commit()
        return person


def link(person, nonce=FIRST_NONCE):
    return f"/en/mails/{sign(PURPOSE, person.id, nonce)}"


def stop_link(person, topic="news", nonce=FIRST_NONCE):
    return f"/en/stop/{topic}/{sign(stop_purpose(topic), person.id, nonce)}"


@pytest.fixture
def links(app, ada):
    with app.app_context():
        return {"choices": link(ada), **{topic.value: stop_link(ada, topic.value) for topic in ONE_CLICK}}


def modes(within, person):
    with within() as session:
        row = session.get(MailChoices, person.id)
        return row.modes if row else None


def queued(within, person, kind="circular", key="one", **more):
    with within() as session:
        row = session.get(Person, person.id)
        facts = {"links": {"page": "http://127.0.0.1:8000/en/x"}}
        outbox.queue(letter_for(row, kind=kind, key=key, facts=facts, **more), now=NOW)
        session.commit()


def states(within):
    with within() as session:
        return {m.key: (m.state.value, m.suppressed_reason) for m in session.query(Message)}


def test_a_person_without_an_account_chooses_by_the_link_of_a_mail(client, within, ada, links):
    page = client.get(links["choices"])
    assert (page.status_code, page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == (200, "no-referrer", "no-store")
    answer = send(
        client,
        links["choices"],
        links["choices"],
        news="weekly",
        tasks="daily",
        quiet_until="2026-12-06",
        zone="Asia/Kathmandu",
        language="fr",
    )
    assert answer.status_code == 303
    with within() as session:
        row, person = session.get(MailChoices, ada.id), session.get(Person, ada.id)
        assert row.modes == {"news": "weekly", "tasks": "daily"}
        assert (row.quiet_until, person.zone, person.language) == (date(2026, 12, 6), "Asia/Kathmandu", "fr")
        assert row.quiet_at.isoformat() == "2026-12-07T02:15:00+00:00"  # eight on the clock that was chosen with it
        lines = session.query(AuditEntry).filter_by(object_id=ada.id).order_by(AuditEntry.id).all()
        assert [(one.action, one.actor_id) for one in lines] == [
            ("person.profile_changed", ada.id),
            ("person.mails_chosen", ada.id),
        ]


def test_looking_changes_nothing(client, within, ada, links):
    for address in links.values():
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    assert modes(within, ada) is None


@pytest.mark.parametrize("day", ["2026-11-22", "2028-01-01", "soon"])
def test_a_day_that_is_over_or_too_far_is_refused_in_words(client, within, ada, links, day):
    answer = send(client, links["choices"], links["choices"], quiet_until=day, news="none")
    assert answer.status_code == 422
    assert modes(within, ada) is None


def test_a_mode_that_is_not_offered_is_refused(client, within, ada, links):
    for field, wrong in (("reminders", "daily"), ("news", "left"), ("tasks", "never")):
        assert send(client, links["choices"], links["choices"], **{field: wrong}).status_code == 422
    assert modes(within, ada) is None


def test_the_link_opens_nothing_else_and_ends_when_its_person_wants_so(app, client, within, ada, links):
    token = links["choices"].rpartition("/")[2]
    for other in ("/en/stop/news/", "/en/answer/", "/en/status/", "/en/drafts/"):
        assert client.get(other + token).status_code == 404
    renewed = client.post(
        f"{links['choices']}/renew", data={"csrf_token": form_of(client.get(links["choices"]), links["choices"])["csrf_token"]}
    )
    assert renewed.status_code == 303
    fresh = re.sub("^https?://[^/]+", "", renewed.headers["Location"])
    assert client.get(fresh).status_code == 200
    for former in links.values():
        assert client.get(former).status_code == 404
        assert client.post(former, data=ONE_CLICK_BODY).status_code in (400, 404)
    assert modes(within, ada) == {}


def test_a_corrected_address_ends_the_links_that_went_to_the_former_one(app, client, within, ada, links):
    with within() as session:
        from app.accounts.rules import people

        office = make_person("Silva", roles=(Role.ADMINISTRATOR,))
        row = session.get(Person, ada.id)
        people.change(row, {"email": "new@ministry.example"}, version=row.version, by=office, now=NOW)
        session.commit()
    assert client.get(links["choices"]).status_code == 404


def test_a_closed_account_s_link_is_over(client, within, ada, links):
    with within() as session:
        session.get(Person, ada.id).active = False
        session.commit()
    assert client.get(links["choices"]).status_code == 410


def test_the_signed_in_choose_without_a_link_and_the_desk_on_request(within, browser_of, sign_in):
    browser, person = browser_of()
    assert send(browser, "/en/mails", "/en/mails", reminders="none").status_code == 303
    assert modes(within, person) == {"reminders": "none"}
    with within() as session:
        office = make_person("Silva")
        session.commit()
    desk = sign_in(office, Role.ADMINISTRATOR)
    page = f"/en/desk/people/{person.id}/mails"
    assert send(desk, page, page, reminders="at_once", news="none").status_code == 303
    assert modes(within, person) == {"news": "none"}
    with within() as session:
        line = session.query(AuditEntry).filter_by(action="person.mails_chosen").order_by(AuditEntry.id.desc()).first()
        assert line.actor_id == office.id
    shown = desk.get(f"/en/desk/people/{person.id}").text
    assert "Other circulars: Not by mail" in shown
    assert browser.get(page).status_code == 404


@pytest.mark.line("P4")
@pytest.mark.parametrize("topic", sorted(ONE_CLICK))
def test_one_post_without_cookie_or_form_ends_it_at_once(app, within, ada, links, topic):
    queued(within, ada, topic=topic if topic is not Topic.DIGEST else Topic.NEWS)
    queued(within, ada, kind="session-invite", key="invited")
    queued(within, ada, kind="pilot-due", key="task")
    mail_program = app.test_client(use_cookies=False)
    for headers in ({}, {"Origin": "https://webmail.example", "Sec-Fetch-Site": "cross-site"}):
        answer = mail_program.post(links[topic], data=ONE_CLICK_BODY, headers=headers)
        assert (answer.status_code, answer.headers.get("Location"), answer.headers.get("Set-Cookie")) == (200, None, None)
    assert modes(within, ada) == dict.fromkeys(("news", "calls") if topic is Topic.DIGEST else (topic.value,), "left")
    assert states(within) == {"one": ("suppressed", "unsubscribed"), "invited": ("queued", None), "task": ("queued", None)}


@pytest.mark.line("P5")
def test_opening_the_link_changes_nothing_and_the_button_on_its_page_works(client, within, ada, links):
    page = client.get(links["news"])
    assert page.status_code == 200 and "Until then nothing changes." in page.text
    assert modes(within, ada) is None
    for body in ({}, {"List-Unsubscribe": "No"}, {"csrf_token": "x"}):
        assert client.post(links["news"], data=body).status_code == 422
    assert client.post(links["news"], data=b"\x00\xff" * 500, content_type="application/octet-stream").status_code == 422
    assert client.post(links["news"], json=ONE_CLICK_BODY).status_code == 422
    assert modes(within, ada) is None
    pressed = client.post(links["news"], data=form_of(page, links["news"]))
    assert pressed.status_code == 200 and "These no longer come by mail" in pressed.text
    assert modes(within, ada) == {"news": "left"}
    multipart = client.post(links["calls"], data=ONE_CLICK_BODY, content_type="multipart/form-data")
    assert multipart.status_code == 200


@pytest.mark.line("P5")
def test_a_link_of_another_topic_person_or_key_ends_nothing_and_says_so(client, within, ada, links):
    token = links["news"].rpartition("/")[2]
    wrong = (f"/en/stop/calls/{token}", f"/en/stop/reminders/{token}", f"/en/stop/invited/{token}", "/en/stop/news/x")
    for address in wrong:
        for answer in (client.get(address), client.post(address, data=ONE_CLICK_BODY)):
            assert answer.status_code == 404 and "This link no longer works" in answer.text
    assert modes(within, ada) is None


@pytest.mark.line("P4")
def test_the_subject_a_mail_program_sends_ends_it_too_and_a_quoted_one_does_not(app, within, ada):
    queued(within, ada)
    with within() as session:
        (row,) = session.query(Message).filter_by(key="one")
        head = _head(job_of(row))
        subject = re.search(r"mailto:[^?>]+\?subject=([^>]+)>", head["List-Unsubscribe"])[1]
    assert _received(within, f"Re: {subject}", "<quoted@mail.example>") == (Verdict.UNCLEAR, "no_calendar_part")
    assert modes(within, ada) is None
    assert _received(within, subject, "<first@mail.example>", more="Auto-Submitted: auto-generated\r\n") == (
        Verdict.APPLIED,
        "stopped",
    )
    assert modes(within, ada) == {"news": "left"}
    assert states(within) == {"one": ("suppressed", "unsubscribed")}
    with within() as session:
        choices.renew(ada.id, by=None, now=NOW)
        session.commit()
    assert _received(within, subject, "<late@mail.example>") == (Verdict.UNCLEAR, "stop_over")
    with within() as session:
        kept = {one.subject for one in session.query(InboundMail)}
        assert kept == {"stop-news", "Re: stop-news-…"}  # nobody reads a token on the desk
        token = subject.removeprefix("stop-news-").encode()
        assert not [one for one in session.query(InboundMail) if one.reason in ("stopped", "stop_over") and token in one.raw]
    encoded = b64encode(subject.encode()).decode()  # some programs encode whatever they send
    assert _received(within, f"=?utf-8?B?{encoded}?=", "<encoded@mail.example>") == (Verdict.UNCLEAR, "stop_over")
    with within() as session:
        raw = session.query(InboundMail).filter_by(message_id="<encoded@mail.example>").one().raw
        assert encoded.encode() not in raw and b"\nSubject: stop-news\nMessage-ID: <encoded@" in raw.replace(b"\r", b"")


def _received(within, subject, message_id, more=""):
    raw = f"From: anybody@mail.example\r\nTo: organizer@pathways.example\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n{more}\r\n\r\n"
    with within() as session:
        mail = inbound.receive(raw.encode(), "test", NOW)
        session.commit()
        return mail.verdict, mail.reason


def _head(job):
    common = {
        "subjects": {"en": "Subject"}, "texts": {"en": "Text"}, "own": True, "language_name": "English", "sent_in": "English",
        "translated_from": "", "because": "member", "about": {}, "corrects": None,
    }  # fmt: skip
    sent = render(replace(job, common=common, facts={**job.facts, "personal": {"instead_of": ""}}), now=NOW).content
    return email.message_from_bytes(sent, policy=email.policy.compat32)


@pytest.mark.line("P4")
def test_the_header_stands_on_one_line_and_names_a_page_and_a_mailbox(app, within, ada):
    queued(within, ada)
    with within() as session:
        (row,) = session.query(Message).filter_by(key="one")
        head = _head(job_of(row))
        assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        raw = [line for line in head.as_bytes().split(b"\n") if line.startswith(b"List-Unsubscribe:")]
        assert len(raw) == 1
        page, mailbox = re.fullmatch(
            r"<(http://127\.0\.0\.1:8000/en/stop/news/[\w-]{54})>, <(mailto:[^@>]+@pathways\.example\?subject=stop-news-[\w-]{54})>",
            head["List-Unsubscribe"],
        ).groups()
        assert len(page) <= 200 and mailbox.isascii()


def _with_codes(job):
    """A sample with codes as rows hold them."""
    marked = codes.mark(mark("answer", uuid.UUID(int=3), "nonce"), "0" * 32)
    return replace(job, facts={**job.facts, "codes": dict.fromkeys(job.facts.get("codes", {}), marked)})


@pytest.mark.line("P4")
def test_no_kind_but_circulars_and_digests_can_be_ended_with_one_click(app):
    from app.core.languages import LANGUAGES
    from app.notifications import samples

    with app.app_context():
        seen = set()
        for kind in samples.kinds():
            for story in samples.stories(kind):
                for language in LANGUAGES:
                    sent = render(_with_codes(samples.job(story, language)), now=NOW).content
                    head = sent.partition(b"\r\n\r\n")[0]
                    ends = kind in ("circular", "digest")
                    assert (b"\r\nList-Unsubscribe: <" in head, b"\r\nList-Unsubscribe-Post: " in head) == (ends, ends), kind
            seen.add(kind)
        assert seen == set(KINDS)
        assert {kind for kind in KINDS if topic_of(kind) in ONE_CLICK} == {"circular", "digest"}
