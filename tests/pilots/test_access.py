"""Who sees which pilot, and which words of it: a secret of each class is planted and looked for everywhere."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.pilots import rules
from app.pilots.models import Evidence, Milestone, Pilot, Update, Visibility
from app.pilots.rules import Shown
from tests.factories.pilots import NOW, fresh
from tests.files import samples
from tests.pilots.conftest import SECRETS

S, U, C, T, P = Visibility  # from few to many
READS = {
    "secretariat": {S, U, C, T, P}, "auditor": {S, U, C, T, P}, "co-lead": {U, C, T, P}, "other co-lead": {C, T, P},
    "focal point": {T, P}, "owner": {T, P},
}  # fmt: skip
OUTSIDE = ("visitor", "participant", "unverified", "foreign focal point")
NAMES = ("Joseph Ndegwa", "Tomas Berg", "Lucía Prado", "NOTE-inside", "REASON-floods", "Head of Training")


@pytest.mark.parametrize("who", READS)
def test_those_of_the_pilot_read_their_classes_and_no_other(world, who):
    page = world.browsers[who].get(world.page)
    assert page.status_code == 200
    for visibility in Visibility:
        assert (SECRETS[visibility] in page.text) == (visibility in READS[who]), visibility
        assert (f"UPDATE-{visibility.value}" in page.text) == (visibility in READS[who]), visibility
    assert "Joseph Ndegwa" in page.text
    milestone = world.browsers[who].get(f"{world.page}/milestones/{world.done.id}")
    for visibility in Visibility:
        assert (SECRETS[visibility] in milestone.text) == (visibility in READS[who]), visibility
    assert "NOTE-inside" in milestone.text and "REASON-floods" in milestone.text


@pytest.mark.parametrize("who", OUTSIDE)
def test_what_is_not_public_is_not_found_by_others_and_not_in_their_list(world, who):
    browser = world.browsers[who]
    assert browser.get(world.page).status_code == 404
    assert browser.get(world.milestone_page).status_code in (401, 404)
    assert world.pilot.code not in browser.get("/en/pilots").text


@pytest.mark.parametrize("who", OUTSIDE)
def test_a_public_pilot_is_read_without_names_notes_reasons_and_inner_evidence(session, world, who):
    fresh(world.pilot).published = True
    session.commit()
    browser = world.browsers[who]
    assert world.pilot.code in browser.get("/en/pilots").text
    page = browser.get(world.page)
    assert page.status_code == 200
    assert "Officers trained" in page.text and "Permits within ten days" in page.text and "UPDATE-public" in page.text
    assert SECRETS[P] in page.text
    for hidden in (*(SECRETS[v] for v in (S, U, C, T)), *(f"UPDATE-{v.value}" for v in (S, U, C, T)), *NAMES):
        assert hidden not in page.text, hidden
    assert "<form" not in page.text.split("<main")[1].split("</main")[0]
    assert browser.get(world.milestone_page).status_code in (401, 404)
    assert browser.get("/en/pilots?co_lead=" + str(world.people["other co-lead"].id)).text.count(world.pilot.code) == 1


def test_a_file_opens_for_those_who_may_read_its_class_and_for_nobody_else(session, world):
    from werkzeug.datastructures import FileStorage

    office = world.people["secretariat"]
    pilot = fresh(world.pilot)
    pilot.published = True
    addresses = {}
    for v in Visibility:
        upload = FileStorage(io.BytesIO(samples.PDF), filename="minutes.pdf")
        made = rules.add_evidence(fresh(world.done), Shown("x", v, upload=upload), by=office, now=NOW)
        addresses[v] = f"{world.page}/milestones/{world.done.id}/evidence/{made.id}"
    session.commit()
    for who in (*READS, *OUTSIDE):
        for v, address in addresses.items():
            answer = world.browsers[who].get(address)
            assert (answer.status_code == 200) == (v in READS.get(who, {P})), (who, v)
            if answer.status_code == 200:
                assert answer.headers["Content-Disposition"].startswith("attachment")
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
            answer.close()
    other = addresses[P].replace(str(world.done.id), str(world.open.id))
    assert world.browsers["secretariat"].get(other).status_code == 404  # another milestone's file is not found there


WRITES = {
    "/desk/pilots/{p}/publish": {"secretariat"}, "/desk/pilots/{p}/hide": {"secretariat"}, "/desk/pilots/{p}/end": {"secretariat"},
    "/desk/pilots/{p}/resume": {"secretariat"}, "/desk/pilots/{p}/edit": {"secretariat"}, "/desk/pilots/new": {"secretariat"},
    "/desk/pilots/{p}/milestones/new": {"secretariat"}, "/desk/pilots/{p}/milestones/{m}/edit": {"secretariat"},
    "/pilots/{p}/milestones/{m}/drop": {"secretariat"},
    "/pilots/{p}/milestones/{m}/move": {"secretariat", "co-lead", "focal point", "owner"},
    "/pilots/{p}/milestones/{m}/done": {"secretariat", "co-lead", "focal point", "owner"},
    "/pilots/{p}/milestones/{m}/reopen": {"secretariat", "co-lead", "focal point", "owner"},
    "/pilots/{p}/milestones/{m}/evidence": {"secretariat", "co-lead", "focal point", "owner"},
    "/pilots/{p}/updates": {"secretariat", "co-lead", "focal point", "owner"},
}  # fmt: skip


@pytest.mark.parametrize("published", [False, True])
def test_only_those_who_may_write_get_as_far_as_the_form(session, world, published):
    fresh(world.pilot).published = published
    session.commit()

    def counts():
        return [session.scalar(select(func.count()).select_from(t)) for t in (Pilot, Milestone, Evidence, Update, AuditEntry)]

    before = counts()
    for pattern, may in WRITES.items():
        address = "/en" + pattern.format(p=world.pilot.id, m=world.open.id)
        for who, browser in world.browsers.items():
            if who in may:
                continue
            shown = browser.get("/en/pilots" if who != "visitor" else "/en/sign-in")
            answer = browser.client.post(address, data={"csrf_token": _token(browser, shown)})
            assert answer.status_code in (401, 404), (who, pattern, answer.status_code)
    assert counts() == before
    row = fresh(world.open)
    assert row.is_open and row.due_version == 1


def _token(browser, shown):
    from flask import g

    from tests.conftest import csrf_of

    text = shown.text if 'name="csrf_token"' in shown.text else browser.get("/en/zone").text
    for name in list(g):
        g.pop(name)
    return csrf_of(text)


def test_the_log_is_on_the_page_for_those_who_may_read_it(world):
    assert "Date of a milestone moved" in world.browsers["secretariat"].get(world.page).text
    assert "Date of a milestone moved" in world.browsers["auditor"].get(world.page).text
    for who in ("co-lead", "focal point", "owner"):
        assert "Date of a milestone moved" not in world.browsers[who].get(world.page).text
