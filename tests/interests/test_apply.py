"""The form over HTTP, as somebody without an account and without scripts lives it."""

from __future__ import annotations

from datetime import timedelta

from app.core.signing import sign
from app.extensions import db
from app.interests.models import Call, Endorsement, Mode, Status
from tests.factories.accounts import make_state
from tests.factories.interests import NOW, make_call, make_draft
from tests.factories.notifications import link_in
from tests.interests.applying import WHO, one, send, start, to_check
from tests.interests.pages import form_of, words


def test_the_whole_form_ends_with_a_reference_a_mail_and_a_status_page(app, client, place, outbox):
    check = to_check(client, place)
    page = client.get(check)
    text = words(page.text)
    for said in ("Alvania", "Ministry of the Interior", "adaeze@interior.example", "Family reunification", "5 April 2027", "Both"):
        assert said in text
    assert "Objective 7" in text  # derived from the grounds, never asked
    answer = client.post(check, data=form_of(page.text).filled())
    assert answer.status_code == 303 and "/status/" in answer.location
    done = client.get(answer.location)
    assert "EOI-2026-0001" in done.text and "Submitted" in done.text
    sent = one(app)
    assert (sent.status, sent.reference, sent.email_confirmed_at) == (Status.SUBMITTED, "EOI-2026-0001", None)
    assert (sent.mode, sent.grounds, sent.endorsement, sent.contact_zone) == (
        Mode.BOTH, ["family", "child"], Endorsement.LATER, "Africa/Nairobi",
    )  # fmt: skip
    assert str(sent.start_on) == "2027-04-05" and sent.contact_id is None
    assert [m.kind for m in outbox()] == ["expression-received"]


def test_the_form_speaks_arabic_and_so_does_the_mail(app, client, place, outbox):
    check = to_check(client, place, "ar")
    page = client.get(check)
    assert 'dir="rtl"' in page.text and "ألفانيا" in page.text
    client.post(check, data=form_of(page.text).filled())
    [mail] = outbox()
    assert (mail.locale, mail.zone) == ("ar", "Africa/Nairobi")
    assert all("/ar/" in url for url in mail.facts["links"].values())


def test_sent_twice_it_is_one(app, client, place, outbox):
    check = to_check(client, place)
    data = form_of(client.get(check).text).filled()
    first, second = client.post(check, data=data), client.post(check, data=data)
    assert first.status_code == second.status_code == 303 and first.location == second.location
    assert one(app).reference == "EOI-2026-0001" and len(outbox()) == 1


def test_a_double_click_begins_one_draft(app, client, place):
    form = form_of(client.get(f"/en/calls/{place['call']}").text, "submission_key")
    assert client.post(form.action, data=form.filled()).location == client.post(form.action, data=form.filled()).location
    assert one(app).status is Status.DRAFT


def test_typing_is_kept_while_it_goes_on_and_only_what_is_right(app, client, place):
    url = start(client, place)
    token = form_of(client.get(url).text).filled(organisation_name="Ministry of", contact_email="adaeze@", contact_given_name="Ada")
    answer = client.post(url.replace("/who", "/who/keep"), data=token)
    assert (answer.status_code, answer.data) == (204, b"")
    kept = one(app)
    assert (kept.organisation_name, kept.contact_given_name, kept.contact_email) == ("Ministry of", "Ada", "")
    assert kept.step == 1


def test_finish_later_mails_a_link_that_opens_the_draft_on_another_device(app, client, place, outbox):
    url = start(client, place)
    answer = send(client, url, **{**WHO, "contact_family_name": ""}, later="1", state_id=place["state"])
    assert answer.status_code == 303 and answer.location.endswith("/later")
    later = send(client, answer.location, contact_email="me@ministry.example")
    assert later.status_code == 303
    assert "me@ministry.example" in client.get(later.location).text
    [mail] = outbox("expression-draft")
    assert mail.address == "me@ministry.example"
    other_device = app.test_client()
    resumed = other_device.get(link_in(mail, "draft").removeprefix("http://127.0.0.1:8000"))
    assert resumed.status_code == 302 and resumed.location.endswith("/who")
    page = other_device.get(resumed.location)
    assert "Ministry of the Interior" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"


def test_nobodys_mailbox_is_flooded(client, place, outbox):
    later = start(client, place).replace("/who", "/later")
    codes = [send(client, later, contact_email="victim@place.example").status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]
    assert len(outbox("expression-draft")) == 1  # asked five times in one second, mailed once


