"""The secretariat's queue, record, entries on behalf and calls, over HTTP."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.extensions import db
from app.interests import rules
from app.interests.models import Call, Endorsement, Expression, Source, Status
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import NOW, make_call, make_draft, make_expression
from tests.files import samples
from tests.interests.pages import form_of, read, words


@pytest.fixture
def desk(app, sign_in):
    """An officer's browser, a call, a State, one expression."""
    with app.app_context():
        officer, call, state = make_person("Berg", given_name="Tomas"), make_call(), make_state("Alvania", code="XL")
        expression = make_expression(call, state)
        db.session.commit()
        ids = {"call": call.id, "state": state.id, "one": expression.id, "officer": officer.id}
        db.session.expunge_all()
    return {**ids, "browser": sign_in(officer, Role.SECRETARIAT)}


def record(desk):
    return f"/en/desk/expressions/{desk['one']}"


def row(app, desk) -> Expression:
    with app.app_context():
        found = db.session.get(Expression, desk["one"])
        db.session.expunge_all()
        return found


def add(app, desk, count=1, **fields):
    with app.app_context():
        call, state = db.session.get(Call, desk["call"]), None
        for number in range(count):
            make_expression(call, state, submitted_at=NOW - timedelta(hours=number + 1), **fields)
        db.session.commit()


def test_the_queue_asks_the_same_few_questions_for_one_row_and_for_many(app, desk, statements):
    counts = []
    desk["browser"].get("/en/desk/expressions")  # the names of the grounds are kept from here on
    for more in (0, 2, 60):
        add(app, desk, more)
        statements.clear()
        assert desk["browser"].get("/en/desk/expressions").status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2] <= 6
    assert not any("count(" in s.lower() for s in statements)


def test_the_queue_is_paged_by_key_without_doubles_or_gaps(app, desk):
    add(app, desk, 60)
    seen, url = [], "/en/desk/expressions"
    for _ in range(5):
        page = desk["browser"].get(url).text
        seen += [line.split("<")[0] for line in re.split(r"<bdi[^>]*>", page) if line.startswith("EOI-")]
        if 'rel="next" href="' not in page:
            break
        url = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 61


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True), ("status=submitted", True), ("status=accepted", False), ("status=all", True), ("status=nonsense", True),
        ("ground=family", True), ("ground=worker", False), ("source=web_form", True), ("source=phone", False),
        ("assignee=nobody", True), ("words=morrow", True), ("words=MÓRROW+interior", True), ("words=zzz", False),
        ("words=%25", False), ("words=_", False), ("call=x", True), ("after=nonsense", True), ("words=%00", True),
        ("state=00000000-0000-0000-0000-000000000000", False), ("assignee=00000000-0000-0000-0000-000000000000", False),
    ],
)  # fmt: skip
def test_filters_narrow_the_queue_and_nonsense_filters_nothing(app, desk, query, shown):
    page = desk["browser"].get(f"/en/desk/expressions?{query}")
    assert page.status_code == 200
    assert ("EOI-2025-" in page.text) is shown


def test_the_filters_of_the_queue_by_ids(app, desk):
    for query in (f"call={desk['call']}", f"state={desk['state']}"):
        assert "EOI-2025-" in desk["browser"].get(f"/en/desk/expressions?{query}").text


def test_drafts_are_in_nobodys_queue(app, desk):
    with app.app_context():
        draft = make_draft(db.session.get(Call, desk["call"]), organisation_name="Secret Draft Office")
        db.session.commit()
        draft_id = draft.id
    assert "Secret Draft Office" not in desk["browser"].get("/en/desk/expressions?status=all").text
    assert desk["browser"].get(f"/en/desk/expressions/{draft_id}").status_code == 404


