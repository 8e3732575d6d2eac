"""The same form sent twice does one thing: rows and mails are counted after one sending, after two, after eight at once."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from app.accounts import sessions
from app.accounts.models import Person
from app.core.db import Base
from app.exchanges.models import PeerSession
from app.exchanges.rules import seen_as
from app.extensions import db
from tests.conftest import NOW
from tests.files import samples
from tests.interests.pages import form_of, words
from tests.web.everything import everything

UNCOUNTED = {"sent_forms", "rate_counts", "sign_ins", "stencils"}
VOTED = {"every vote": "yes"}
CAME = {"source_kind": "note_verbale", "source_number": "NV 7", "source_date": "2026-11-20"}

# Name; who sends it; the page; a field that marks the form; what is typed; the table that has one more row afterwards.
FORMS: list[tuple[str, str, str, str, dict[str, Any], str]] = [
    ("organisation", "officer", "desk/organisations/new", "names-en",
     {"names-en": "Academy", "kind": "academia", "zone": "UTC", "mail_route": "both"}, "organisations"),
    ("person", "officer", "desk/people/new", "family_name",
     {"family_name": "Adeyemi", "zone": "UTC", "language": "fr", "channel": "post"}, "people"),
    ("designation", "officer", "desk/people/{focal}/designations/new", "signatory",
     {"state_id": "{state}", "capacity": "alternate", "letter_date": "2026-11-01", "signatory": "Minister",
      "scan": samples.docx}, "designations"),
    ("invitation to join", "officer", "desk/people/{newcomer}", "join-submission_key", {"join-role": "participant"}, "messages"),
    ("membership", "officer", "desk/people/{newcomer}", "valid_from", {"organisation_id": "{organisation_id}"}, "memberships"),
    ("role", "officer", "desk/people/{focal}", "submission_key", {"role": "observer"}, "role_grants"),
    ("call", "officer", "desk/calls/new", "titles-en",
     {"titles-en": "Peers", "zone": "UTC", "opens_on": "2026-12-01", "opens_time": "09:00", "closes_on": "2027-01-31",
      "closes_time": "18:00"}, "calls"),
    ("exchange", "officer", "desk/exchanges/new", "themes-en", {"themes-en": "Papers"}, "exchanges"),
    ("session", "officer", "desk/sessions/new", "titles-en",
     {"titles-en": "Papers", "start_date": "2026-12-09", "start_time": "15:00", "zone": "Africa/Nairobi"}, "peer_sessions"),
    ("draft session", "officer", "desk/sessions/new", "titles-en",
     {"titles-en": "Papers", "start_date": "2026-12-09", "start_time": "15:00", "zone": "Africa/Nairobi", "draft": "1"},
     "peer_sessions"),
    ("series", "officer", "desk/exchanges/{exchange_id}/series", "count",
     {"titles-en": "Papers", "count": "1", "weekdays": ["1"], "first_day": "2027-01-04", "last_day": "2027-02-05", "start_time": "15:00",
      "zone": "Africa/Nairobi", "draft": "1"}, "peer_sessions"),
    ("copy of an exchange", "officer", "desk/exchanges/{exchange_id}/copy", "first_day", {"save": "1"}, "exchanges"),
    ("move", "officer", "desk/sessions/{session_id}/move", "reach",
     {"start_date": "2026-12-09", "save": "1", "tell": "everyone", "seen": "{seen}"}, "messages"),
    ("list of the invited", "officer", "desk/exchanges/{exchange_id}/list", "addresses", {"addresses": "newcomer"}, "exchange_guests"),
    ("everyone on the list", "officer", "desk/exchanges/{exchange_id}/invite", "sessions", {}, "invitations"),
    ("note", "officer", "desk/expressions/{expression_id}", "n-text", {"n-text": "Call them."}, "expression_notes"),
    ("decision", "officer", "desk/expressions/{expression_id}", "reason", {"decision": "under_review"}, "expression_moves"),
    ("opinions", "officer", "desk/expressions/{expression_id}", "o-due_on", {"o-due_on": "2026-12-03"}, "opinion_requests"),
    ("question", "officer", "desk/expressions/{expression_id}", "q-text", {"q-text": "Who leads?"}, "expression_questions"),
    ("letter that came", "officer", "desk/expressions/{expression_id}", "e-submission_key", {"e-file": samples.docx}, "stored_files"),
    ("answer on behalf", "officer", "desk/expressions/{asked}", "a-text",
     {"a-text": "The first.", "a-source": "email", "a-source_date": "2026-11-20", "a-scan": samples.docx}, "stored_files"),
    ("expression on behalf", "officer", "desk/expressions/new", "call_id",
     {"call_id": "{call_id}", "source": "note_verbale", "source_date": "2026-11-20", "organisation_kind": "academia",
      "organisation_name": "Academy", "contact_family_name": "Mir", "contact_email": "mir@academy.example", "mode": "seek",
      "grounds": ["family"], "language": "en", "contact_zone": "UTC", "scan": samples.docx}, "expressions"),
    ("answer to an invitation on behalf", "officer", "desk/invitations/{invitation_id}/answer", "source_number",
     {"answer": "yes", "scan": samples.docx, **CAME}, "answer_records"),
    ("delegate on behalf", "officer", "desk/invitations/{invitation_id}/delegate", "family_name",
     {"family_name": "Diallo", "email": "diallo@interior.example", "language": "fr", **CAME}, "invitations"),
    ("delegate", "focal", "my-state/invitations/{invitation_id}/delegate", "family_name",
     {"family_name": "Diallo", "email": "diallo@interior.example", "language": "fr"}, "invitations"),
    ("answer for the State", "focal", "my-state/invitations/{invitation_id}/answer", "comment", {"answer": "yes"}, "answer_records"),
    ("poll", "officer", "desk/exchanges/{exchange_id}/polls/new", "titles-en",
     {"titles-en": "When", "date_1": "2026-12-09", "time_1": "15:00", "date_2": "2026-12-10", "time_2": "15:00", "zone": "Africa/Nairobi",
      "date_deadline": "2026-12-01", "time_deadline": "18:00"}, "polls"),
    ("times of a poll", "officer", "desk/polls/{poll_id}/times", "date_1",
     {"date_1": "2026-12-15", "time_1": "09:00", "asking": "nobody"}, "poll_slots"),
    ("question", "officer", "desk/polls/{poll_id}/ask", "addresses", {"addresses": "newcomer", "confirmed": "1"}, "poll_asked"),
    ("answer to a poll on behalf", "officer", "desk/poll-answers/{asked_id}", "source_number", {**VOTED, **CAME}, "poll_answers"),
    ("answer to a poll", "", "poll/{poll}", "comment", VOTED, "poll_answers"),
    ("answer to a poll, signed in", "focal", "my-polls/{asked_id}", "comment", VOTED, "poll_answers"),
    ("end of a poll", "officer", "desk/polls/{poll_id}/close", "seats", {"slot": "{slot_id}"}, "peer_sessions"),
    ("invitation", "officer", "desk/sessions/{session_id}/invite", "addresses",
     {"addresses": "newcomer", "confirmed": "1"}, "invitations"),
    ("draft of an expression", "", "calls/{call_id}", "submission_key", {}, "expressions"),
    ("link to a draft", "", "drafts/{draft}/later", "contact_email", {"contact_email": "a@interior.example"}, "messages"),
    ("expression", "", "drafts/{draft}/check", "csrf_token", {}, "expression_moves"),
    ("answer to a question", "", "questions/{question}", "answer", {"answer": "The first."}, "expression_moves"),
    ("withdrawal", "", "status/{status}", "reason", {"reason": "Later"}, "expression_moves"),
    ("wish for a place", "", "sessions/{session_id}/ask", "family_name",
     {"family_name": "Diallo", "email": "diallo@interior.example", "language": "fr"}, "place_requests"),
    ("confirmed wish for a place", "", "places/{place}", "csrf_token", {}, "messages"),
    ("place", "officer", "sessions/{session_id}/requests/{request_id}", "sentence", {"decision": "approve"}, "invitations"),
    ("second sitting", "officer", "desk/sessions/{session_id}/second-sitting", "start_date",
     {"start_date": "2026-12-09", "start_time": "05:00", "zone": "Africa/Nairobi", "capacity": "9", "tell": "nobody"}, "peer_sessions"),
    ("several on behalf", "officer", "desk/sessions/{session_id}/delegations/{state}", "source_number",
     {"people": "{invitation_id}", "scan": samples.docx, **CAME}, "answer_records"),
    ("several of a State", "focal", "my-state/sessions/{session_id}/delegation", "submission_key", {"people": "{invitation_id}"}, "answer_records"),
    ("answer to an invitation", "", "answer/{answer}", "comment", {"answer": "yes"}, "answer_records"),
]  # fmt: skip


def counted(app) -> dict[str, int]:
    """How many rows each table has; mails are rows too."""
    with app.app_context():
        found = {
            table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in UNCOUNTED
        }
        db.session.remove()
        return found


def _made(app) -> dict[str, Any]:
    with app.app_context():
        made = everything()
        made["seen"] = seen_as([db.session.get_one(PeerSession, made["session_id"])])
        made["newcomer_address"] = db.session.get(Person, made["newcomer"]).email
        db.session.remove()
        return made


def _browser(app, made, who):
    browser = app.test_client()
    if who:
        with app.app_context():
            token = sessions.begin(db.session.get(Person, made[who]), "password", NOW)
            db.session.commit()
            db.session.remove()
        with browser.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
    return browser


def _prepared(app, made, entry):
    """A browser, where the form goes, and its content, which every sending repeats byte for byte."""
    name, who, where, having, typed, _table = entry
    browser = _browser(app, made, who)
    page = "/en/" + where.format(**made)
    shown = browser.get(page)
    assert shown.status_code == 200, (page, shown.status_code)
    form = form_of(shown.text, having, "/roles" if name == "role" else "/apply" if where.startswith("calls/") else "")
    values, files = {}, {}
    for field, value in typed.items():
        if field == "every vote":  # a question for each time, named by its id
            values |= dict.fromkeys(re.findall(r'name="(vote_[0-9a-f]{32})"', shown.text), value)
        elif callable(value):
            files[field] = value()
        elif value == "newcomer":
            values[field] = made["newcomer_address"]
        else:
            values[field] = value.format(**made) if isinstance(value, str) else value
    content = form.filled(**values)

    def send(client):
        data = {**content, **{f: (io.BytesIO(b), "letter.docx") for f, b in files.items()}}
        return client.post(form.action or page, data=data)

    return browser, send


@pytest.mark.parametrize("entry", FORMS, ids=[f[0] for f in FORMS])
def test_the_same_form_sent_twice_does_one_thing(app, entry):
    made = _made(app)
    browser, send = _prepared(app, made, entry)
    before = counted(app)
    first = send(browser)
    assert first.status_code == 303, words(first.text)
    once = counted(app)
    assert once[entry[-1]] == before[entry[-1]] + 1, {k: (before[k], n) for k, n in once.items() if before[k] != n}
    second = send(browser)
    assert second.status_code == 303, words(second.text)
    assert counted(app) == once
    if entry[0] not in ("withdrawal", "answer to an invitation", "answer for the State", "role", "membership"):
        assert second.location == first.location


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["organisation", "person", "session", "note", "question", "expression on behalf", "invitation", "expression"]
)
def test_the_same_form_sent_by_eight_at_once_does_one_thing(committed_app, name):
    entry = next(f for f in FORMS if f[0] == name)
    made = _made(committed_app)
    # a request that counts a limit holds two connections; a process has two for each of its threads
    at_once = 4 if name == "expression" else 8
    alone, send = _prepared(committed_app, made, entry)
    clients = [alone]
    with alone.session_transaction() as cookie:
        kept = dict(cookie)
    for _ in range(at_once - 1):
        client = committed_app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(kept)
        clients.append(client)
    before, gate, answers = counted(committed_app), threading.Barrier(at_once), []

    def press(client):
        gate.wait(20)
        answers.append(send(client))

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(a.status_code for a in answers) == [303] * at_once
    assert len({a.location for a in answers}) == 1
    after = counted(committed_app)
    assert after[entry[-1]] == before[entry[-1]] + 1
    extra = after["messages"] - before["messages"]
    assert extra == {"question": 1, "expression on behalf": 1, "invitation": 1, "expression": 1}.get(name, 0)


def test_a_form_changed_after_going_back_is_another_one(app):
    """The Back button brings the form with its key: what was typed anew is not swallowed."""
    made = _made(app)
    entry = next(f for f in FORMS if f[0] == "session")
    before = counted(app)
    browser = _browser(app, made, "officer")
    page = "/en/desk/sessions/new"
    form = form_of(browser.get(page).text, "titles-en")
    for title in ("Papers", "Papers, second part"):
        answer = browser.post(page, data=form.filled(**{**entry[4], "titles-en": title}))
        assert answer.status_code == 303
    assert counted(app)["peer_sessions"] == before["peer_sessions"] + 2


def test_a_form_that_was_refused_can_be_sent_again(app):
    made = _made(app)
    browser = _browser(app, made, "officer")
    page = "/en/desk/people/new"
    form = form_of(browser.get(page).text, "family_name")
    typed = form.filled(family_name="Adeyemi", email=made["newcomer_address"], zone="UTC", language="fr", channel="post")
    assert browser.post(page, data=typed).status_code == 422  # somebody else has this address
    with app.app_context():
        db.session.get(Person, made["newcomer"]).email = "moved@interior.example"
        db.session.commit()
        db.session.remove()
    assert browser.post(page, data=typed).status_code == 303
