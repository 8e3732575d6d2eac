"""Every list of the desk leaves as a table, under its page's filters and its page's rights, and the log says so."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.extensions import db
from app.interests.models import Source
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state
from tests.factories.circulars import make_circular
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.pilots import make_milestone, make_pilot
from tests.factories.practices import make_practice

LISTS = {
    "people": "/en/desk/people/table",
    "organisations": "/en/desk/organisations/table",
    "designations": "/en/desk/designations/table",
    "audit": "/en/desk/audit/table",
    "calls": "/en/desk/calls/table",
    "expressions": "/en/desk/expressions/table",
    "exchanges": "/en/desk/exchanges/table",
    "sessions": "/en/desk/sessions/table",
    "outbox": "/en/desk/outbox/table",
    "replies": "/en/desk/replies/table",
    "pilots": "/en/desk/pilots/table",
    "milestones": "/en/desk/pilots/milestones/table",
    "practices": "/en/desk/practices/table",
    "circulars": "/en/desk/circulars/table",
    "call-list": "/en/desk/phone/table",
    "letters": "/en/desk/letters/table",
    "texts": "/en/desk/texts/table",
}


@pytest.fixture
def office(within, sign_in):
    with within():
        person = make_person("Desk", email="desk@office.example", roles=(Role.SECRETARIAT,))
    return sign_in(person)


def taken(browser, address):
    with browser.get(address) as answer:
        assert answer.status_code == 200, answer.status
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert "no-store" in answer.headers["Cache-Control"]
        return answer.get_data()


def table_of(browser, address):
    return list(csv.DictReader(io.StringIO(taken(browser, address).decode("utf-8-sig"), newline="")))


def exported(app):
    with app.app_context():
        query = select(AuditEntry.actor_name, AuditEntry.changes).where(AuditEntry.action == "list.exported")
        return list(db.session.execute(query.order_by(AuditEntry.id)))


def test_people_leave_under_the_filters_of_the_page_and_the_log_says_how_many(app, within, office):
    with within():
        ministry = make_ministry(make_state("Astoria", code="XA"), "Ministry of Interior")
        make_person("=Evil", of=ministry, email="evil@m.example", posts={"en": "+Head"}, phone="+971 4 000")
        make_person("Other", email="other@m.example")
        make_person("Gone", email="gone@m.example", active=False)
    rows = table_of(office, LISTS["people"] + "?form=plain&words=m.example")
    assert [(r["email"], r["family_name"], r["post"], r["phone"], r["state"], r["organisation"]) for r in rows] == [
        ("evil@m.example", "'=Evil", "'+Head", "'+971 4 000", "XA", "Ministry of Interior"),
        ("other@m.example", "Other", "", "", "", ""),
    ]
    ((name, changes),) = exported(app)
    assert name.endswith("Desk")
    assert changes == {"list": [None, "people"], "rows": [None, 2], "form": [None, "plain"], "filters": [None, "words=m.example"]}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("form", ["xlsx", "csv", "plain", "nonsense"])
def test_every_list_leaves_in_every_form(app, within, office, name, form):
    with within():
        make_designation(make_state("Astoria", code="XA"), make_person("Point"))
        make_expression(make_call(), organisation_name="Ministry", source=Source.EMAIL)
        make_invitation(make_session())
        make_invitation(make_session(), make_person("Far", email=None))
        make_milestone(make_pilot(), date(2026, 12, 1))
        make_practice("Kinship")
        make_circular()
    data = taken(office, f"{LISTS[name]}?form={form}")
    if form in ("csv", "plain"):
        assert data.startswith(b"\xef\xbb\xbf") is (form == "csv")
        assert data.count(b"\r\n") >= (1 if name in ("exchanges", "replies") else 2)
    else:
        sheet = load_workbook(io.BytesIO(data)).active
        assert sheet.freeze_panes == "A2" and sheet.max_column > 4
    assert [changes["list"][1] for _, changes in exported(app)] == [name]


def test_the_queue_leaves_under_its_filters(app, within, office):
    with within():
        make_expression(make_call(), organisation_name="Waits here")
    rows = table_of(office, LISTS["expressions"] + "?form=csv&words=waits")
    assert [r["Ministry or organisation"] for r in rows] == ["Waits here"]
    assert table_of(office, LISTS["expressions"] + "?form=csv&words=nobody") == []
    page = office.get("/en/desk/expressions?words=waits&form=x&status=all").get_data(as_text=True)
    assert "/en/desk/expressions/table?" in page and "words=waits" in page


def test_invitations_leave_without_addresses_for_those_who_may_not_see_people(app, within, office, sign_in):
    with within():
        row = make_session()
        make_invitation(row, make_person("Guest", email="guest@m.example"))
        lead = make_person("Lead", roles=(Role.CO_LEAD,))
        address = f"/en/desk/sessions/{row.id}/invitations/table?form=plain"
    assert [(r["family_name"], r["email"]) for r in table_of(office, address)] == [("Guest", "guest@m.example")]
    data = taken(sign_in(lead), address)
    assert [r["family_name"] for r in csv.DictReader(io.StringIO(data.decode()))] == ["Guest"]
    assert b"guest@m.example" not in data and b"join" not in data.lower()


def test_nobody_takes_a_list_away_that_they_may_not_see(app, within, client, sign_in):
    with within():
        person = make_person("Somebody", roles=(Role.PARTICIPANT,))
    browser = sign_in(person)
    for address in LISTS.values():
        assert client.get(address).status_code == 401
        assert browser.get(address).status_code == 404
    assert exported(app) == []


def test_a_list_costs_the_same_statements_for_four_rows_as_for_two(within, office, statements):
    with within():
        state = make_state("Astoria", code="XA")
    counts = []
    for _ in range(3):
        with within():
            make_person("Member", of=make_ministry(state))
            make_person("Member", of=make_ministry(state))
        statements.clear()
        taken(office, LISTS["people"] + "?form=plain")
        counts.append(len(statements))
    assert counts[1] == counts[2]