@pytest.mark.parametrize(
    ("role", "code"), [(Role.CO_LEAD, 200), (Role.AUDITOR, 200), (Role.PARTICIPANT, 404), (Role.OBSERVER, 404), (None, 404)]
)
def test_who_may_read_and_only_the_secretariat_acts(app, desk, sign_in, role, code):
    with app.app_context():
        person = make_person("Other")
        db.session.commit()
        db.session.expunge_all()
    browser = sign_in(person, *([role] if role else []))
    page = browser.get(record(desk))
    assert page.status_code == browser.get("/en/desk/expressions").status_code == code
    if code == 200:
        posts = [f.action.rsplit("/", 1)[1] for f in read(page.text.split("<main")[1]).forms if f.method == "post"]
        assert posts == (["conflict"] if role is Role.CO_LEAD else [])
    token = form_of(browser.get(f"/en/calls/{desk['call']}").text).filled()
    for act in ("decision", "notes", "questions", "assignee", "endorsement"):
        assert browser.post(f"{record(desk)}/{act}", data=token).status_code == 404
    assert browser.get("/en/desk/expressions/new").status_code == browser.get("/en/desk/calls").status_code == 404
    assert row(app, desk).status is Status.SUBMITTED


def test_a_decision_is_recorded_with_its_reason_and_told(app, desk, outbox):
    form = form_of(desk["browser"].get(record(desk)).text, action="decision")
    refused = desk["browser"].post(form.action, data=form.filled(decision="declined", reason=""))
    assert refused.status_code == 422 and "Write the reason." in refused.text
    nothing = desk["browser"].post(form.action, data=form.filled(decision="made-up", reason="typed words"))
    assert nothing.status_code == 422 and "typed words" in nothing.text
    assert row(app, desk).status is Status.SUBMITTED and not outbox()
    done = desk["browser"].post(form.action, data=form.filled(decision="accepted", reason="A good fit"))
    assert done.status_code == 303
    assert row(app, desk).status is Status.ACCEPTED and [m.kind for m in outbox()] == ["expression-decided"]
    page = desk["browser"].get(record(desk))
    assert "A good fit" in page.text and "Expression of interest accepted" in page.text and "Tomas Berg" in page.text


def test_two_deciders_the_second_sees_what_changed_and_keeps_their_words(app, desk, outbox):
    form = form_of(desk["browser"].get(record(desk)).text, action="decision")
    first = desk["browser"].post(form.action, data=form.filled(decision="declined", reason="Other theme"))
    assert first.status_code == 303
    second = desk["browser"].post(form.action, data=form.filled(decision="under_review", reason="My own words"))
    assert second.status_code == 409
    text = words(second.text)
    assert "Status Declined Under review" in text and "Saved meanwhile Expression of interest declined" in text
    assert "My own words" in second.text
    assert row(app, desk).status is Status.DECLINED and len(outbox()) == 1
    again = desk["browser"].post(form.action, data=form_of(second.text, action="decision").filled())
    assert again.status_code == 303 and row(app, desk).status is Status.UNDER_REVIEW


def test_an_unconfirmed_address_is_said_where_it_is_decided(app, desk):
    assert "has not confirmed the address" in desk["browser"].get(record(desk)).text
    assert "Address not confirmed" in desk["browser"].get("/en/desk/expressions").text
    with app.app_context():
        rules.confirm_address(db.session.get(Expression, desk["one"]), now=NOW)
        db.session.commit()
    assert "has not confirmed the address" not in desk["browser"].get(record(desk)).text


def test_likely_duplicates_are_shown_with_what_they_share(app, desk):
    with app.app_context():
        this = db.session.get(Expression, desk["one"])
        other_call = make_call("Another call")
        same = {"organisation_name": "Other office", "contact_given_name": "Li", "contact_family_name": "Wei"}
        expected = {
            "same State and call": make_expression(this.call, this.state, **same),
            "same e-mail address": make_expression(
                other_call, make_state("B"), **{**same, "contact_email": this.contact_email.upper()}
            ),
            "similar name": make_expression(
                this.call, make_state("C"), **{**same, "contact_given_name": "Morrow", "contact_family_name": "Adáeze"}
            ),
        }
        unlike = make_expression(this.call, make_state("D"), **same)
        gone = make_expression(this.call, this.state, **same, status=Status.WITHDRAWN)
        db.session.commit()
        shown, hidden = {w: e.reference for w, e in expected.items()}, [unlike.reference, gone.reference]
    text = words(desk["browser"].get(record(desk)).text)
    part = text.split("May be the same one twice")[1].split("What it says")[0]
    for why, reference in shown.items():
        assert why in part.split(reference)[1][:120]
    assert not any(reference in part for reference in hidden)


