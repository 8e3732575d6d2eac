"""Somebody who was not invited asks for a place: the button in a mail, the decision, and what nobody else learns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import Person, Role
from app.core.errors import RuleBroken
from app.core.signing import opened, sign
from app.exchanges import rules
from app.exchanges.models import Answer, Asked, Invitation, PlaceRequest, Registration, Route, Seat
from app.exchanges.queries import places
from app.exchanges.rules import PlaceRules, registering
from app.exchanges.rules.registering import Wish
from app.notifications.rendering import job_of
from tests.exchanges.conftest import Browser
from tests.exchanges.desk import only, refused
from tests.exchanges.test_pages import link
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes
from worker.tasks.exchanges import tidy


@pytest.fixture
def officer(session):
    return make_person("Berg", given_name="Tomas")


def asking(officer, registration, *, capacity=30, hosts=(), **fields):
    row = make_session(capacity=capacity, hosts=hosts)
    rules.set_places(row, PlaceRules(registration=registration, **fields), version=row.version, by=officer, now=NOW)
    return row


def wish(email="wen@castle.example", **fields):
    return Wish("Wen", "Castle", email, "fr", "Asia/Tokyo", **fields)


def confirmed(row, told=None, after=2.0):
    request = registering.ask(row, told or wish(), now=NOW + minutes(1))
    return request, registering.confirm(request, now=NOW + minutes(after))


FORM = {"given_name": "Wen", "family_name": "Castle", "email": "wen@castle.example", "language": "fr", "reason": "We begin."}


def test_nothing_is_passed_on_before_the_button_of_the_mail_is_pressed(session, officer, visitor, outbox):
    row = asking(officer, Registration.APPROVAL)
    session.commit()
    page = f"/en/sessions/{row.id}"
    assert "Ask for a place" in visitor.get(page).text
    done = visitor.post(f"{page}/ask", FORM)
    assert (done.status_code, done.location) == (303, page)
    request = only(session, PlaceRequest)
    assert (request.state, request.person_id, places.requests_of(row)) == (Asked.UNCONFIRMED, None, [])
    assert session.scalar(select(func.count()).select_from(Person).where(Person.email == "wen@castle.example")) == 0
    [mail] = outbox("place-confirm")
    assert (mail.address, mail.locale, mail.recipient_id) == ("wen@castle.example", "fr", None)
    button = opened(job_of(mail).facts["links"]["confirm"]).split("://", 1)[1].partition("/")[2]
    for _scanner in range(2):
        assert visitor.get("/" + button).status_code == 200
        visitor.client.head("/" + button)
    assert only(session, PlaceRequest).state is Asked.UNCONFIRMED
    assert visitor.post("/" + button).status_code == 303
    assert only(session, PlaceRequest).state is Asked.WAITING
    assert len(outbox("place-asked")) == 1
    assert visitor.post("/" + button, page=page).status_code == 303  # pressed twice
    assert len(outbox("place-asked")) == 1


def test_the_code_beside_the_button_opens_the_same_page(session, officer, visitor, outbox):
    from app.core import codes
    from app.core.signing import settings

    request = registering.ask(asking(officer, Registration.OPEN), wish(), now=NOW)
    session.commit()
    [mail] = outbox("place-confirm")
    code = codes.opened(settings().secret_keys, job_of(mail).facts["codes"]["confirm"])
    led = visitor.post("/en/code", {"code": code.lower()})
    assert led.location.endswith(f"/en/places/{sign('place', request.id, request.nonce)}")


def test_an_approved_wish_is_a_seat_with_its_calendar_entry(session, officer, outbox):
    row = asking(officer, Registration.APPROVAL)
    state = make_state()
    request, made = confirmed(row, wish(organisation_id=state.id, works_for="Ministry of Interior"))
    assert made is None
    invitation = registering.approve(request, organisation_id=state.id, by=officer, now=NOW + minutes(3))
    assert (invitation.seat, invitation.answer, invitation.organisation_id) == (Seat.HELD, Answer.YES, state.id)
    assert (request.state, request.decided_by, request.invitation_id) == (Asked.APPROVED, officer.id, invitation.id)
    assert (invitation.person.language, invitation.person.zone) == ("fr", "Asia/Tokyo")
    [mail] = outbox("session-confirmation")
    assert (mail.ical_method, mail.address) == ("REQUEST", "wen@castle.example")
    assert outbox("session-invite") == []
    with refused("decided about this already"):
        registering.decline(request, sentence="No", by=officer, now=NOW + minutes(4))


def test_a_declined_wish_is_told_with_its_sentence(session, officer, outbox):
    row = asking(officer, Registration.APPROVAL)
    request, _ = confirmed(row)
    with refused("Write a sentence"):
        registering.decline(request, sentence="  ", by=officer, now=NOW + minutes(3))
    registering.decline(request, sentence="This session is for States alone.", by=officer, now=NOW + minutes(3))
    [mail] = outbox("place-declined")
    assert job_of(mail).facts["sentence"] == "This session is for States alone."
    assert session.scalars(select(Invitation)).all() == []
    assert outbox("session-confirmation") == []


def test_open_gives_a_seat_at_once_while_there_is_room_then_a_place_in_line(session, officer, outbox):
    row = asking(officer, Registration.OPEN, capacity=1)
    _, first = confirmed(row)
    _, second = confirmed(row, wish("ada@morrow.example"))
    assert (first.seat, second.seat) == (Seat.HELD, Seat.WAITING)
    assert [m.address for m in outbox("session-confirmation")] == ["wen@castle.example"]
    assert [m.address for m in outbox("session-waiting")] == ["ada@morrow.example"]


def test_where_seats_of_a_state_are_counted_strangers_are_looked_at_first(session, officer):
    state = make_state()
    row = asking(officer, Registration.OPEN, quota=1)
    request, made = confirmed(row, wish(organisation_id=state.id))
    assert (made, request.state) == (None, Asked.WAITING)  # what a stranger writes of themselves counts for nobody
    known = make_person("Known", of=state)
    _, theirs = confirmed(row, wish(known.email))
    assert (theirs.seat, theirs.organisation_id) == (Seat.HELD, state.id)
    after = registering.approve(request, organisation_id=state.id, by=officer, now=NOW + minutes(5))
    assert after.seat is Seat.WAITING  # the State has its one seat


def test_whoever_is_behind_an_address_the_page_answers_alike(session, officer, visitor, outbox):
    row = asking(officer, Registration.APPROVAL)
    invited = make_invitation(row, make_person("Castle", email="wen@castle.example"))
    make_person("Morrow", email="ada@morrow.example")
    session.commit()
    answers = []
    for address in ("wen@castle.example", "ada@morrow.example", "nobody@nowhere.example"):
        done = visitor.post(f"/en/sessions/{row.id}/ask", {**FORM, "email": address})
        answers.append((done.status_code, done.location, "A mail is on its way" in visitor.get(done.location).text))
    assert len(set(answers)) == 1
    assert len(outbox("place-confirm")) == 3
    request = places.pending_request(row, "wen@castle.example")
    token = sign("place", request.id, request.nonce)
    led = visitor.post(f"/en/places/{token}")
    assert led.location == link(invited)  # who is invited finds their own answer, and only behind their own mail
    session.expire_all()
    assert (invited.answer, only_count(session)) == (None, 1)


def only_count(session):
    return session.scalar(select(func.count()).select_from(Invitation))


def test_one_address_and_one_client_get_few_mails(session, officer, visitor, outbox):
    row = asking(officer, Registration.APPROVAL)
    session.commit()
    codes = [visitor.post(f"/en/sessions/{row.id}/ask", {**FORM, "reason": str(n)}).status_code for n in range(6)]
    assert codes == [303] * 5 + [429]
    assert len(outbox("place-confirm")) == 5
    assert session.scalar(select(func.count()).select_from(PlaceRequest)) == 1


def test_a_program_that_fills_in_everything_changes_nothing(session, officer, visitor, outbox):
    row = asking(officer, Registration.OPEN)
    session.commit()
    done = visitor.post(f"/en/sessions/{row.id}/ask", {**FORM, "website": "https://buy.example"})
    assert done.status_code == 303
    assert (outbox(), session.scalars(select(PlaceRequest)).all()) == ([], [])


@pytest.mark.parametrize(("field", "value", "says"), [
    ("family_name", "", "Enter the family name."), ("email", "", "Enter the e-mail address."), ("email", "no address", "Enter"),
    ("reason", "x" * 1001, "1000"),
])  # fmt: skip
def test_a_wrong_form_says_what_is_wrong_and_changes_nothing(session, officer, visitor, outbox, field, value, says):
    row = asking(officer, Registration.APPROVAL)
    session.commit()
    done = visitor.post(f"/en/sessions/{row.id}/ask", {**FORM, field: value})
    assert done.status_code == 422
    assert says in done.text
    assert (outbox(), session.scalars(select(PlaceRequest)).all()) == ([], [])


def test_by_invitation_only_nobody_can_ask(session, officer, visitor):
    row = make_session()
    session.commit()
    assert "Ask for a place" not in visitor.get(f"/en/sessions/{row.id}").text
    assert visitor.get(f"/en/sessions/{row.id}/ask").status_code == 302
    with refused("by invitation only"):
        registering.ask(row, wish(), now=NOW)
    rules.set_places(row, PlaceRules(Registration.OPEN), version=row.version, by=officer, now=NOW)
    request = registering.ask(row, wish(), now=NOW)
    with refused("no more wishes"):
        registering.confirm(request, now=row.starts_at)
    assert session.scalars(select(Invitation)).all() == []


def test_who_is_signed_in_asks_with_one_press(session, officer, sign_in, outbox):
    state = make_state()
    person = make_person("Castle", of=state)
    row = asking(officer, Registration.OPEN)
    session.commit()
    own = Browser(sign_in(person))
    assert own.post(f"/en/sessions/{row.id}/ask", {"reason": ""}).status_code == 303
    session.expire_all()
    made = invitation_of(row, person)
    assert (made.seat, made.organisation_id, outbox("place-confirm")) == (Seat.HELD, state.id, [])
    again = own.post(f"/en/sessions/{row.id}/ask", {"reason": "Once more"})
    assert again.status_code == 409
    assert "invited already" in again.text


def test_a_focal_point_asks_for_a_colleague_of_the_state(session, officer, focal_point, state, outbox):
    row = asking(officer, Registration.OPEN, quota=2)
    session.commit()
    page = f"/en/sessions/{row.id}/ask"
    empty = focal_point.post(page, {"whom": "colleague", "language": "en"})
    assert (empty.status_code, "Enter the family name." in empty.text) == (422, True)
    done = focal_point.post(page, {**FORM, "whom": "colleague"})
    assert done.status_code == 303
    made = only(session, Invitation)
    assert (made.person.email, made.seat, made.organisation_id) == ("wen@castle.example", Seat.HELD, state.id)
    request = only(session, PlaceRequest)
    assert (request.asked_by is not None, request.state) == (True, Asked.APPROVED)
    assert len(outbox("session-confirmation")) == 1


def test_hosts_are_told_and_decide_where_the_session_says_so(session, officer, focal_point, state, outbox, sign_in):
    row = asking(officer, Registration.APPROVAL, hosts=(state,), hosts_approve=True)
    request, _ = confirmed(row)
    session.commit()
    [mail] = outbox("place-to-decide")
    assert job_of(mail).facts["person"] == "Wen Castle"
    listed = focal_point.get(f"/en/sessions/{row.id}/requests")
    assert "Wen Castle" in listed.text
    page = f"/en/sessions/{row.id}/requests/{request.id}"
    bare = focal_point.post(page, {"decision": "decline"})
    assert (bare.status_code, "Write a sentence" in bare.text) == (409, True)
    assert focal_point.post(page, {"decision": "approve"}).status_code == 303
    assert only(session, Invitation).seat is Seat.HELD
    stranger = make_person("Other", of=make_state())
    make_designation(make_state(), stranger)
    session.commit()
    other = Browser(sign_in(stranger))
    assert other.get(f"/en/sessions/{row.id}/requests").status_code == 404
    assert other.get(page).status_code == 404


def test_the_secretariat_finds_who_asks_on_the_desk_of_the_session(session, officer, secretariat):
    row = asking(officer, Registration.APPROVAL)
    request, _ = confirmed(row, wish(reason="<b>We begin</b>"))
    session.commit()
    assert "1 person asks for a place." in secretariat.get(f"/en/desk/sessions/{row.id}").text
    page = f"/en/sessions/{row.id}/requests/{request.id}"
    assert "&lt;b&gt;We begin" in secretariat.get(page).text
    assert secretariat.post(page, {"decision": "approve"}).status_code == 303
    assert secretariat.post(page, {"decision": "maybe"}).status_code == 400
    assert only(session, PlaceRequest).state is Asked.APPROVED


def test_wishes_nobody_confirmed_are_forgotten_after_three_days_and_others_after_a_year(session, officer, outbox, monkeypatch):
    row = asking(officer, Registration.APPROVAL)
    registering.ask(row, wish("left@castle.example"), now=NOW)
    confirmed(row)
    mark_sent(NOW + minutes(5))
    session.commit()
    monkeypatch.setattr("app.core.clock.now", lambda: NOW + timedelta(days=3, minutes=2))
    assert tidy() == 1
    assert [one.email for one in session.scalars(select(PlaceRequest))] == ["wen@castle.example"]
    assert [m.address for m in outbox("place-confirm")] == ["wen@castle.example"]
    monkeypatch.setattr("app.core.clock.now", lambda: row.starts_at + timedelta(days=366))
    assert tidy() == 1
    assert tidy() == 0


def test_a_wish_for_a_record_that_is_closed_waits_for_the_secretariat(session, officer):
    row = asking(officer, Registration.OPEN)
    closed = make_person("Castle", email="wen@castle.example")
    closed.active = False
    session.flush()
    request, made = confirmed(row)
    assert (made, request.state) == (None, Asked.WAITING)
    with pytest.raises(RuleBroken):
        registering.approve(request, organisation_id=None, by=officer, now=NOW + minutes(3))


def test_several_come_by_one_press_of_the_focal_point_or_the_secretariat(session, officer, focal_point, secretariat, state, outbox):
    row = asking(officer, Registration.INVITATION, capacity=5, quota=2, delegation_whole=True)
    people = [make_invitation(row, make_person(name, of=state), organisation=state) for name in ("One", "Two", "Three")]
    session.commit()
    page = f"/en/my-state/sessions/{row.id}/delegation"
    ids = [str(one.id) for one in people]
    assert focal_point.post(page, {"people": ids}).status_code == 409
    assert focal_point.post(page, {}).status_code == 422
    assert focal_point.post(page, {"people": ids[:2]}).status_code == 303
    session.expire_all()
    assert [one.seat for one in people] == [Seat.HELD, Seat.HELD, Seat.NONE]
    assert "2 of 2" in focal_point.get("/en/my-state/invitations").text
    rules.respond(people[0], answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(5))
    session.commit()
    desk = f"/en/desk/sessions/{row.id}/delegations/{state.id}"
    done = secretariat.post(desk, {"people": ids[2], "source_kind": "phone", "source_date": "2026-11-23"})
    assert done.status_code == 303
    session.expire_all()
    assert people[2].seat is Seat.HELD
    assert len(outbox("session-confirmation")) == 3


def test_the_rules_of_places_are_set_on_one_page(session, officer, secretariat, state):
    row = make_session()
    session.commit()
    page = f"/en/desk/sessions/{row.id}/places"
    form = {
        "version": str(row.version), "registration": "approval", "hosts_approve": "y", "quota": "2", "line": "fair",
        "offer_hours": "24", "delegation_whole": "y", "own_who_0": str(state.id), "own_most_0": "5",
    }  # fmt: skip
    assert secretariat.post(page, {**form, "quota": "two"}).status_code == 422
    assert secretariat.post(page, {**form, "offer_hours": "999"}).status_code == 422
    assert secretariat.post(page, {**form, "own_most_0": ""}).status_code == 409
    assert secretariat.post(page, form).status_code == 303
    row = only(session)
    assert (row.registration, row.hosts_approve, row.quota, row.offer_hours) == (Registration.APPROVAL, True, 2, 24)
    assert [(one.organisation_id, one.most) for one in places.quotas(row)] == [(state.id, 5)]
    assert secretariat.post(page, {**form, "quota": "9"}).status_code == 409  # somebody saved meanwhile


def test_a_second_sitting_is_planned_on_its_page(session, officer, secretariat, outbox):
    row = make_session()
    make_invitation(row)
    session.commit()
    page = f"/en/desk/sessions/{row.id}/second-sitting"
    form = {"start_date": "2026-12-08", "start_time": "05:00", "zone": "Africa/Nairobi", "capacity": "12", "tell": "everyone"}
    for wrong in ({"tell": ""}, {"start_date": "2020-01-01"}, {"capacity": "0"}, {"start_date": "2026-12-07", "start_time": "16:30"}):
        assert secretariat.post(page, {**form, **wrong}).status_code in (409, 422), wrong
    assert secretariat.post(page, form).status_code == 303
    session.expire_all()
    assert [one.capacity for one in places.sittings_of(row)] == [30, 12]
    shown = secretariat.get(f"/en/desk/sessions/{row.id}").text
    assert "Two sittings" in shown
    assert "0 of 12" in shown
    assert secretariat.post(page, form, page=f"/en/desk/sessions/{row.id}").status_code == 409


def test_role_of_who_may_open_the_pages(session, officer, sign_in, visitor):
    row = asking(officer, Registration.APPROVAL)
    session.commit()
    participant = Browser(sign_in(make_person("Castle"), Role.PARTICIPANT))
    for browser, code in ((visitor, 302), (participant, 404)):
        assert browser.get(f"/en/sessions/{row.id}/requests").status_code in (code, 401)
        assert browser.get(f"/en/desk/sessions/{row.id}/places").status_code in (302, 401, 404)


def test_the_desk_of_the_day_names_who_asks(session, officer, secretariat):
    row = asking(officer, Registration.APPROVAL)
    request, _ = confirmed(row)
    session.commit()
    today = secretariat.get("/en/desk").text
    assert f"/en/sessions/{row.id}/requests/{request.id}" in today
    registering.decline(request, sentence="Full.", by=officer, now=NOW + minutes(3))
    session.commit()
    assert str(request.id) not in secretariat.get("/en/desk").text
