"""The secretariat's and the focal point's desks: answers and delegates on behalf, replies that were not understood."""

from __future__ import annotations

import io
import re
from datetime import datetime

import pytest
from sqlalchemy import select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Invitation, Route, Seat
from app.files.models import StoredFile
from app.notifications.models import InboundMail, Message, Verdict
from tests.exchanges.conftest import Browser
from tests.exchanges.desk import hidden, only, unclear_mail
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)


def test_an_answer_by_note_verbale_is_recorded_with_source_and_scan(session, secretariat, state):
    invitation = make_invitation(make_session(), organisation=state)
    session.commit()
    path = f"/en/desk/invitations/{invitation.id}/answer"
    asked = secretariat.get(path).text
    assert "The answer" in asked and "Your answer" not in asked  # whoever records it is not the one who answers
    data = {"answer": "yes", "source_kind": "note_verbale", "source_number": "NV/7", "source_date": "2026-11-20",
            "scan": (io.BytesIO(PDF), "note.pdf")}  # fmt: skip
    answer = secretariat.post(path, data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    kept = only(session, AnswerRecord)
    scan = only(session, StoredFile)
    assert (kept.route, kept.source["number"], kept.source["scan_id"]) == (Route.SECRETARIAT, "NV/7", str(scan.id))
    assert invitation_of(invitation.peer_session, invitation.person).seat is Seat.HELD
    record = f"/en/desk/invitations/{invitation.id}"
    page = secretariat.get(record).text
    assert "NV/7" in page and "20 November 2026" in page and "note.pdf" in page and "entered by the secretariat" in page
    with secretariat.get(f"{record}/scans/{scan.id}") as got:
        assert (got.status_code, got.data, got.mimetype) == (200, PDF, "application/pdf")
        assert got.headers["Content-Disposition"].startswith("attachment")
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.answered")).one()
    assert line.changes["source"][1]["scan_id"] == str(scan.id)
    bad = {**data, "answer": "no", "scan": (io.BytesIO(b"<svg onload=alert(1)>"), "note.pdf")}
    assert secretariat.post(path, bad, content_type="multipart/form-data").status_code == 409
    assert only(session, AnswerRecord).answer is Answer.YES


def test_the_note_that_named_a_delegate_is_opened_from_the_record_and_from_no_other(session, secretariat, sign_in, state):
    invitation, other = make_invitation(make_session(), organisation=state), make_invitation(make_session())
    session.commit()
    data = {"family_name": "Sabri", "email": "nora@alvania.example", "language": "fr", "replace": "yes",
            "source_kind": "note_verbale", "source_date": "2026-11-23", "scan": (io.BytesIO(PDF), "nv.pdf")}  # fmt: skip
    path = f"/en/desk/invitations/{invitation.id}"
    assert secretariat.post(f"{path}/delegate", data, content_type="multipart/form-data").status_code == 303
    scan = only(session, StoredFile)
    assert "Letters that named a delegate" in secretariat.get(path).text
    with secretariat.get(f"{path}/scans/{scan.id}") as got:
        assert got.data == PDF
    assert secretariat.get(f"/en/desk/invitations/{other.id}/scans/{scan.id}").status_code == 404
    named = session.scalars(select(Invitation).where(Invitation.delegate_of == invitation.id)).one()
    assert f'href="{path}"' in secretariat.get(f"/en/desk/invitations/{named.id}").text
    for role, status in ((Role.AUDITOR, 200), (Role.CO_LEAD, 404), (Role.PARTICIPANT, 404)):
        browser = Browser(sign_in(make_person(), role))
        for place in (path, f"{path}/scans/{scan.id}"):
            with browser.get(place) as got:
                assert got.status_code == status, (role, place)


def test_the_desk_lists_those_who_want_the_notes(session, secretariat):
    row = make_session()
    wants, other = make_invitation(row), make_invitation(row)
    rules.respond(wants, answer=Answer.NO, wants_notes=True, route=Route.PAGE, now=NOW)
    session.commit()
    page = secretariat.get(f"/en/desk/sessions/{row.id}?answer=notes").text
    shown = page.partition('id="people"')[2].partition("<details")[0]
    assert wants.person.full_name in shown and other.person.full_name not in shown


def test_a_delegate_by_phone_takes_the_place_of_the_one_invited(session, secretariat, state):
    invitation = make_invitation(make_session(), organisation=state)
    session.commit()
    path = f"/en/desk/invitations/{invitation.id}/delegate"
    data = {"family_name": "Sabri", "given_name": "Nora", "email": "nora@alvania.example", "language": "fr", "replace": "yes",
            "source_kind": "phone", "source_date": "2026-11-23"}  # fmt: skip
    assert secretariat.post(path, {**data, "email": "not an address"}).status_code == 422
    assert secretariat.post(path, data).status_code == 303
    session.expire_all()
    rows = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    assert [bool(i.uninvited_at) for i in rows] == [True, False]
    assert (rows[1].person.email, rows[1].organisation_id) == ("nora@alvania.example", state.id)


def test_a_focal_point_sees_the_sessions_of_the_own_state_soonest_first(session, focal_point, state):
    """Made in another order than they take place, and two at one hour: each is there once, with all who are invited."""
    hours = [datetime(2026, 12, day, 16) for day in (15, 3, 9, 3)]
    rows = [make_session(local_start=hour) for hour in hours]
    for _ in range(2):
        for row in rows:
            make_invitation(row, organisation=state)
    session.commit()
    page = focal_point.get("/en/my-state/invitations").text
    shown = re.findall(r'<h2 id="s-([0-9a-f-]+)"', page)
    assert [hours[[str(r.id) for r in rows].index(one)].day for one in shown] == [3, 3, 9, 15]
    assert page.count(">Give an answer<") == 8


def test_a_focal_point_answers_and_names_delegates_for_the_own_state_only(session, focal_point, state):
    row = make_session()
    ours, theirs = make_invitation(row, organisation=state), make_invitation(row, organisation=make_state())
    foreign = make_person(of=make_state())
    session.commit()
    page = focal_point.get("/en/my-state/invitations").text
    assert ours.person.full_name in page
    assert theirs.person.full_name not in page
    assert focal_point.post(f"/en/my-state/invitations/{ours.id}/answer", {"answer": "yes"}).status_code == 303
    assert invitation_of(row, ours.person).seat is Seat.HELD
    for action in ("answer", "delegate"):
        assert focal_point.get(f"/en/my-state/invitations/{theirs.id}/{action}").status_code == 404
    path = f"/en/my-state/invitations/{ours.id}/delegate"
    data = {"family_name": "Sabri", "email": foreign.email, "language": "fr", "replace": "yes"}
    refused = focal_point.post(path, data)
    assert "outside your delegation" in refused.text
    assert focal_point.post(path, {**data, "email": "nora@alvania.example"}).status_code == 303
    assert invitation_of(row, ours.person).uninvited_at == NOW
    assert invitation_of(row, theirs.person).answer is None


def test_the_desk_of_replies_shows_the_mail_as_text_and_two_buttons(session, secretariat):
    invitation = make_invitation(make_session())
    mail = unclear_mail(session, invitation)
    assert "Read it and record what it says." in secretariat.get("/en/desk/replies").text
    path = f"/en/desk/replies/{mail.id}"
    page = secretariat.get(path).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>Invitation" not in page
    recorded = secretariat.post(f"{path}/record", {"invitation": str(invitation.id), "answer": "yes"}, page=path)
    assert recorded.status_code == 303
    assert invitation_of(invitation.peer_session, invitation.person).seat is Seat.HELD
    assert only(session, InboundMail).verdict is Verdict.HANDLED
    other = unclear_mail(session, invitation, sha256="y")
    aside = f"/en/desk/replies/{other.id}"
    assert secretariat.post(f"{aside}/set-aside", page=aside).status_code == 303
    assert "Every answer was understood." in secretariat.get("/en/desk/replies").text


@pytest.mark.line("H8")
def test_h8_who_was_not_invited_is_invited_or_refused_with_one_button(session, secretariat):
    row = make_session()
    asked = {"method": "REPLY", "uid": row.uid, "attendee": "crasher@x.example", "partstat": "ACCEPTED"}
    about = {"subject_kind": "session", "subject_id": row.id, "reply": asked}
    mail = unclear_mail(session, make_invitation(row), **about)
    mail.sender, mail.reason = "crasher@x.example", "unknown_replier"
    session.commit()
    path = f"/en/desk/replies/{mail.id}"
    page = secretariat.get(path).text
    assert re.findall(r'name="decision" value="(\w+)"', page) == ["accept", "refuse"]
    assert secretariat.post(f"{path}/decide", {"decision": "perhaps"}, page=path).status_code == 400
    assert secretariat.post(f"{path}/decide", {"decision": "accept"}, page=path).status_code == 303
    made = session.scalars(select(Invitation).join(Invitation.person).where(Invitation.peer_session_id == row.id)).all()
    assert "crasher@x.example" in [i.person.email for i in made]
    assert secretariat.get(path).text.count("decided about this mail already") == 1


@pytest.mark.line("I2")
def test_i2_a_proposed_time_is_shown_with_what_it_would_mean_and_leads_into_the_form(session, secretariat):
    invitation = make_invitation(make_session())
    row = invitation.peer_session
    told = {"method": "COUNTER", "uid": row.uid, "attendee": invitation.person.email, "partstat": "TENTATIVE", "sequence": 0,
            "starts_at": "2026-12-08T06:30:00+00:00", "minutes": 60, "dtstamp": NOW.isoformat()}  # fmt: skip
    mail = unclear_mail(session, invitation, reply=told, person_id=invitation.person_id, subject_kind="session", subject_id=row.id)
    mail.reason = "counter"
    session.commit()
    path = f"/en/desk/replies/{mail.id}"
    page = secretariat.get(path).text
    assert "07:30" in page  # the organizer's own clock, in Stockholm
    assert "09:30" in page and "within the working day" in page
    assert "It seems to say" not in page  # a proposal is no answer
    edit = f"/en/desk/sessions/{row.id}/edit?proposal={mail.id}"
    assert f'href="{edit}"' in page
    form = secretariat.get(edit).text
    assert hidden(form, "start_date") == "2026-12-08" and 'value="09:30"' in form and 'value="60"' in form
    assert f'href="{path}"' in secretariat.get(f"/en/desk/sessions/{row.id}").text
    assert secretariat.post(f"{path}/decide", {"decision": "refuse"}, page=path).status_code == 303
    assert session.scalars(select(Message.ical_method).where(Message.kind == "session-proposal-declined")).all() == [
        "DECLINECOUNTER"
    ]


@pytest.mark.line("H9")
def test_h9_a_focal_point_decides_on_the_page_of_the_own_state(session, focal_point, state):
    invitation, theirs = (
        make_invitation(make_session(), organisation=state),
        make_invitation(make_session(), organisation=make_state()),
    )
    made = []
    for number, one in enumerate((invitation, theirs)):
        told = {"method": "REPLY", "uid": one.peer_session.uid, "attendee": one.person.email, "partstat": "DELEGATED",
                "delegated_to": f"nora{number}@alvania.example", "delegate_name": "Nora Sabri"}  # fmt: skip
        mail = unclear_mail(session, one, sha256=f"m{number}", reply=told, person_id=one.person_id, subject_kind="session",
                            subject_id=one.peer_session_id)  # fmt: skip
        mail.reason = "delegated"
        made.append(mail)
    session.commit()
    page, ours = "/en/my-state/invitations", made[0].id
    assert focal_point.get(page).text.count("Nora Sabri</bdi>") == 1
    assert focal_point.post(f"/en/my-state/proposals/{made[1].id}", {"decision": "accept"}, page=page).status_code == 404
    assert focal_point.post(f"/en/my-state/proposals/{ours}", {"decision": "accept"}, page=page).status_code == 303
    session.expire_all()
    assert (
        session.scalars(select(Invitation).where(Invitation.delegate_of.is_not(None))).one().person.email == "nora0@alvania.example"
    )
    assert "Nora Sabri" in focal_point.get(page).text  # as somebody who is invited


def test_words_are_a_suggestion_and_never_an_answer(session, secretariat):
    invitation = make_invitation(make_session())
    mail = unclear_mail(session, invitation)
    mail.body = "Je ne pourrai pas venir.\n\n> Oui, je participerai"
    session.commit()
    assert "It seems to say: No." in secretariat.get("/en/desk/replies").text
    page = secretariat.get(f"/en/desk/replies/{mail.id}").text
    assert "It seems to say: <b>No</b>. Nothing is recorded until you say so." in page
    assert re.search(r'value="no"[^>]*checked', page)
    assert invitation_of(invitation.peer_session, invitation.person).answer is None


def test_a_reply_cannot_be_recorded_for_an_invitation_that_is_not_offered(session, secretariat):
    invitation, stranger = make_invitation(make_session()), make_invitation(make_session())
    mail = unclear_mail(session, invitation)
    path = f"/en/desk/replies/{mail.id}"
    answer = secretariat.post(f"{path}/record", {"invitation": str(stranger.id), "answer": "yes"}, page=path)
    assert answer.status_code == 422
    assert invitation_of(stranger.peer_session, stranger.person).answer is None