def test_notes_stay_inside(app, desk, client):
    form = form_of(desk["browser"].get(record(desk)).text, action="notes")
    assert desk["browser"].post(form.action, data=form.filled(**{"n-text": ""})).status_code == 422
    assert (
        desk["browser"].post(form.action, data=form.filled(**{"n-text": "<script>alert(1)</script> call them"})).status_code == 303
    )
    page = desk["browser"].get(record(desk)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; call them" in page
    with app.app_context():
        from app.interests.messages import link

        status = link("status", db.session.get(Expression, desk["one"])).removeprefix("http://127.0.0.1:8000")
    assert "call them" not in client.get(status).text


def test_a_question_goes_out_and_an_answer_by_phone_is_entered(app, desk, outbox):
    form = form_of(desk["browser"].get(record(desk)).text, action="questions")
    assert desk["browser"].post(form.action, data=form.filled(**{"q-text": "Which districts?"})).status_code == 303
    assert row(app, desk).status is Status.CLARIFICATION_ASKED
    form = form_of(desk["browser"].get(record(desk)).text, action="answers")
    wrong = desk["browser"].post(form.action, data=form.filled(**{"a-text": "Two", "a-source": "pigeon"}))
    assert wrong.status_code == 422 and form_of(wrong.text, action="answers").fields["a-text"] == ["Two"]
    values = {
        "a-text": "Two of them",
        "a-source": "phone",
        "a-source_date": "2026-11-20",
        "a-scan": (io.BytesIO(samples.PDF), "note.pdf"),
    }
    done = desk["browser"].post(form.action, data=form.filled(**values), content_type="multipart/form-data")
    assert done.status_code == 303
    page = desk["browser"].get(record(desk)).text
    assert "Two of them" in page and "entered on behalf" in page and "note.pdf" in page
    assert [m.kind for m in outbox()] == ["expression-question", "expression-moved"]
    again = desk["browser"].post(form.action, data=form.filled(**{**values, "a-scan": None}))
    assert again.status_code == 409 and "answered already" in again.text


def test_a_letter_that_comes_later_is_recorded_and_only_here_downloaded(app, desk, sign_in):
    form = form_of(desk["browser"].get(record(desk)).text, action="endorsement")
    done = desk["browser"].post(
        form.action, data=form.filled(**{"e-file": (io.BytesIO(samples.PDF), "nv.pdf")}), content_type="multipart/form-data"
    )
    assert done.status_code == 303
    kept = row(app, desk)
    assert kept.endorsement is Endorsement.RECEIVED
    url = f"{record(desk)}/files/{kept.endorsement_file_id}"
    with desk["browser"].get(url) as got:
        assert got.data == samples.PDF and got.headers["Content-Disposition"].startswith("attachment")
    with app.app_context():
        other = make_expression(db.session.get(Call, desk["call"]))
        person = make_person("Other")
        db.session.commit()
        other_id = other.id
        db.session.expunge_all()
    # by the id of a file, another record gives nothing
    assert desk["browser"].get(f"/en/desk/expressions/{other_id}/files/{kept.endorsement_file_id}").status_code == 404
    assert sign_in(person).get(url).status_code == 404


def behalf(desk, **more):
    return {
        "call_id": str(desk["call"]), "source": "note_verbale", "source_number": "NV/44/2026", "source_date": "2026-11-20",
        "organisation_kind": "ministry", "state_id": str(desk["state"]), "organisation_name": "Ministère de la Justice",
        "contact_family_name": "Sarr", "contact_email": "sarr@justice.example", "language": "fr", "contact_zone": "Africa/Dakar",
        "grounds": ["sgbv"], **more,
    }  # fmt: skip


def test_a_note_verbale_is_entered_even_after_the_call_closed_and_the_contact_gets_a_copy(app, desk, outbox):
    with app.app_context():
        db.session.get(Call, desk["call"]).closes_at = NOW - timedelta(days=1)
        db.session.commit()
    form = form_of(desk["browser"].get("/en/desk/expressions/new").text, "submission_key")
    data = behalf(desk)
    for _ in range(2):  # sent twice, entered once
        sent = form.filled(**data, scan=(io.BytesIO(samples.PDF), "nv.pdf"))
        answer = desk["browser"].post("/en/desk/expressions/new", data=sent, content_type="multipart/form-data")
        assert answer.status_code == 303
    with app.app_context():
        entered = db.session.scalars(select(Expression).where(Expression.source == Source.NOTE_VERBALE)).one()
        assert (entered.reference, entered.status, entered.entered_by) == ("EOI-2026-0001", Status.SUBMITTED, desk["officer"])
        assert (entered.source_number, str(entered.source_date), str(entered.received_on)) == (
            "NV/44/2026",
            "2026-11-20",
            "2026-11-20",
        )
        assert entered.endorsement is Endorsement.RECEIVED and entered.source_scan_id == entered.endorsement_file_id
    [copy] = outbox()
    assert (copy.kind, copy.locale, copy.address, copy.zone) == ("expression-copy", "fr", "sarr@justice.example", "Africa/Dakar")
    assert set(copy.facts["links"]) == {"correct", "status"}
    page = desk["browser"].get(answer.location)
    assert "NV/44/2026" in page.text and "A copy goes to sarr@justice.example" in page.text
    assert "Address not confirmed" not in page.text


def test_without_an_address_it_is_entered_and_the_outbox_says_why_nothing_left(app, desk, outbox):
    form = form_of(desk["browser"].get("/en/desk/expressions/new").text, "submission_key")
    answer = desk["browser"].post("/en/desk/expressions/new", data=form.filled(**behalf(desk, contact_email="")))
    assert answer.status_code == 303
    [copy] = outbox()
    assert (copy.state.value, copy.suppressed_reason) == ("suppressed", "no_address")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("call_id", "", "Choose the call."), ("source", "", "Say how it came."),
        ("source", "web_form", "Choose one from the list."),
        ("source_date", "", "Enter a date"), ("grounds", None, "Choose at least one ground"),
        ("contact_email", "x", "Enter an e-mail"),
        ("aim", "x" * 4001, "Shorten this text"),
    ],
)  # fmt: skip
def test_a_wrong_field_on_behalf_is_named_and_the_rest_is_kept(app, desk, outbox, field, value, said):
    form = form_of(desk["browser"].get("/en/desk/expressions/new").text, "submission_key")
    answer = desk["browser"].post("/en/desk/expressions/new", data=form.filled(**behalf(desk, **{field: value})))
    assert answer.status_code == 422 and said in answer.text
    again = form_of(answer.text, "submission_key").fields
    assert again["organisation_name"] == ["Ministère de la Justice"] and again["submission_key"] == form.fields["submission_key"]
    assert not outbox()


