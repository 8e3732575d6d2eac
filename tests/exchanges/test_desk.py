"""The secretariat's desks: planning, changing, inviting, cancelling, on behalf; and who may not."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Capacity, Exchange, Invitation, PeerSession, Route, Seat, SessionStatus
from app.files.models import StoredFile
from app.notifications.models import InboundMail, Message, Verdict
from tests.exchanges.conftest import Browser
from tests.factories.accounts import make_designation, make_ministry, make_mission, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent

FORM = {
    "titles-en": "Family reunification", "start_date": "2026-12-07", "start_time": "16:00", "zone": "Africa/Nairobi",
    "minutes": "90", "capacity": "30", "visibility": "public", "remind": ["10080", "60"], "nudge": ["7200"],
    "join_url": "https://meet.example/abc", "languages": ["en", "fr"],
}  # fmt: skip


def hidden(text, name):
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', text)
    return found[1] if found else ""


def only(session, kind=PeerSession):
    session.expire_all()
    return session.scalars(select(kind)).one()


def test_planning_a_session_saves_it_with_its_exchange_and_shows_it(session, secretariat):
    key = hidden(secretariat.get("/en/desk/sessions/new").text, "submission_key")
    answer = secretariat.post("/en/desk/sessions/new", {**FORM, "submission_key": key})
    assert answer.status_code == 303
    row = only(session)
    assert (row.titles, row.zone, row.languages) == ({"en": "Family reunification"}, "Africa/Nairobi", ["en", "fr"])
    assert row.starts_at.isoformat() == "2026-12-07T13:00:00+00:00"
    assert sorted(r.minutes_before for r in row.reminder_rules) == [60, 7200, 10080]
    assert "The session is saved." in secretariat.get(answer.location).text
    again = secretariat.post("/en/desk/sessions/new", {**FORM, "submission_key": key})
    assert again.location == answer.location
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 1
    assert session.scalar(select(func.count()).select_from(Exchange)) == 1


def test_a_draft_is_seen_at_the_desk_only_until_it_is_scheduled(session, secretariat, visitor):
    secretariat.post("/en/desk/sessions/new", {**FORM, "draft": "1"})
    row = only(session)
    assert row.status is SessionStatus.DRAFT
    assert visitor.get(f"/en/sessions/{row.id}").status_code == 404
    desk = f"/en/desk/sessions/{row.id}"
    assert secretariat.post(f"{desk}/schedule", page=desk).status_code == 303
    assert visitor.get(f"/en/sessions/{row.id}").status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("titles-en", "", "Enter the title in at least one language."),
        ("start_date", "", "Enter the date of the session."),
        ("start_date", "2026-02-30", "Enter a date, such as 2027-03-11."),
        ("start_date", "2026-11-01", "Enter a start that is still to come."),
        ("start_time", "25:99", "Enter a time of 24 hours, such as 16:00."),
        ("zone", "Mars/Base", "Choose one from the list."),
        ("minutes", "ninety", "Enter a whole number, such as 90."),
        ("minutes", "99999999999", "Enter a whole number, such as 90."),
        ("minutes", "1", "Enter a number from 5 to 1440."),
        ("capacity", "0", "Enter a number from 1 to 100000."),
        ("join_url", "javascript:alert(1)", "Enter a web address that starts with https://"),
        ("languages", ["xx"], "Choose from the list only."),
        ("remind", ["x"], "Choose from the list only."),
        ("titles-fr", "x" * 201, "Shorten this text"),
    ],
)
def test_wrong_input_brings_the_form_back_with_what_was_typed(session, secretariat, field, value, sentence):
    answer = secretariat.post("/en/desk/sessions/new", {**FORM, "purposes-en": "Kept words", field: value})
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert "Kept words" in answer.text
    assert session.scalars(select(PeerSession)).all() == []


def test_a_gap_names_the_next_valid_time_and_a_fold_brings_two_radio_buttons(session, secretariat):
    berlin = {**FORM, "zone": "Europe/Berlin", "start_date": "2027-03-28", "start_time": "02:30"}
    spring = secretariat.post("/en/desk/sessions/new", berlin)
    assert spring.status_code == 409
    assert "The next time that does is 03:00." in spring.text
    autumn = {**berlin, "start_date": "2027-10-31"}
    asked = secretariat.post("/en/desk/sessions/new", autumn)
    assert asked.status_code == 409
    assert "02:30, UTC+2 (00:30 UTC)" in asked.text
    assert "02:30, UTC+1 (01:30 UTC)" in asked.text
    assert session.scalars(select(PeerSession)).all() == []
    other_error = secretariat.post("/en/desk/sessions/new", {**autumn, "fold": "1", "minutes": "x"})
    assert "02:30, UTC+1 (01:30 UTC)" in other_error.text  # the two stay in view
    assert secretariat.post("/en/desk/sessions/new", {**autumn, "fold": "1"}).status_code == 303
    assert only(session).starts_at.isoformat() == "2027-10-31T01:30:00+00:00"


def edit(row, **fields):
    return {**FORM, "titles-en": row.titles["en"], "titles-fr": row.titles.get("fr", ""), "version": str(row.version),
            "dial_in": row.dial_in, "test_url": row.test_url, "purposes-en": row.purposes.get("en", ""), "languages": [],
            "remind": ["10080", "1440", "60"], **fields}  # fmt: skip


def test_an_edit_says_the_count_and_asks_whether_people_are_told(session, secretariat):
    row = make_session()
    make_invitation(row)
    make_invitation(row)
    mark_sent()
    session.commit()
    path = f"/en/desk/sessions/{row.id}/edit"
    page = secretariat.get(path).text
    assert "Tell everyone: 2 people" in page
    assert "Without telling anyone: 2 people are not told" in page
    unsaid = secretariat.post(path, edit(row, start_time="17:00"))
    assert (unsaid.status_code, "Choose whether people are told of the change." in unsaid.text) == (409, True)
    assert only(session).sequence == 0
    saved = secretariat.post(path, edit(row, start_time="17:00", tell="everyone"))
    shown = secretariat.get(saved.location).text
    assert "2 people will be told." in shown
    assert "2 updates wait to be sent." in shown
    desk = f"/en/desk/sessions/{row.id}"
    secretariat.post(f"{desk}/send-now", page=desk)
    assert {m.due_at for m in session.scalars(select(Message).where(Message.kind == "session-update"))} == {NOW}
    row = only(session)
    untold = secretariat.post(path, edit(row, start_time="18:00", tell="nobody"))
    assert untold.status_code == 303
    assert only(session).sequence == 2


def test_the_second_of_two_editors_sees_what_changed_and_can_go_on(session, secretariat):
    row = make_session()
    session.commit()
    path = f"/en/desk/sessions/{row.id}/edit"
    first = edit(row, capacity="40")
    late = edit(row, capacity="50", **{"titles-en": "My title"})
    assert secretariat.post(path, first).status_code == 303
    conflict = secretariat.post(path, late)
    assert conflict.status_code == 409
    assert "Somebody else changed this while you were editing." in conflict.text
    assert re.search(r"Number of seats.*40.*50", conflict.text, re.DOTALL)
    assert 'value="My title"' in conflict.text
    assert only(session).capacity == 40
    version = hidden(conflict.text, "version")
    assert secretariat.post(path, {**late, "version": version}).status_code == 303
    row = only(session)
    assert (row.capacity, row.titles["en"]) == (50, "My title")


def test_the_flag_shows_the_number_before_it_is_saved_and_then_invites(session, secretariat):
    from tests.exchanges.test_inviting import accepted_expression

    accepted_expression(session, grounds=("family_reunification",), state=make_state(), contact=make_person())
    codes = re.findall(r'name="grounds" value="([^"]+)"', secretariat.get("/en/desk/sessions/new").text)
    assert len(codes) == 12
    accepted_expression(session, grounds=codes[:1], state=make_state(), contact=make_person())
    session.commit()
    flagged = {**FORM, "grounds": codes[:1], "invite_accepted": "y"}
    asked = secretariat.post("/en/desk/sessions/new", flagged)
    assert asked.status_code == 200
    count = int(hidden(asked.text, "confirmed"))
    assert count >= 1
    assert f"When you save, {count} " in asked.text
    assert session.scalars(select(PeerSession)).all() == []
    saved = secretariat.post("/en/desk/sessions/new", {**flagged, "confirmed": str(count)})
    assert saved.status_code == 303
    assert session.scalar(select(func.count()).select_from(Invitation)) == count


def test_a_draft_with_the_flag_invites_when_it_is_scheduled_and_says_how_many_before(session, secretariat):
    from tests.exchanges.test_inviting import accepted_expression

    codes = re.findall(r'name="grounds" value="([^"]+)"', secretariat.get("/en/desk/sessions/new").text)[:1]
    accepted_expression(session, grounds=codes, state=make_state(), contact=make_person())
    session.commit()
    assert (
        secretariat.post("/en/desk/sessions/new", {**FORM, "grounds": codes, "invite_accepted": "y", "draft": "1"}).status_code
        == 303
    )
    row = only(session)
    desk = f"/en/desk/sessions/{row.id}"
    page = secretariat.get(desk).text
    count = int(hidden(page, "confirmed"))
    assert count >= 1 and f"When you schedule it, {count} " in page
    unseen = secretariat.post(f"{desk}/schedule", {"confirmed": "0"}, page=desk)
    assert "The number of people who are invited has changed." in secretariat.get(unseen.location).text
    assert (only(session).status, session.scalars(select(Invitation)).all()) == (SessionStatus.DRAFT, [])
    secretariat.post(f"{desk}/schedule", {"confirmed": str(count)}, page=desk)
    assert only(session).status is SessionStatus.SCHEDULED
    assert session.scalar(select(func.count()).select_from(Invitation)) == count


def test_a_full_session_promises_no_invitation_by_the_flag(session, secretariat):
    from tests.exchanges.test_inviting import accepted_expression

    codes = re.findall(r'name="grounds" value="([^"]+)"', secretariat.get("/en/desk/sessions/new").text)[:1]
    row = make_session(capacity=1, grounds=tuple(codes))
    holder = make_invitation(row)
    rules.respond(holder, answer=Answer.YES, route=Route.PAGE, now=NOW)
    accepted_expression(session, grounds=codes, state=make_state(), contact=make_person())
    mark_sent()
    session.commit()
    path = f"/en/desk/sessions/{row.id}/edit"
    flagged = edit(row, capacity="1", grounds=codes, invite_accepted="y", tell="nobody")
    assert secretariat.post(path, flagged).status_code == 303
    assert session.scalar(select(func.count()).select_from(Invitation)) == 1
    row = only(session)
    larger = secretariat.post(path, edit(row, capacity="9", grounds=codes, invite_accepted="y", tell="nobody"))
    assert larger.status_code == 200 and "When you save, " in larger.text
    assert only(session).capacity == 1


def test_inviting_states_by_route_organisations_and_addresses_shows_the_count_first(session, secretariat):
    row = make_session()
    alvania, borania = make_state("Alvania"), make_state("Borania", mail_route="mission")
    focal, delegate, known = make_person(of=alvania), make_person(of=make_mission(borania)), make_person(email="Known@x.example")
    make_designation(alvania, focal)
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    chosen = {"states": [str(alvania.id), str(borania.id)], "addresses": "known@X.example\n", "capacity": "participant"}
    check = secretariat.post(path, chosen)
    assert check.status_code == 200
    assert "3 people will be invited. 3 mails leave at once." in check.text
    assert all(p.full_name in check.text for p in (focal, delegate, known))
    assert session.scalars(select(Invitation)).all() == []
    done = secretariat.post(path, {**chosen, "confirmed": "3"})
    assert "3 people were invited." in secretariat.get(done.location).text
    found = {i.person_id: i.organisation_id for i in session.scalars(select(Invitation))}
    assert found == {focal.id: alvania.id, delegate.id: borania.id, known.id: None}


def test_unknown_addresses_and_an_empty_choice_are_refused(session, secretariat):
    row = make_session()
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    unknown = secretariat.post(path, {"addresses": "nobody@x.example", "capacity": "participant"})
    assert "1 address belongs to nobody we know: nobody@x.example." in unknown.text
    empty = secretariat.post(path, {"capacity": "participant"})
    assert "Choose at least one State, organisation or person." in empty.text
    alone = make_state("Astoria")
    session.commit()
    unreached = secretariat.post(path, {"states": [str(alone.id)], "capacity": "participant"})
    assert (unreached.status_code, "Nobody of Astoria can be reached. Add a person first." in unreached.text) == (409, True)
    assert secretariat.post(path, {"capacity": "king"}).status_code == 422
    assert session.scalars(select(Invitation)).all() == []


def test_people_are_found_by_name_and_copies_take_no_seat(session, secretariat):
    row, person = make_session(), make_person("Zuñiga")
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    found = secretariat.post(path, {"q": "zuniga", "find": "1", "capacity": "information"}).text
    assert f'value="{person.id}"' in found
    chosen = {"people": [str(person.id)], "capacity": "information", "confirmed": "1"}
    assert secretariat.post(path, chosen).status_code == 303
    assert invitation_of(row, person).capacity is Capacity.INFORMATION


def ticks(text):
    """What is offered to be ticked: (field, value) to whether it is ticked."""
    found = re.findall(r'<input type="checkbox" id="[^"]+" name="(states|organisations|people)" value="([^"]+)"( checked)?>', text)
    return {(name, value): bool(on) for name, value, on in found}


def test_the_lists_are_searched_without_scripts_and_what_is_ticked_stays_ticked(session, secretariat):
    row = make_session()
    alvania, borania = make_state("Alvania", region_m49="002"), make_state("Côte Borania", region_m49="150")
    ministry, person = make_ministry(alvania, "Ministry of Health"), make_person("Zuñiga")
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    opened = secretariat.get(path).text
    offered = ticks(opened)
    assert {("states", str(alvania.id)), ("states", str(borania.id)), ("organisations", str(ministry.id))} <= set(offered)
    assert not any(offered.values())
    assert "Africa" in opened and "Europe" in opened and "<select" not in opened
    found = secretariat.post(path, {"q": "cote boran", "find": "1", "states": [str(alvania.id)], "capacity": "observer"}).text
    assert ticks(found) == {("states", str(alvania.id)): True, ("states", str(borania.id)): False}
    assert "Ticked so far: 1" in found
    kept = {"states": [str(alvania.id)], "organisations": [str(ministry.id)], "people": [str(person.id)], "capacity": "observer"}
    again = secretariat.post(path, {"q": "nobody at all", "find": "1", **kept}).text
    assert "Nothing found. Try another name, or add the person first." in again
    assert ticks(again) == {(k, v[0]): True for k, v in kept.items() if k != "capacity"}
    assert re.search(r'value="observer" checked', again)
    assert session.scalars(select(Invitation)).all() == []


def test_the_check_says_how_many_are_new_invited_already_and_without_an_address(session, secretariat):
    row, known = make_session(), make_person("Known")
    make_invitation(row, known)
    informed = make_person("Informed")
    make_invitation(row, informed, capacity=Capacity.INFORMATION)
    silent = make_person("Silent", email=None)
    session.commit()
    path = f"/en/desk/sessions/{row.id}/invite"
    data = {"people": [str(p.id) for p in (known, informed, silent)], "capacity": "participant"}
    check = secretariat.post(path, data).text
    assert "2 people will be invited. 1 mail leaves at once." in check
    assert "1 person you chose is invited already and stays as they are." in check
    assert "1 person has no e-mail address and has to be told another way." in check
    assert secretariat.post(path, {**data, "confirmed": "3"}).status_code == 303
    assert invitation_of(row, informed).capacity is Capacity.PARTICIPANT
    nobody = secretariat.post(path, {"people": [str(known.id)], "capacity": "participant"}).text
    assert "0 people will be invited." in nobody and "Invite 0" not in nobody


def test_cancelling_and_uninviting_ask_who_is_told(session, secretariat):
    row = make_session()
    first, second = make_invitation(row), make_invitation(row)
    make_invitation(row, make_person(email=None))
    mark_sent()
    make_invitation(row)  # its mail has not left: there is nothing to cancel
    session.commit()
    path = f"/en/desk/invitations/{first.id}/uninvite"
    asked = secretariat.get(path).text
    assert f"Tell {first.person.full_name}: 1 person" in asked and "Without telling anyone: 1 person is not told" in asked
    assert secretariat.post(path, {}).status_code == 422
    assert secretariat.post(path, {"tell": "everyone"}).status_code == 303
    cancel = f"/en/desk/sessions/{row.id}/cancel"
    assert "Tell everyone: 1 person" in secretariat.get(cancel).text
    version = hidden(secretariat.get(cancel).text, "version")
    stale = secretariat.post(cancel, {"tell": "everyone", "version": "0"})
    assert stale.status_code == 409
    assert only(session).status is SessionStatus.SCHEDULED
    assert secretariat.post(cancel, {"tell": "everyone", "version": version, "reason": "Ill"}).status_code == 303
    told = {
        m.kind: m.recipient_id
        for m in session.scalars(select(Message).where(Message.ical_method == "CANCEL", Message.address != ""))
    }
    assert told == {"session-uninvite": first.person_id, "session-cancel": second.person_id}
    assert "1 person will be told." in secretariat.get(f"/en/desk/sessions/{row.id}").text


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)


def test_an_answer_by_note_verbale_is_recorded_with_source_and_scan(session, secretariat, state):
    invitation = make_invitation(make_session(), organisation=state)
    session.commit()
    path = f"/en/desk/invitations/{invitation.id}/answer"
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


def unclear_mail(session, invitation, **fields):
    mail = InboundMail(
        received_at=NOW, source="imap", sha256=fields.pop("sha256", "x"), raw=b"", subject="Re: <b>Invitation</b>",
        body="We accept <script>alert(1)</script>", sender=invitation.person.email.lower(), verdict=Verdict.UNCLEAR,
        reason="no_calendar_part", **fields,
    )  # fmt: skip
    session.add(mail)
    session.commit()
    return mail


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


def test_h8_who_was_not_invited_can_be_invited_from_the_desk_of_replies(session, secretariat):
    row = make_session()
    stranger = make_person("Crasher", email="crasher@x.example")
    mail = unclear_mail(session, make_invitation(row), subject_kind="session", subject_id=row.id)
    mail.sender, mail.reason = "crasher@x.example", "unknown_replier"
    session.commit()
    page = secretariat.get(f"/en/desk/replies/{mail.id}").text
    address = re.search(r'href="([^"]+)">Invite the sender', page)[1].replace("&amp;", "&")
    assert f'value="{stranger.id}"' in secretariat.get(address).text
    secretariat.post(
        f"/en/desk/sessions/{row.id}/invite", {"people": [str(stranger.id)], "capacity": "participant", "confirmed": "1"}
    )
    assert invitation_of(row, stranger).invited_because == "by_hand"


def test_a_reply_cannot_be_recorded_for_an_invitation_that_is_not_offered(session, secretariat):
    invitation, stranger = make_invitation(make_session()), make_invitation(make_session())
    mail = unclear_mail(session, invitation)
    path = f"/en/desk/replies/{mail.id}"
    answer = secretariat.post(f"{path}/record", {"invitation": str(stranger.id), "answer": "yes"}, page=path)
    assert answer.status_code == 422
    assert invitation_of(stranger.peer_session, stranger.person).answer is None


@pytest.mark.parametrize("role", [None, Role.PARTICIPANT, Role.OBSERVER, Role.CO_LEAD, Role.AUDITOR])
def test_a_desks_stay_closed_to_who_may_not(session, sign_in, role):
    row = make_session()
    invitation = make_invitation(row)
    mail = unclear_mail(session, invitation)
    person = make_person()
    session.commit()
    browser = Browser(sign_in(person, *([role] if role else [])))
    reads = [f"/en/desk/sessions/{row.id}", "/en/desk/sessions", "/en/desk/exchanges", f"/en/desk/exchanges/{row.exchange_id}"]
    writes = [
        "/en/desk/sessions/new", f"/en/desk/sessions/{row.id}/edit", f"/en/desk/sessions/{row.id}/invite",
        f"/en/desk/sessions/{row.id}/cancel", f"/en/desk/invitations/{invitation.id}/answer",
        f"/en/desk/invitations/{invitation.id}/delegate", f"/en/desk/invitations/{invitation.id}/uninvite",
        "/en/desk/exchanges/new", f"/en/desk/exchanges/{row.exchange_id}/edit", "/en/desk/replies",
        f"/en/desk/replies/{mail.id}", "/en/my-state/invitations", f"/en/my-state/invitations/{invitation.id}/answer",
    ]  # fmt: skip
    for path in writes:
        assert browser.get(path).status_code == 404, path
    for path in reads:
        assert browser.get(path).status_code == (200 if role in (Role.CO_LEAD, Role.AUDITOR) else 404), path


def test_the_exchange_form_saves_and_shows_a_conflict(session, secretariat):
    made = secretariat.post("/en/desk/exchanges/new", {"themes-en": "Families", "visibility": "public"})
    assert made.status_code == 303
    exchange = only(session, Exchange)
    path = f"/en/desk/exchanges/{exchange.id}/edit"
    first = {"themes-en": "Families first", "visibility": "public", "version": str(exchange.version)}
    assert secretariat.post(path, first).status_code == 303
    conflict = secretariat.post(path, {**first, "themes-en": "Papers"})
    assert conflict.status_code == 409
    assert "Families first" in conflict.text
    assert only(session, Exchange).themes == {"en": "Families first"}
    assert secretariat.post("/en/desk/exchanges/new", {"visibility": "public"}).status_code == 409
    assert secretariat.get(f"/en/exchanges/{exchange.id}").status_code == 200
    new = secretariat.get(f"/en/desk/sessions/new?exchange={exchange.id}").text
    assert re.search(rf'<option selected value="{exchange.id}"', new)
