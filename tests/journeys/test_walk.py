"""The whole walk, as officials live it in French and Arabic: from an expression of interest to a reminder.

Real processes throughout: web, worker and beat; PostgreSQL and Redis; mails over SMTP, answers by iMIP.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.models import OrganisationKind, Person, Role, RoleGrant
from app.accounts.passwords import hashed
from app.exchanges.models import Answer, Invitation, PeerSession, Seat
from app.extensions import db
from app.interests.models import Call, Expression, Status
from app.notifications.models import Message, State
from catcher.answers import calendar_reply
from tests.conformance.mails import broken_lines_of
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state
from tests.factories.interests import make_call
from tests.files.samples import PDF
from tests.journeys import platform as houses
from tests.journeys.browser import Browser
from tests.journeys.platform import entry_of, link_in, text_of

pytestmark = [pytest.mark.real_clock, pytest.mark.slow]
PASSWORD = "lantern-harbour-velvet-orchard"
APPLICANT, ELMARA = "awa.diallo@justice.borania.example", "nora.sabri@civil.elmara.example"


@pytest.fixture
def people(committed_app):
    """A secretariat, two invented States, one of them with a verified focal point who writes Arabic, and an open call."""
    now = datetime.now(UTC)
    with committed_app.app_context():
        berg = make_person("Berg", given_name="Tomas", email="tomas.berg@network.example", email_folded="tomas.berg@network.example",
                           zone="Europe/Stockholm", password_hash=hashed(PASSWORD))  # fmt: skip
        db.session.flush()
        db.session.add(RoleGrant(person_id=berg.id, role=Role.SECRETARIAT, granted_at=now))
        borania = make_state("Borania", names={"en": "Borania", "fr": "Boranie", "ar": "بورانيا"}, zone="Africa/Dakar")
        elmara = make_state("Elmara", names={"en": "Elmara", "fr": "Elmara", "ar": "إلمارا"}, zone="Asia/Amman")
        ministry = make_ministry(elmara, "Civil Affairs")
        sabri = make_person("صبري", given_name="نورا", email=ELMARA, email_folded=ELMARA, of=ministry, language="ar",
                            zone="Asia/Amman", forms_of_address={"ar": "سعادة السيدة نورا صبري"})  # fmt: skip
        make_designation(elmara, sabri, valid_from=now.date() - timedelta(days=30))
        call = make_call("Call for peers", opens_at=now - timedelta(days=7), closes_at=now + timedelta(days=30))
        db.session.commit()
        ids = {"borania": borania.id, "elmara": elmara.id, "call": call.id, "berg": berg.id}
        db.session.remove()
    return ids


@pytest.mark.line("A1", "A2", "A5", "A7", "B2", "C1", "C3", "M1", "N2", "P1", "P9")
def test_from_an_expression_of_interest_to_a_reminder(committed_app, settings, people, tmp_path):
    with houses.running(settings, tmp_path) as platform:
        reference = _an_expression_is_sent_in_french(platform, people)
        secretariat = _sign_in(platform)
        _the_secretariat_asks_and_accepts(platform, committed_app, secretariat, reference)
        _the_focal_point_is_designated(committed_app, secretariat, people)
        session_id = _a_session_is_scheduled_and_two_states_invited(committed_app, secretariat, people)
        _one_accepts_in_the_mail_program(platform, committed_app, session_id)
        _the_other_answers_on_a_page_in_arabic(platform, committed_app, session_id)
        _the_session_moves_and_the_seats_stay(platform, committed_app, secretariat, session_id)
        _the_reminder_comes_at_its_hour(platform, committed_app, session_id)
        _nothing_is_left_waiting_and_nothing_went_astray(platform, committed_app)
        assert "trouble" not in platform.flask("health"), "the signs of life are of the machine's clock, not of the one moved here"
    _the_log_tells_of_each_request_and_mail_and_of_nobody(platform)


def _an_expression_is_sent_in_french(platform, people) -> str:
    browser = Browser(platform.base, "fr")
    browser.open("/calls").follow(str(people["call"]))
    assert "/fr/calls/" in browser.url
    browser.submit("apply")
    browser.submit(organisation_kind="ministry")  # too little: the page again, with what was chosen
    assert browser.status == 422
    assert browser.page.xpath("//*[@aria-invalid='true']")
    browser.submit(
        organisation_kind=OrganisationKind.MINISTRY.value, state_id=str(people["borania"]), organisation_name="Ministère de la Justice",
        contact_honorific="Mme", contact_given_name="Awa", contact_family_name="Diallo", contact_email=APPLICANT,
        language="fr", contact_zone="Africa/Dakar",
    )  # fmt: skip
    assert browser.status == 200, browser.words()
    browser.submit(mode="both", asks=["join_exchange"], grounds=["rehabilitation"], languages=["fr"],
                   aim="Échanger avec des pairs qui délivrent des titres de séjour aux victimes.")  # fmt: skip
    assert "endorsement" in browser.url, browser.words()
    browser.submit("endorsement", endorsement="uploaded", files={"file": ("note verbale.pdf", PDF)})
    assert browser.url.endswith("/check"), browser.words()
    browser.submit("check")
    assert browser.status == 200, browser.words()
    reference = re.search(r"EOI-\d{4}-\d{4}", browser.words())
    assert reference, browser.words()
    received = platform.mailbox.wait(APPLICANT, lambda m: reference[0] in text_of(m))
    assert received["Auto-Submitted"] == "auto-generated"
    assert "Diallo" in text_of(received)
    browser.open(link_in(received, "/confirmations/"))
    browser.submit("confirmations")
    assert browser.status == 200
    return reference[0]


def _sign_in(platform) -> Browser:
    browser = Browser(platform.base)
    browser.open("/en/desk")
    assert browser.status == 401
    browser.open("/en/sign-in").submit("sign-in", email="tomas.berg@network.example", password=PASSWORD)
    assert browser.url.endswith("/en/desk"), browser.words()
    return browser


def _record_of(app, reference: str) -> Expression:
    with app.app_context():
        found = db.session.scalar(db.select(Expression).where(Expression.reference == reference))
        db.session.remove()
    assert found is not None
    return found


def _the_secretariat_asks_and_accepts(platform, app, secretariat: Browser, reference: str) -> None:
    row = _record_of(app, reference)
    secretariat.open("/en/desk/expressions")
    assert reference in secretariat.words()
    secretariat.follow(str(row.id))
    secretariat.submit("questions", text="Which languages of interpretation do you need?")
    asked = platform.mailbox.wait(APPLICANT, lambda m: "/questions/" in text_of(m))
    applicant = Browser(platform.base, "fr").open(link_in(asked, "/questions/"))
    applicant.submit("questions", answer="Le français et l'anglais.")
    assert applicant.status == 200
    secretariat.open(f"/en/desk/expressions/{row.id}")
    assert "Le français et l'anglais." in secretariat.words()
    secretariat.submit("decision", decision="accepted", reason="The grounds match those of two peers.")
    assert secretariat.status == 200, secretariat.words()
    assert _record_of(app, reference).status is Status.ACCEPTED
    platform.mailbox.wait(APPLICANT, lambda m: "The grounds match those of two peers." in text_of(m))


def _the_focal_point_is_designated(app, secretariat: Browser, people) -> None:
    with app.app_context():
        contact = db.session.scalar(db.select(Person).where(Person.email_folded == APPLICANT))
        db.session.remove()
    assert contact is not None, "an accepted expression of interest has a contact"
    today = datetime.now(UTC).date()
    secretariat.open(f"/en/desk/people/{contact.id}/designations/new")
    secretariat.submit("designations", state_id=str(people["borania"]), capacity="focal_point", letter_number="NV 114/2026",
                       letter_date=str(today), signatory="Minister of Justice", valid_from=str(today - timedelta(days=1)))  # fmt: skip
    assert secretariat.status == 200, secretariat.words()
    secretariat.submit("verify")
    assert secretariat.status == 200, secretariat.words()


def _a_session_is_scheduled_and_two_states_invited(app, secretariat: Browser, people):
    start = (datetime.now(UTC) + timedelta(days=10)).date()
    secretariat.open("/en/desk/sessions/new")
    secretariat.submit(
        "", **{"titles-en": "Recovery and stay", "titles-fr": "Rétablissement et séjour", "titles-ar": "التعافي والإقامة"},
        start_date=str(start), start_time="13:00", zone="Europe/Lisbon", minutes="90", capacity="5",
        join_url="https://meet.example/room", dial_in="+41 22 000 00 00", test_url="https://meet.example/test",
    )  # fmt: skip
    assert secretariat.status == 200, secretariat.words()
    with app.app_context():
        row = db.session.scalar(db.select(PeerSession))
        db.session.remove()
    assert row is not None, secretariat.words()
    secretariat.open(f"/en/desk/sessions/{row.id}")
    if secretariat.page.xpath("//form[contains(@action, '/schedule')]"):
        secretariat.submit("schedule")
    secretariat.open(f"/en/desk/sessions/{row.id}/invite")
    secretariat.submit("", states=[str(people["borania"]), str(people["elmara"])])
    assert "2" in secretariat.words()
    secretariat.submit("")
    assert secretariat.status == 200, secretariat.words()
    return row.id


def _invitation(app, session_id, address: str) -> Invitation:
    with app.app_context():
        query = db.select(Invitation).join(Person, Person.id == Invitation.person_id)
        found = db.session.scalar(query.where(Invitation.peer_session_id == session_id, Person.email_folded == address))
        db.session.remove()
    assert found is not None
    return found


def _one_accepts_in_the_mail_program(platform, app, session_id) -> None:
    invited = platform.mailbox.wait(APPLICANT, lambda m: any(p.get_content_type() == "text/calendar" for p in m.walk()))
    method, event = entry_of(invited)
    assert method == "REQUEST"
    assert str(event["SEQUENCE"]) == "0"
    assert str(event["ATTENDEE"]).lower() == f"mailto:{APPLICANT}"
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert str(event["ORGANIZER"]).lower() == f"mailto:{invited['From'].addresses[0].addr_spec}"
    assert ELMARA not in invited.as_string()
    assert "meet.example" not in invited.as_string(), "the meeting's address comes after Yes"
    before = len(platform.mailbox.mails)
    reply = calendar_reply(invited, "ACCEPTED", datetime.now(UTC))
    platform.flask("mail", "receive", stdin=reply.as_bytes())
    platform.flask("mail", "receive", stdin=reply.as_bytes())  # the same mail twice does one thing
    row = _invitation(app, session_id, APPLICANT)
    assert (row.answer, row.seat) == (Answer.YES, Seat.HELD)
    confirmed = platform.mailbox.wait(APPLICANT, lambda m: "+41 22 000 00 00" in text_of(m), after=before)
    assert confirmed["In-Reply-To"] == invited["Message-ID"]


def _the_other_answers_on_a_page_in_arabic(platform, app, session_id) -> None:
    invited = platform.mailbox.wait(ELMARA, lambda m: any(p.get_content_type() == "text/calendar" for p in m.walk()))
    assert "سعادة السيدة نورا صبري" in text_of(invited)
    html = invited.get_body(("html",)).get_content()
    assert 'dir="rtl"' in html
    link = link_in(invited, "/answer/")
    browser = Browser(platform.base, "ar").open(link)
    assert browser.headers["referrer-policy"] == "no-referrer"
    assert '<html lang="ar" dir="rtl"' in browser.text
    assert _invitation(app, session_id, ELMARA).answer is None, "opening a link answers nothing"
    joining = str(entry_of(invited)[1]["LOCATION"])
    assert "/join/" in joining
    assert "meet.example" not in Browser(platform.base, "ar").open(joining).text
    browser.submit("answer", answer="yes", notes="y")
    assert browser.status == 200, browser.words()
    row = _invitation(app, session_id, ELMARA)
    assert (row.answer, row.seat, row.wants_notes) == (Answer.YES, Seat.HELD, True)
    assert "meet.example/room" in Browser(platform.base, "ar").open(joining).text
    public = Browser(platform.base).open(f"/en/sessions/{session_id}")
    assert "3 places left" in public.words(), "five seats, two taken"


def _the_session_moves_and_the_seats_stay(platform, app, secretariat: Browser, session_id) -> None:
    before = len(platform.mailbox.mails)
    secretariat.open(f"/en/desk/sessions/{session_id}/edit")
    secretariat.submit("", start_time="15:30", tell="everyone")
    assert secretariat.status == 200, secretariat.words()
    for address in (APPLICANT, ELMARA):
        moved = platform.mailbox.wait(address, after=before)
        method, event = entry_of(moved)
        assert (method, str(event["SEQUENCE"])) == ("REQUEST", "1")
        row = _invitation(app, session_id, address)
        assert (row.answer, row.seat) == (Answer.YES, Seat.HELD)
        assert row.answered_version == 1, "the answer is for the former time until confirmed"


def _the_reminder_comes_at_its_hour(platform, app, session_id) -> None:
    with app.app_context():
        start = db.session.get(PeerSession, session_id).starts_at
        db.session.remove()
    before = len(platform.mailbox.mails)
    wait = start - timedelta(days=7) - datetime.now(UTC)
    platform.flask("demo", "advance", f"{int(wait.total_seconds() // 60) - 10}m")
    assert len(platform.mailbox.mails) == before, "ten minutes early nobody is reminded"
    platform.flask("demo", "advance", "11m")
    for address in (APPLICANT, ELMARA):
        reminder = platform.mailbox.wait(address, after=before)
        assert "/join/" in text_of(reminder)
    count = len(platform.mailbox.mails)
    platform.flask("demo", "advance", "5m")  # the scan again: nothing is said twice
    assert len(platform.mailbox.mails) == count


def _nothing_is_left_waiting_and_nothing_went_astray(platform, app) -> None:
    with app.app_context():
        states = dict(db.session.execute(db.select(Message.state, db.func.count()).group_by(Message.state)).all())
        calls = db.session.scalar(db.select(db.func.count()).select_from(Call))
        db.session.remove()
    assert set(states) <= {State.SENT, State.CANCELLED}, states
    assert states[State.SENT] == len(platform.mailbox.mails)
    assert calls == 1
    assert {recipient for recipient, _ in platform.mailbox.mails} == {APPLICANT, ELMARA}
    assert [lines for recipient, mail in platform.mailbox.mails if (lines := broken_lines_of(recipient, mail))] == []
    ids = [m["Message-ID"] for _, m in platform.mailbox.mails]
    assert len(ids) == len(set(ids))


def _the_log_tells_of_each_request_and_mail_and_of_nobody(platform) -> None:
    lines = platform.lines()
    assert {line["program"] for line in lines} == {"web", "worker"}
    sent = {line["message_id"] for line in lines if line["event"] == "delivery" and line["result"] == "sent"}
    assert {mail["Message-ID"][1:37] for _, mail in platform.mailbox.mails} == sent, "each mail is found by its Message-ID"
    asked = {line["request_id"] for line in lines if line["event"] == "request"}
    woken = {line["request_id"] for line in lines if line["program"] == "worker" and "request_id" in line}
    assert len(asked) > 20 and all("/<token>" in line["route"] for line in lines if "answer" in line.get("route", ""))
    assert woken <= asked
