"""The outbox: found by state, kind and person, page by page, shown without its links, sent again."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.core.db import uuid7
from app.dashboards.queries import outbox as queries
from app.exchanges.rules import inviting
from app.extensions import db
from app.notifications.models import AddressTrouble, Message, State
from tests.conftest import csrf_of
from tests.dashboards.rows import NOW, make_message, make_session
from tests.factories.accounts import make_person
from tests.factories.notifications import code_in, link_in


@pytest.fixture
def office(written, sign_in):
    """A client of the secretariat."""
    with written():
        person = make_person("Berg", given_name="Tomas")
    return sign_in(person, Role.SECRETARIAT)


@pytest.fixture
def auditor(written, sign_in):
    """A client that may read and change nothing."""
    with written():
        person = make_person("Oduya")
    return sign_in(person, Role.AUDITOR)


def names(page) -> list[str]:
    return re.findall(r"Recipient \d+|Named \w+", page.text)


def post(browser, path, from_page):
    """Press a button of a page."""
    return browser.post(path, data={"csrf_token": csrf_of(browser.get(from_page).text)})


def test_it_is_the_secretariats_and_the_auditors(written, client, sign_in, office, auditor):
    with written():
        message = make_message()
        others = [(make_person(), role) for role in (Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER)]
    paths = ("/en/desk/outbox", f"/en/desk/outbox/{message.id}", "/en/desk/health")
    for path in paths:
        assert client.get(path).status_code == 401
        assert office.get(path).status_code == auditor.get(path).status_code == 200
    for person, role in others:
        browser = sign_in(person, role)
        assert [browser.get(path).status_code for path in paths] == [404, 404, 404]


def test_an_empty_outbox_says_what_will_be_there(office):
    assert "No mail has been written yet" in office.get("/en/desk/outbox").text


def test_mails_are_found_by_state_kind_and_person(written, office):
    with written():
        named = make_person("Rahmani", given_name="Khalid", email="khalid@mission.elmara.example")
        make_message(recipient_name="Named Rahmani", recipient_id=named.id, kind="session-reminder")
        make_message(State.FAILED, recipient_name="Named Failed")
        make_message(recipient_name="Named Applicant", address="Applicant@x.example")
    found = lambda query: names(office.get(f"/en/desk/outbox?{query}"))  # noqa: E731
    assert found("") == ["Named Applicant", "Named Failed", "Named Rahmani"]
    assert found("state=failed") == ["Named Failed"]
    assert found("kind=session-reminder") == ["Named Rahmani"]
    assert found("q=RAHMANI+khalid") == found("q=khalid%40mission") == ["Named Rahmani"]
    assert found("q=applicant%40x.example") == ["Named Applicant"]
    assert found("q=nobody") == [] and "No mail fits these filters" in office.get("/en/desk/outbox?q=nobody").text
    assert found("state=failed&kind=session-reminder") == []


@pytest.mark.parametrize(
    "query", ["state=nonsense", "kind=..%2F..", "before=x", "after=%00", "q=%25%27%22%3B--", "q=" + "x" * 5000]
)
def test_senseless_filters_are_no_error(office, query):
    assert office.get(f"/en/desk/outbox?{query}").status_code == 200


def test_pages_follow_each_other_in_both_directions(written, app):
    with written():
        rows = [make_message() for _ in range(7)]
    newest_first = [m.id for m in reversed(rows)]
    with app.app_context():
        first = queries.page(queries.Filters(), most=3)
        second = queries.page(queries.Filters(before=first.older), most=3)
        third = queries.page(queries.Filters(before=second.older), most=3)
        back = queries.page(queries.Filters(after=second.newer), most=3)
    assert [m.id for p in (first, second, third) for m in p.rows] == newest_first
    assert first.newer is None and third.older is None
    assert [m.id for m in back.rows] == newest_first[:3]


def test_the_list_needs_six_statements_for_few_rows_and_for_many(written, office, statements):
    counts = []
    for many in (2, 300):
        with written() as session:
            rows = [
                {"id": uuid7(), "key": f"bulk:{uuid.uuid4()}", "kind": "session-invite", "address": "a@x.example", "locale": "en",
                 "zone": "UTC", "due_at": NOW, "state": State.QUEUED, "facts": {}, "priority": 10, "recipient_name": "Bulk"}
                for _ in range(many)
            ]  # fmt: skip
            session.execute(insert(Message), rows)
        statements.clear()
        assert office.get("/en/desk/outbox?q=a%40x.example").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6


def test_a_failed_mail_says_why_in_plain_words(written, office):
    with written():
        gone = make_message(State.FAILED, error_class="refused", last_error="550 5.1.1 <b>no</b> such user")
        full = make_message(State.FAILED, error_class="refused", last_error="552 5.2.2 mailbox full")
        odd = make_message(State.FAILED, error_class="refused", last_error="554 no")
    page = office.get(f"/en/desk/outbox/{gone.id}").text
    assert "does not know this address" in page and "550 5.1.1 &lt;b&gt;no&lt;/b&gt; such user" in page and "<b>no</b>" not in page
    assert "full or closed" in office.get(f"/en/desk/outbox/{full.id}").text
    assert "refused this mail for good" in office.get(f"/en/desk/outbox/{odd.id}").text


def test_a_sign_in_mail_is_not_shown_and_not_sent_again(written, office):
    with written():
        secret = make_message(State.SENT, kind="sign-in-link", facts={"links": {"sign_in": "https://x.example/secret-token"}})
    page = office.get(f"/en/desk/outbox/{secret.id}")
    assert "nobody but its recipient may read it" in page.text and "secret-token" not in page.text and "<iframe" not in page.text
    assert office.get(f"/en/desk/outbox/{secret.id}/mail").status_code == 404
    assert "Send again" not in page.text
    with written():
        fallen = make_message(State.FAILED)
    refused = office.post(
        f"/en/desk/outbox/{secret.id}/again", data={"csrf_token": csrf_of(office.get(f"/en/desk/outbox/{fallen.id}").text)}
    )
    assert refused.status_code == 409 and "Ask the person to ask for a new one" in refused.text


def test_sent_again_is_a_new_row_with_the_same_uid_to_the_address_known_today(written, office, outbox):
    with written():
        person = make_person("Grau", email="new@garovia.example")
        failed = make_message(
            State.FAILED, recipient_id=person.id, address="old@garovia.example", key="invite:1", ical_uid="session-1@x",
            ical_method="REQUEST", ical_sequence=2, facts={"a": 1}, dtstamp=NOW - timedelta(days=1), sha256="0" * 64,
        )  # fmt: skip
    answer = post(office, f"/en/desk/outbox/{failed.id}/again", f"/en/desk/outbox/{failed.id}")
    assert answer.status_code == 303
    first, second = outbox()
    assert answer.location == f"/en/desk/outbox/{second.id}"
    assert (first.id, first.state, first.address) == (failed.id, State.FAILED, "old@garovia.example")
    assert (second.state, second.address, second.ical_uid, second.ical_sequence, second.facts) == (
        State.QUEUED, "new@garovia.example", "session-1@x", 2, {"a": 1},
    )  # fmt: skip
    assert second.key.startswith("invite:1") and second.key != first.key and second.resend_of == failed.id
    assert second.sha256 is None and second.dtstamp > first.dtstamp
    repeated = post(office, f"/en/desk/outbox/{failed.id}/again", f"/en/desk/outbox/{failed.id}")
    assert repeated.location == answer.location and len(outbox()) == 2
    shown = office.get(f"/en/desk/outbox/{failed.id}").text
    assert "This mail was sent again." in shown


def test_p7_nothing_is_sent_again_to_an_address_that_mail_came_back_from(written, office, outbox):
    with written():
        person = make_person("Grau", email="gone@garovia.example")
        db.session.add(AddressTrouble(address="gone@garovia.example", hard_at=NOW))
        failed = make_message(State.FAILED, recipient_id=person.id, address="gone@garovia.example")
    refused = post(office, f"/en/desk/outbox/{failed.id}/again", f"/en/desk/outbox/{failed.id}")
    assert refused.status_code == 409 and "nothing more is sent to it" in refused.text and len(outbox()) == 1


def test_who_sent_again_is_in_the_audit_log(written, office, app):
    with written():
        failed = make_message(State.FAILED)
    post(office, f"/en/desk/outbox/{failed.id}/again", f"/en/desk/outbox/{failed.id}")
    with app.app_context():
        line = db.session.scalars(select(AuditEntry).filter_by(object_kind="message")).one()
        assert (line.action, line.actor_name, line.object_id) == ("mail.sent_again", "Tomas Berg", failed.id)


def test_what_waits_or_is_too_late_is_not_sent_again(written, office, outbox):
    with written():
        waiting = make_message(due_at=NOW + timedelta(minutes=2))
        late = make_message(State.EXPIRED, expires_at=NOW - timedelta(hours=1))
        other = make_message(State.FAILED)
    token = csrf_of(office.get(f"/en/desk/outbox/{other.id}").text)
    for row, sentence in ((waiting, "has not left yet"), (late, "The moment this mail speaks of has passed")):
        refused = office.post(f"/en/desk/outbox/{row.id}/again", data={"csrf_token": token})
        assert refused.status_code == 409 and sentence in refused.text
    assert len(outbox()) == 3


def test_a_waiting_update_leaves_at_once_when_asked(written, office, outbox):
    with written():
        waiting = make_message(kind="session-update", due_at=NOW + timedelta(minutes=2))
    page = f"/en/desk/outbox/{waiting.id}"
    assert "Send now" in office.get(page).text
    assert post(office, f"{page}/now", page).status_code == 303
    assert outbox()[0].due_at == NOW
    assert "Send now" not in office.get(page).text


def test_an_auditor_sees_no_button_and_may_not_press_it(written, auditor, outbox):
    with written():
        failed = make_message(State.FAILED)
    page = auditor.get(f"/en/desk/outbox/{failed.id}").text
    assert "Send again" not in page
    assert auditor.post(f"/en/desk/outbox/{failed.id}/again", data={"csrf_token": csrf_of(page)}).status_code == 404
    assert len(outbox()) == 1


def test_getting_a_button_changes_nothing(office, written, outbox):
    with written():
        failed = make_message(State.FAILED)
    assert office.get(f"/en/desk/outbox/{failed.id}/again").status_code in (404, 405)
    assert office.get(f"/en/desk/outbox/{uuid7()}").status_code == 404
    assert len(outbox()) == 1


def test_an_invitation_is_shown_as_its_recipient_sees_it_without_its_links(written, office, outbox):
    with written():
        guest = make_person("Sabri", given_name="Nora", zone="Asia/Amman", forms_of_address={"en": "Madam Registrar"})
        meeting = make_session("Papers missing")
        inviting.invite(meeting, [inviting.Guest(guest)], by=None, now=NOW)
    (message,) = outbox("session-invite")
    kept = [*message.facts["links"].values(), link_in(message, "answer"), link_in(message, "join")]
    secrets = [*(url.rsplit("/", 1)[-1] for url in kept), code_in(message, "answer")]
    assert len(secrets) == 5 and len(set(secrets)) == 5
    page = office.get(f"/en/desk/outbox/{message.id}")
    mail = office.get(f"/en/desk/outbox/{message.id}/mail")
    for text in (page.text, mail.text):
        assert "Papers missing" in text and "Madam Registrar" in text and "12:00" in text
        assert not any(secret in text for secret in secrets)
    assert "METHOD:REQUEST" in page.text and meeting.uid in page.text
    assert f'sandbox title="The mail" src="/en/desk/outbox/{message.id}/mail"' in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    policy = mail.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "frame-ancestors 'self'" in policy


def test_a_mail_that_cannot_be_made_is_a_sentence_and_no_error(written, office):
    with written():
        broken = make_message(State.FAILED, kind="session-invite", facts={}, error_class="poisoned")
    page = office.get(f"/en/desk/outbox/{broken.id}")
    assert page.status_code == 200 and "The text of this mail could not be made" in page.text
