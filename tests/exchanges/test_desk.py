"""The secretariat's desks: planning and changing; and who may not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.accounts.models import Role
from app.exchanges import rules
from app.exchanges.models import Answer, Exchange, Invitation, PeerSession, Route, SessionStatus
from app.notifications.models import Message
from tests.exchanges.conftest import Browser
from tests.exchanges.desk import hidden, only, unclear_mail
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, make_invitation, make_session, mark_sent

FORM = {
    "titles-en": "Family reunification", "start_date": "2026-12-07", "start_time": "16:00", "zone": "Africa/Nairobi",
    "minutes": "90", "capacity": "30", "visibility": "public", "remind": ["10080", "60"], "nudge": ["7200"],
    "join_url": "https://meet.example/abc", "languages": ["en", "fr"],
}  # fmt: skip


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
