"""Designations: recorded, verified by another press, in force by days, replaced by a later letter."""

import io
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.access import P
from app.accounts.models import Capacity, Designation, Role
from app.accounts.rules import designations as rules
from app.accounts.sessions import viewer_of
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.extensions import db
from app.files.models import StoredFile
from tests.accounts.conftest import form_of, send
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state

RIGHTS = {P.SEE_MY_STATE, P.ANSWER_FOR_STATE, P.CHOOSE_DELEGATES}


@pytest.fixture
def state(session):
    return make_state("Astoria")


@pytest.fixture
def person(state):
    return make_person("Morrow", of=make_ministry(state))


@pytest.fixture
def by(session):
    return make_person("Office")


def letter(state, person, **more):
    return {
        "state_id": state.id, "person_id": person.id, "capacity": Capacity.FOCAL_POINT, "letter_number": "NV/7",
        "letter_date": date(2026, 11, 2), "signatory": "The Minister", "replaces_id": None,
        "valid_from": date(2026, 11, 10), "valid_to": None, **more,
    }  # fmt: skip


def rights(person, at=NOW):
    found = viewer_of(person, at)
    return found.permissions & RIGHTS, found.state_ids


def test_a_recorded_letter_gives_no_right_until_it_is_verified(state, person, by):
    designation = rules.record_letter(letter(state, person), by=by, now=NOW)
    assert rights(person) == (set(), set())
    rules.verify(designation, by=by, now=NOW)
    assert rights(person) == (RIGHTS, {state.id})
    assert (designation.verified_at, designation.verified_by, designation.recorded_by) == (NOW, by.id, by.id)


def test_a_refused_letter_never_gives_a_right(state, person, by):
    designation = rules.record_letter(letter(state, person), by=by, now=NOW)
    rules.refuse(designation, "The stamp is missing.", by=by, now=NOW)
    assert rights(person) == (set(), set())
    with pytest.raises(RuleBroken):
        rules.verify(designation, by=by, now=NOW)
    assert designation.verified_at is None


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_rights_begin_and_end_with_the_days_of_the_persons_zone(state, by, zone):
    from app.core.zones import to_instant

    person = make_person("Far", zone=zone)
    make_designation(state, person, valid_from=date(2026, 11, 10), valid_to=date(2026, 11, 20))
    begins = to_instant(datetime(2026, 11, 10), zone)
    ends = to_instant(datetime(2026, 11, 21), zone)
    second = timedelta(seconds=1)
    assert rights(person, begins - second) == (set(), set())
    assert rights(person, begins) == (RIGHTS, {state.id})
    assert rights(person, ends - second) == (RIGHTS, {state.id})
    assert rights(person, ends) == (set(), set())


def test_a_verified_letter_ends_the_one_it_replaces_the_day_before(state, person, by):
    former = make_designation(state, make_person("Former"), valid_from=date(2026, 1, 1))
    designation = rules.record_letter(letter(state, person, replaces_id=former.id), by=by, now=NOW)
    assert former.valid_to is None, "recording alone must end nothing"
    rules.verify(designation, by=by, now=NOW)
    assert former.valid_to == date(2026, 11, 9)


def test_a_former_one_that_ends_earlier_keeps_its_day(state, person, by):
    former = make_designation(state, make_person("Former"), valid_to=date(2026, 6, 1))
    designation = rules.record_letter(letter(state, person, replaces_id=former.id), by=by, now=NOW)
    rules.verify(designation, by=by, now=NOW)
    assert former.valid_to == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"valid_to": date(2026, 11, 9)}, "valid_to"),
        ({"state": "ministry"}, "state_id"),
        ({"person": "inactive"}, "person_id"),
        ({"replaces": "other State"}, "replaces_id"),
        ({"replaces": "later"}, "valid_from"),
    ],
)
def test_a_letter_that_cannot_be_is_refused_at_its_field(session, state, person, by, wrong, field):
    fields = letter(state, person)
    match wrong:
        case {"valid_to": day}:
            fields["valid_to"] = day
        case {"state": _}:
            fields["state_id"] = make_ministry(state).id
        case {"person": _}:
            person.active = False
        case {"replaces": "other State"}:
            fields["replaces_id"] = make_designation(make_state(), make_person()).id
        case _:
            fields["replaces_id"] = make_designation(state, make_person(), valid_from=date(2026, 11, 10)).id
    session.flush()
    before = session.query(Designation).count()
    with pytest.raises(RuleBroken) as refused:
        rules.record_letter(fields, by=by, now=NOW)
    assert refused.value.field == field
    assert session.query(Designation).count() == before


