"""Every change is in the audit log, readable on the page of its record by those who may read it, and by nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.accounts.models import Person, Role
from app.audit.models import AuditEntry
from app.audit.rules import record
from app.extensions import db
from tests.conftest import NOW
from tests.factories.accounts import make_person
from tests.interests.pages import form_of, words
from tests.web.everything import everything

PAGES = {
    "organisation": ("organisation_id", "desk/organisations/{}"),
    "person": ("person_id", "desk/people/{}"),
    "designation": ("designation_id", "desk/designations/{}"),
    "call": ("call_id", "desk/calls/{}"),
    "expression": ("expression_id", "desk/expressions/{}"),
    "exchange": ("exchange_id", "desk/exchanges/{}"),
    "session": ("session_id", "desk/sessions/{}"),
    "poll": ("poll_id", "desk/polls/{}"),
    "import": ("import_id", "desk/imports/{}"),
    "letter": ("letter_id", "desk/letters/{}"),
    "letter_set": ("set_id", "desk/letters/prepared/{}"),
    "signatory": ("signatory_id", "desk/letters/signatories/{}"),
    "circular": ("circular_id", "desk/circulars/{}"),
    "practice": ("record_id", "desk/practices/practice/{}"),
    "pilot": ("pilot_id", "pilots/{}"),
    "message": ("message_id", "desk/outbox/{}"),
    "rehearsal": ("rehearsal_id", "desk/rehearsals/{}"),
    "inbound_mail": ("mail_id", "desk/replies/{}"),
}


@pytest.fixture
def world(app):
    with app.app_context():
        made = everything()
        officer = db.session.get(Person, made["officer"])
        made["co_lead"], made["auditor"] = make_person("Lead"), make_person("Auditor")
        for kind, (key, _page) in PAGES.items():
            record(f"{kind}.changed", kind, made[key], by=officer, now=NOW, note=f"seen-{kind}")
        db.session.commit()
        made["by"] = officer
        db.session.expunge_all()
    return made


@pytest.mark.parametrize("kind", PAGES)
def test_a_records_page_shows_its_lines_to_the_secretariat_and_not_to_others(world, sign_in, kind):
    key, page = PAGES[kind]
    address = "/en/" + page.format(world[key])
    shown = sign_in(world["by"]).get(address)
    assert shown.status_code == 200
    assert f"seen-{kind}" in shown.text and "Audit log" in shown.text and "Tomas Berg" in shown.text
    lead = sign_in(world["co_lead"], Role.CO_LEAD).get(address)
    assert f"seen-{kind}" not in lead.text  # whether the page is there for them or not


def test_no_kind_of_record_in_the_log_is_without_a_page(app, world):
    with app.app_context():
        kinds = set(db.session.scalars(select(AuditEntry.object_kind).distinct()))
    assert kinds <= set(PAGES)


def test_an_answer_on_the_mailed_page_names_who_gave_it(app, world, client, sign_in):
    page = f"/en/answer/{world['answer']}"
    form = form_of(client.get(page).text, "comment")
    assert client.post(form.action or page, data=form.filled(answer="yes")).status_code == 303
    text = words(sign_in(world["by"]).get(f"/en/desk/sessions/{world['session_id']}").text)
    assert "Sam Okello" in text.partition("Audit log")[2]
