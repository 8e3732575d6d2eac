"""What stands in the tables of pilots, the library, circulars, letters, the call list, gaps and unclear answers."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from app.accounts.models import Role
from app.circulars import rules as circulars
from app.extensions import db
from app.interests.models import Source
from app.notifications.models import InboundMail, Verdict
from app.pilots import rules as pilots
from app.pilots.models import Visibility
from tests.factories.accounts import NOW, make_designation, make_person, make_state
from tests.factories.circulars import make_circular
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_expression
from tests.factories.letters import office as office_viewer
from tests.factories.letters import received
from tests.factories.pilots import a_link, finished, make_milestone, make_pilot
from tests.factories.practices import make_practice
from tests.tables.test_exports import LISTS, exported, taken


@pytest.fixture
def browser_of(within, sign_in):
    def browser(role):
        with within():
            person = make_person(role.value, roles=(role,))
        return sign_in(person)

    return browser


def rows(browser, address):
    data = taken(browser, f"{address}{'&' if '?' in address else '?'}form=plain")
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_milestones_leave_with_their_dates_reasons_and_the_evidence_the_reader_may_see(app, within, browser_of):
    with within():
        state = make_state("Astoria", code="XA", zone="Africa/Nairobi", weekend=["6", "7"])
        pilot = make_pilot(state, titles={"en": "=Permits"})
        late = make_milestone(pilot, date(2026, 11, 6), titles={"en": "Law adopted"}, post="Legal adviser")
        pilots.move(late, date(2026, 11, 13), reason="Vote put off", version=None, by=make_person(), now=NOW)
        done = make_milestone(pilot, date(2026, 10, 1), titles={"en": "Officers trained"})
        finished(done, date(2026, 10, 3), shown=a_link(Visibility.SECRETARIAT, title="Inner minutes"))
        make_milestone(make_pilot(make_state("Berylia", code="XB")), date(2027, 3, 1))
        state_id = state.id
    address = f"{LISTS['milestones']}?state={state_id}"
    found = rows(browser_of(Role.SECRETARIAT), address)
    assert [(r["pilot_title"], r["title"], r["standing"], r["baseline_on"], r["due_on"], r["done_on"]) for r in found] == [
        ("'=Permits", "Officers trained", "done", "2026-10-01", "2026-10-01", "2026-10-03"),
        ("'=Permits", "Law adopted", "overdue", "2026-11-06", "2026-11-13", ""),
    ]
    assert [(r["moved"], r["why_moved"], r["slip_days"]) for r in found] == [("0", "", "2"), ("1", "Vote put off", "")]
    assert found[0]["evidence"] == "Inner minutes https://evidence.example/minutes"
    assert found[1]["post"] == "Legal adviser" and int(found[1]["days_overdue"]) > 0 and found[1]["state"] == "XA"
    lead = rows(browser_of(Role.CO_LEAD), address)
    assert len(lead) == 2 and lead[0]["evidence"] == ""
    assert [changes["filters"][1] for _, changes in exported(app)] == [f"state={state_id}"] * 2


def test_pilots_leave_under_the_filters_with_how_they_stand(within, browser_of):
    with within():
        pilot = make_pilot(make_state("Astoria", code="XA"), grounds=[], lead_name="Ministry of Interior")
        make_milestone(pilot, date(2026, 9, 1), weight=3)
        finished(make_milestone(pilot, date(2026, 10, 1), weight=1), date(2026, 10, 1))
        make_pilot(make_state("Berylia", code="XB"))
    browser = browser_of(Role.SECRETARIAT)
    shown = "code", "state", "lead", "standing", "done_percent", "next_on", "published"
    both = {r["state"]: tuple(r[name] for name in shown) for r in rows(browser, LISTS["pilots"])}
    assert both["XA"][2:] == ("Ministry of Interior", "overdue", "25", "2026-09-01", "false")
    assert both["XB"][2:] == ("", "empty", "0", "", "false")
    assert [r["state"] for r in rows(browser, LISTS["pilots"] + "?standing=overdue")] == ["XA"]
    page = browser.get("/en/pilots?standing=overdue").text
    assert "/en/desk/pilots/table?standing=overdue&amp;form=xlsx" in page
    assert "/en/desk/pilots/milestones/table?standing=overdue&amp;form=csv" in page


def test_the_public_list_offers_no_download_that_would_be_refused(within, client):
    with within():
        make_pilot(published=True)
    page = client.get("/en/pilots").text
    assert "Permits after floods" in page and "Download" not in page and "milestones/table" not in page


def test_practices_leave_with_their_texts_and_the_state_of_each_translation(within, browser_of):
    with within():
        make_practice("Kinship permits", titles={"en": "Kinship permits", "fr": "Permis de parenté"}, published=False)
    (row,) = rows(browser_of(Role.AUDITOR), LISTS["practices"])
    assert (row["titles_en"], row["titles_fr"], row["titles_ar"]) == ("Kinship permits", "Permis de parenté", "")
    assert (row["state_en"], row["state_ar"], row["published"]) == ("source", "missing", "false")
    assert rows(browser_of(Role.SECRETARIAT), LISTS["practices"] + "?kind=resource") == []


def test_a_circular_and_those_it_is_for_leave_and_no_link_does(within, browser_of):
    with within():
        reader = make_person("Reader", email="reader@m.example", language="fr", roles=(Role.CO_LEAD,))
        make_person("Far", email=None, roles=(Role.CO_LEAD,))
        row = make_circular()
        circulars.send(row, by=make_person("Sender"), now=NOW)
        assert reader.language == "fr"
        address = f"/en/desk/circulars/{row.id}/recipients/table"
    browser = browser_of(Role.SECRETARIAT)
    (listed,) = rows(browser, LISTS["circulars"])
    assert (listed["subject"], listed["standing"], listed["mails"]) == ("New form from January", "sent", "1")
    assert listed["languages"] == "ar; en; fr"
    found = {r["name"].split()[-1]: r for r in rows(browser, address)}
    assert (found["Reader"]["sent_in"], found["Reader"]["mail"], found["Reader"]["trouble"]) == ("fr", "queued", "")
    assert (found["Far"]["mail"], found["Far"]["trouble"]) == ("", "no_address")
    assert browser_of(Role.CO_LEAD).get(address).status_code == 404


def test_the_register_leaves_with_what_other_rooms_hold_and_under_its_filters(within, browser_of):
    with within():
        viewer = office_viewer()
        received(viewer, make_state("Astoria", code="XA"), answer_due=date(2026, 11, 22))
        make_designation(make_state("Berylia", code="XB"), make_person("Point"), letter_number="D/7")
        make_expression(make_call(), source=Source.NOTE_VERBALE, source_number="NV/9", source_date=date(2026, 11, 1))
    browser = browser_of(Role.AUDITOR)
    found = {r["their_number"]: r for r in rows(browser, LISTS["letters"])}
    assert {number: row["held"] for number, row in found.items()} == {
        "NV/12": "letter", "D/7": "designation", "NV/9": "expression",
    }  # fmt: skip
    assert found["NV/12"]["number"].startswith("PX/2026/I-") and found["NV/12"]["direction"] == "in"
    assert found["D/7"]["subject"].startswith("Designation of")
    assert [r["their_number"] for r in rows(browser, LISTS["letters"] + "?overdue=y")] == ["NV/12"]
    assert rows(browser, LISTS["letters"] + "?waiting=print") == []


def test_the_call_list_of_a_session_leaves_in_its_order(within, browser_of):
    with within():
        session = make_session()
        make_invitation(session, make_person("Silent", phone="+971 4 000", zone="Asia/Dubai"))
        make_invitation(make_session(), make_person("Other"))
        address = f"{LISTS['call-list']}?session={session.id}"
    (row,) = rows(browser_of(Role.SECRETARIAT), address)
    assert (row["name"].split()[-1], row["phone"], row["why"], row["call"]) == ("Silent", "'+971 4 000", "not_answered", "")
    assert row["there"].startswith("20") and row["in_office"] in ("true", "false")


def test_gaps_and_unclear_answers_leave_under_what_the_reader_may_do(within, browser_of):
    with within():
        make_call("Open call", titles={"en": "Open call", "fr": "Appel ouvert"}, texts={})
        db.session.add(InboundMail(
            received_at=NOW, source="imap", sha256="0" * 64, raw=b"secret raw", sender="a@m.example", sender_name="@Ann",
            subject="Yes", body="secret body", verdict=Verdict.UNCLEAR, reason="unknown_uid",
        ))  # fmt: skip
    browser = browser_of(Role.SECRETARIAT)
    assert [(r["title"], r["kind"], r["state"], r["source"]) for r in rows(browser, LISTS["texts"] + "?language=fr")] == [
        ("Open call", "call", "draft", "en"),
    ]  # fmt: skip
    assert [r["language"] for r in rows(browser, LISTS["texts"] + "?state=missing")] == ["ar", "es", "ru", "zh"]
    data = taken(browser, LISTS["replies"] + "?form=plain")
    assert b"'@Ann" in data and b"unknown_uid" in data and b"secret" not in data
    assert browser_of(Role.AUDITOR).get(LISTS["replies"]).status_code == 404