def test_two_decisions_on_one_letter_are_one(state, person, by):
    designation = rules.record_letter(letter(state, person), by=by, now=NOW)
    rules.verify(designation, by=by, now=NOW)
    rules.verify(designation, by=by, now=NOW)  # pressed twice
    lines = select(AuditEntry.action).where(AuditEntry.object_id == designation.id)
    assert db.session.scalars(lines).all() == ["designation.recorded", "designation.verified"]
    other = make_person("Colleague")
    for again in (lambda: rules.verify(designation, by=other, now=NOW), lambda: rules.refuse(designation, "x", by=by, now=NOW)):
        with pytest.raises(RuleBroken):
            again()
    assert designation.refused_at is None


def test_ending_takes_the_rights_after_the_last_day(state, person, by):
    designation = make_designation(state, person)
    rules.end(designation, date(2026, 11, 23), by=by, now=NOW)
    assert rights(person) == (RIGHTS, {state.id})
    assert rights(person, NOW + timedelta(days=1)) == (set(), set())
    with pytest.raises(RuleBroken):
        rules.end(designation, date(2025, 1, 1), by=by, now=NOW)
    assert designation.valid_to == date(2026, 11, 23)


def test_the_contact_of_a_state_without_a_designation_has_no_right(state, person):
    assert rights(person) == (set(), set())


def test_every_step_is_in_the_log(session, state, person, by):
    former = make_designation(state, make_person("Former"))
    designation = rules.record_letter(letter(state, person, replaces_id=former.id), by=by, now=NOW)
    rules.verify(designation, by=by, now=NOW)
    lines = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(e.action, e.object_id, e.actor_id) for e in lines] == [
        ("designation.recorded", designation.id, by.id),
        ("designation.verified", designation.id, by.id),
        ("designation.ended", former.id, by.id),
    ]
    assert lines[2].changes == {"valid_to": [None, "2026-11-09"]}


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def test_the_walk_over_pages_record_with_scan_verify_download(within, browser_of):
    office, clerk = browser_of(Role.SECRETARIAT, family_name="Clerk")
    colleague, _ = browser_of(Role.SECRETARIAT, family_name="Colleague")
    with within():
        state = make_state("Astoria")
        person = make_person("Morrow", of=make_ministry(state))
    url = f"/en/desk/people/{person.id}/designations/new"
    values = {
        "state_id": str(state.id), "capacity": "focal_point", "letter_number": "NV/7", "letter_date": "2026-11-02",
        "signatory": "The Minister", "valid_from": "2026-11-10", "scan": (io.BytesIO(PDF), "letter.pdf"),
    }  # fmt: skip
    answer = send(office, url, **values)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    record = answer.headers["Location"]
    with within() as session:
        assert viewer_of(session.merge(person), NOW).state_ids == frozenset()
    assert send(colleague, record, f"{record}/verify").status_code == 303
    with within() as session:
        designation = session.scalars(select(Designation)).one()
        assert viewer_of(session.merge(person), NOW).state_ids == {state.id}
        assert designation.recorded_by == clerk.id
        assert designation.verified_by not in (None, clerk.id)
    scan = office.get(f"{record}/scan")
    assert scan.data == PDF
    assert scan.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in scan.headers["Content-Security-Policy"]
    scan.close()
    page = office.get(record).get_data(as_text=True)
    assert "In force" in page
    assert "Designation verified" in page


def test_a_wrong_scan_keeps_what_was_typed_and_records_nothing(within, office):
    with within():
        state, person = make_state("Astoria"), make_person("Morrow")
    values = {
        "state_id": str(state.id), "capacity": "alternate", "letter_date": "2026-11-02", "signatory": "The <b>Minister</b>",
        "valid_from": "2026-11-10", "scan": (io.BytesIO(b"<svg onload=alert(1)>"), "letter.svg"),
    }  # fmt: skip
    answer = send(office, f"/en/desk/people/{person.id}/designations/new", **values)
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'href="#scan"' in html
    assert "The &lt;b&gt;Minister&lt;/b&gt;" in html
    with within() as session:
        assert session.query(Designation).count() == session.query(StoredFile).count() == 0