def test_a_script_cannot_begin_drafts_without_end(app, client, place):
    codes = []
    for _ in range(21):
        form = form_of(client.get(f"/en/calls/{place['call']}").text, "submission_key")
        codes.append(client.post(form.action, data=form.filled(), headers={"X-Forwarded-For": "203.0.113.9"}).status_code)
    assert codes == [303] * 20 + [429]


def test_check_names_what_is_missing_with_a_way_to_each_and_sends_nothing(app, client, place, outbox):
    check = start(client, place).replace("/who", "/check")
    page = client.get(check)
    assert page.status_code == 200 and "things to fix" in page.text
    answer = client.post(check, data=form_of(page.text).filled())
    assert answer.status_code == 422 and "/what#aim" in answer.text and "/who#contact_email" in answer.text
    assert one(app).status is Status.DRAFT and not outbox()


def test_a_call_that_closed_meanwhile_says_so_and_the_way_on(app, client, place, outbox):
    check = to_check(client, place)
    data = form_of(client.get(check).text).filled()
    with app.app_context():
        db.session.get(Call, place["call"]).closes_at = NOW - timedelta(minutes=1)
        db.session.commit()
    answer = client.post(check, data=data)
    assert answer.status_code == 409
    assert "This call is closed." in answer.text and "secretariat@pathways.example" in answer.text
    assert one(app).status is Status.DRAFT and not outbox()
    assert "takes no expressions of interest now" in client.get(check.replace("/check", "/what")).text
    begin = client.post(f"/en/calls/{place['call']}/apply", data=data)
    assert begin.status_code == 409 and "This call is closed." in begin.text


def test_a_sent_draft_an_expired_one_and_an_unknown_one_each_say_so(app, client, place):
    check = to_check(client, place)
    status = client.post(check, data=form_of(client.get(check).text).filled()).location
    used = client.get(check.replace("/check", "/who"))
    assert used.status_code == 410 and "sent already" in used.text and status in used.text
    with app.app_context():
        old = make_draft(db.session.get(Call, place["call"]), draft_expires_at=NOW)
        db.session.commit()
        link = f"/en/drafts/{sign('draft', old.id, old.draft_nonce)}"
    expired = client.get(link)
    assert expired.status_code == 410 and "kept for 30 days" in expired.text
    unknown = client.get("/en/drafts/" + "A" * 54)
    assert unknown.status_code == 404 and "Begin a new one" in unknown.text
    assert client.get("/en/drafts/nonsense/who").status_code == 404


def test_a_link_of_one_purpose_opens_nothing_else(app, client, place):
    with app.app_context():
        draft = make_draft(db.session.get(Call, place["call"]))
        db.session.commit()
        tokens = {
            p: sign(p, draft.id, n)
            for p, n in (("draft", draft.draft_nonce), ("status", draft.status_nonce), ("confirm", draft.confirm_nonce))
        }
    for purpose, path in (
        ("status", "drafts"),
        ("draft", "status"),
        ("draft", "confirmations"),
        ("status", "corrections"),
        ("confirm", "questions"),
    ):
        assert client.get(f"/en/{path}/{tokens[purpose]}").status_code == 404, path
    assert client.get(f"/en/status/{tokens['status']}").status_code == 404  # a draft has no status page


def test_a_form_without_its_token_changes_nothing(app, client, place):
    url = start(client, place)
    assert client.post(url, data=WHO).status_code == 400
    assert client.post(url.replace("/who", "/who/keep"), data=WHO).status_code == 400
    assert one(app).organisation_name == ""


def test_reading_a_draft_changes_nothing(app, client, place):
    check = to_check(client, place)
    before = one(app)
    for page in ("who", "what", "endorsement", "check", "later"):
        assert client.get(check.replace("/check", f"/{page}")).status_code == 200
    after = one(app)
    assert (after.version, after.updated_at, after.step) == (before.version, before.updated_at, before.step)


def test_a_call_that_offers_no_tools_asks_for_none(app, client):
    """Each of its steps opens: what a call does not ask for is not on the page."""
    with app.app_context():
        call = make_call(asks=["join_exchange"])
        draft = make_draft(call, make_state())
        token = sign("draft", draft.id, draft.draft_nonce)
        db.session.commit()
    page = client.get(f"/en/drafts/{token}/what")
    assert page.status_code == 200 and 'name="aim"' in page.text and 'name="tools"' not in page.text


def test_the_size_of_the_printed_form_stands_beside_it_before_it_is_loaded(app, client, place):
    for ending in ("docx", "pdf"):
        with client.get(f"/en/calls/{place['call']}/form.{ending}") as answer:
            size = len(answer.data)
        assert f"{max(1, size // 1024)} kB" in words(client.get(f"/en/calls/{place['call']}").text)
    step = client.get(start(client, place))
    assert words(step.text).count(" kB") == 2