def test_somebody_is_given_it_and_the_queue_shows_whom(app, desk):
    form = form_of(desk["browser"].get(record(desk)).text, action="assignee")
    assert desk["browser"].post(form.action, data=form.filled(**{"w-assignee_id": str(desk["officer"])})).status_code == 303
    assert "Tomas Berg" in desk["browser"].get(f"/en/desk/expressions?assignee={desk['officer']}").text
    wrong = desk["browser"].post(form.action, data=form.filled(**{"w-assignee_id": str(desk["state"])}))
    assert wrong.status_code == 422 and row(app, desk).assignee_id == desk["officer"]


def test_the_filter_offers_the_newest_calls_and_older_ones_stay_within_reach(app, desk, monkeypatch):
    monkeypatch.setattr("app.interests.queries.queue.CALLS", 1)
    with app.app_context():
        newer = make_call("Newer call", opens_at=NOW - timedelta(days=1))
        db.session.commit()
        newer_id = newer.id
    page = desk["browser"].get("/en/desk/expressions").text
    offered = re.findall(r'<option value="[^"]+"( selected)?>((?:Newer call|Call for peers)[^<]*)', page)
    assert offered in ([("", "Newer call")], [("", "Newer call"), ("", "Call for peers")])
    assert "Call for peers" in page[page.index("<tbody") :]
    older = desk["browser"].get(f"/en/calls/{desk['call']}").text
    address = f"/en/desk/expressions?call={desk['call']}&status=all"
    assert f'href="{address}"'.replace("&", "&amp;") in older
    narrowed = desk["browser"].get(address).text
    assert f'<option value="{desk["call"]}" selected>Call for peers' in narrowed and str(newer_id) in narrowed
