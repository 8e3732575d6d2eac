"""An owner without an account works behind the address in the mail, which is theirs alone and ends with a new owner."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core.signing import sign
from app.notifications.models import Message
from app.pilots import reminders, rules
from app.pilots.models import DueChange, Evidence, Visibility
from app.pilots.rules import MilestonePlan
from tests.conftest import csrf_of
from tests.factories.accounts import make_person
from tests.factories.notifications import link_in
from tests.factories.pilots import NOW, a_link, fresh, make_milestone, make_pilot
from tests.interests.pages import form_of, words
from tests.pilots.conftest import SECRETS, Browser, forget


@pytest.fixture
def milestone(session):
    owner = make_person("Ndegwa", given_name="Joseph", zone="Africa/Nairobi")
    row = make_milestone(make_pilot(), date(2026, 12, 4), owner_id=owner.id)
    for v in (Visibility.SECRETARIAT, Visibility.STATE):
        rules.add_evidence(row, a_link(v, title=SECRETS[v]), by=make_person(), now=NOW)
    session.commit()
    return row


@pytest.fixture
def visitor(app):
    return Browser(app.test_client())


def address(row):
    return f"/en/milestone/{sign('milestone', row.id, row.owner_nonce)}"


def test_the_mail_leads_an_owner_without_an_account_to_a_page_of_theirs(session, milestone):
    reminders.queue_due(NOW)
    message = session.scalars(select(Message).where(Message.kind == "pilot-due")).one()
    assert link_in(message, "page") == f"http://127.0.0.1:8000{address(milestone)}"


def test_behind_the_link_the_owner_moves_the_date_says_it_is_done_and_is_named_in_the_log(session, milestone, visitor):
    page = visitor.get(address(milestone))
    assert page.status_code == 200
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert SECRETS[Visibility.STATE] in page.text and SECRETS[Visibility.SECRETARIAT] not in page.text
    assert "Drop the milestone" not in page.text and "/desk/" not in page.text and "/remove" not in page.text
    form = form_of(page.text, "reason", action="/move")
    sent = form.filled(**{"m-due_on": "2027-01-22", "m-reason": "Short of staff"})
    answer = visitor.client.post(f"{address(milestone)}/move", data=sent)
    assert (answer.status_code, answer.location) == (303, address(milestone))
    change = session.scalars(select(DueChange)).one()
    assert (change.by_name, change.after) == ("Joseph Ndegwa", date(2027, 1, 22))
    form = form_of(visitor.get(address(milestone)).text, "done_note")
    sent = form.filled(**{"d-done_note": "All were trained.", "d-url": "https://a.example/list"})
    assert visitor.client.post(f"{address(milestone)}/done", data=sent).status_code == 303
    row = fresh(milestone)
    assert (row.done_on, row.done_by) == (date(2026, 11, 23), row.owner_id)
    assert "Done 23 November 2026" in words(visitor.get(address(milestone)).text)


def test_behind_the_link_a_file_or_link_is_added_in_a_class_the_owner_reads(session, milestone, visitor):
    form = form_of(visitor.get(address(milestone)).text, "e-title")
    sent = form.filled(**{"e-url": "https://a.example/list", "e-title": "List", "e-visibility": "secretariat"})
    assert visitor.client.post(f"{address(milestone)}/evidence", data=sent).status_code == 422
    assert visitor.client.post(f"{address(milestone)}/evidence", data={**sent, "e-visibility": "state"}).status_code == 303
    added = session.scalars(select(Evidence).where(Evidence.title == "List")).one()
    assert (added.visibility, added.added_by) == ("state", milestone.owner_id)


def test_the_link_ends_with_a_new_owner_a_closed_account_and_is_nobody_elses(session, milestone, visitor):
    old = address(milestone)
    plan = MilestonePlan(milestone.titles, milestone.due_on, owner_id=make_person().id)
    foreign = f"/en/milestone/{sign('answer', milestone.id, milestone.owner_nonce)}"
    for bad in (foreign, "/en/milestone/x", old[:-6] + "AAAAAA"):
        assert visitor.get(bad).status_code == 404
    rules.edit_milestone(milestone, plan, version=None, by=make_person(), now=NOW)
    session.commit()
    assert visitor.get(old).status_code == 404
    assert visitor.get(address(fresh(milestone))).status_code == 200
    fresh(milestone).owner.active = False
    session.commit()
    assert visitor.get(address(fresh(milestone))).status_code == 404
    for action in ("move", "done", "evidence"):
        token = csrf_of(visitor.get("/en/sign-in").text)
        forget()
        assert visitor.client.post(f"{old}/{action}", data={"csrf_token": token}).status_code == 404
    assert session.scalars(select(DueChange)).all() == []