def test_missing_fields_each_have_a_sentence(within, office):
    with within():
        person = make_person("Morrow")
    answer = send(office, f"/en/desk/people/{person.id}/designations/new", capacity="king", letter_date="2.11.2026", valid_from="")
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    for field in ("state_id", "capacity", "letter_date", "signatory", "valid_from"):
        assert f'href="#{field}"' in html, field


def test_refusing_needs_a_reason(within, office):
    with within():
        designation = make_designation(make_state(), make_person(), verified=False)
    url = f"/en/desk/designations/{designation.id}"
    assert send(office, url, f"{url}/refuse", reason="  ").status_code == 422
    assert send(office, url, f"{url}/refuse", reason="No stamp").status_code == 303
    token = form_of(office.get("/en/preferences"), "/en/preferences/zone")["csrf_token"]
    late = office.post(f"{url}/verify", data={"csrf_token": token})
    assert late.status_code == 409
    assert "already" in late.get_data(as_text=True)
    with within() as session:
        row = session.get(Designation, designation.id)
        assert (row.refused_reason, row.verified_at) == ("No stamp", None)


def test_a_record_is_corrected_with_a_line_in_the_log_until_somebody_decides(within, browser_of):
    office, clerk = browser_of(Role.SECRETARIAT, family_name="Clerk")
    with within():
        state = make_state("Astoria")
        row = make_designation(state, make_person("Morrow"), verified=False, letter_number="NV/7")
    url = f"/en/desk/designations/{row.id}"
    seen = form_of(office.get(url), f"{url}/verify")
    page = office.get(f"{url}/edit").get_data(as_text=True)
    assert 'value="NV/7"' in page and "Correct a designation" in page
    scan = (io.BytesIO(PDF), "right.pdf")
    answer = send(office, f"{url}/edit", letter_number="NV/8", valid_from="2026-11-20", scan=scan)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    with within() as session:
        line = session.scalars(select(AuditEntry).where(AuditEntry.action == "designation.corrected")).one()
        assert (line.actor_id, line.changes) == (
            clerk.id, {"letter_number": ["NV/7", "NV/8"], "valid_from": ["2026-01-01", "2026-11-20"]},
        )  # fmt: skip
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "designation.scan_added")).one()
        assert session.get(Designation, row.id).scan_id == session.scalars(select(StoredFile)).one().id
    stale = office.post(f"{url}/verify", data=seen)  # who compared the letter with the former record compares again
    assert stale.status_code == 409 and "once more" in stale.get_data(as_text=True)
    assert send(office, url, f"{url}/verify").status_code == 303
    late = send(office, "/en/preferences", "/en/preferences/zone", at=f"{url}/edit", **form_like(row, state, "NV/9"))
    assert late.status_code == 409 and "already" in late.get_data(as_text=True)
    assert "Correct the record" not in office.get(url).get_data(as_text=True)
    with within() as session:
        assert session.get(Designation, row.id).letter_number == "NV/8"


def form_like(row, state, number):
    return {
        "state_id": str(state.id), "capacity": row.capacity.value, "letter_number": number, "letter_date": "2025-12-20",
        "signatory": row.signatory, "valid_from": "2026-01-01", "version": "1",
    }  # fmt: skip


def test_the_second_who_corrects_sees_what_the_first_changed(within, office):
    with within():
        state = make_state("Astoria")
        row = make_designation(state, make_person("Morrow"), verified=False)
    url = f"/en/desk/designations/{row.id}/edit"
    opened = form_of(office.get(url))
    assert send(office, url, letter_number="first").status_code == 303
    second = office.post(url, data={**opened, "letter_number": "second"})
    page = second.get_data(as_text=True)
    assert second.status_code == 409 and "What differs" in page and "first" in page and "second" in page
    assert office.post(url, data={**form_of(second), "letter_number": "second"}).status_code == 303
    with within() as session:
        assert session.get(Designation, row.id).letter_number == "second"
