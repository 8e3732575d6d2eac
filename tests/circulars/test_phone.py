"""Whom to phone and in which order, what to say, and what came of it, beside the mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.accounts.access import Viewer
from app.accounts.models import CallOutcome, PhoneCall, Role
from app.accounts.rules.phoning import record_call
from app.audit.models import AuditEntry
from app.circulars import hours, rules
from app.circulars.queries import phone
from app.circulars.spoken import text_for
from app.core import zones
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, Route
from app.notifications.models import Message, State
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.circulars import NOW, make_circular
from tests.factories.exchanges import make_invitation, make_session, mark_sent
from tests.interests.pages import form_of, words
from tests.pilots.conftest import Browser

FRIDAY_OFF = ["5", "6"]


def at(day, hour, zone, minute=0):
    return zones.to_instant(datetime(2026, 11, day, hour, minute), zone)


@pytest.mark.parametrize(
    ("now", "zone", "weekend", "is_open", "opens"),
    [
        (at(23, 9, "Africa/Nairobi"), "Africa/Nairobi", ["6", "7"], True, at(23, 9, "Africa/Nairobi")),
        (at(23, 8, "Africa/Nairobi", 59), "Africa/Nairobi", ["6", "7"], False, at(23, 9, "Africa/Nairobi")),
        (at(23, 16, "Africa/Nairobi", 59), "Africa/Nairobi", ["6", "7"], True, at(23, 9, "Africa/Nairobi")),
        (at(23, 17, "Africa/Nairobi"), "Africa/Nairobi", ["6", "7"], False, at(24, 9, "Africa/Nairobi")),
        (at(27, 12, "Asia/Amman"), "Asia/Amman", FRIDAY_OFF, False, at(29, 9, "Asia/Amman")),
        (at(29, 12, "Asia/Amman"), "Asia/Amman", FRIDAY_OFF, True, at(29, 9, "Asia/Amman")),
        (at(28, 12, "Asia/Tokyo"), "Asia/Tokyo", [], False, at(30, 9, "Asia/Tokyo")),
        (at(28, 12, "Asia/Tokyo"), "Asia/Tokyo", list("1234567"), True, at(28, 9, "Asia/Tokyo")),
    ],
)
def test_office_hours_are_nine_to_five_there_on_the_working_days_of_the_state(now, zone, weekend, is_open, opens):
    found = hours.office(now, zone, weekend)
    assert (found.is_open, found.opens_at) == (is_open, opens) and found.closes_at - found.opens_at == timedelta(hours=8)


def office():
    return Viewer(person=make_person("Berg"), roles=frozenset({Role.SECRETARIAT}))


def listed(now=NOW, session_=None):
    return [line.person.family_name for line in phone.to_call(office(), now, session_)]


def test_those_who_have_not_answered_come_in_the_order_in_which_they_can_be_reached(session):
    row = make_session()
    places = {
        "Nairobi": ("Africa/Nairobi", ["6", "7"]), "Dakar": ("Africa/Dakar", ["6", "7"]), "Lima": ("America/Lima", ["6", "7"]),
        "Tokyo": ("Asia/Tokyo", ["6", "7"]), "MondayOff": ("Africa/Nairobi", ["1", "7"]),
    }  # fmt: skip
    for name, (zone, weekend) in places.items():
        state = make_state(zone=zone, weekend=weekend)
        make_invitation(row, make_person(name, of=state, zone=zone), organisation=state)
    answered = make_invitation(row, make_person("Answered"))
    exchanges.respond(answered, answer=Answer.NO, route=Route.PAGE, now=NOW)
    # Monday 09:00 UTC: noon in Nairobi (until 14:00 UTC), 09:00 in Dakar (until 17:00), 04:00 in Lima (14:00 UTC), 18:00 in Tokyo
    assert listed(session_=row) == ["Nairobi", "Dakar", "Lima", "Tokyo", "MondayOff"]


def test_who_was_told_comes_last_and_others_stay_with_their_last_call(session):
    row = make_session()
    people = [make_person(n) for n in ("Aa", "Bb", "Cc")]
    for person in people:
        make_invitation(row, person)
    by = make_person("Caller")
    subject = ("session", row.id)
    record_call(people[0], called_at=NOW, outcome=CallOutcome.TOLD, subject=subject, by=by, now=NOW)
    record_call(people[1], called_at=NOW, outcome=CallOutcome.NO_ANSWER, subject=subject, by=by, now=NOW)
    lines = list(phone.to_call(office(), NOW, row))
    assert [(x.person.family_name, x.told, x.call.outcome if x.call else None) for x in lines] == [
        ("Bb", False, CallOutcome.NO_ANSWER), ("Cc", False, None), ("Aa", True, CallOutcome.TOLD),
    ]  # fmt: skip


def test_the_list_without_a_session_holds_those_whom_no_mail_reaches(session):
    row = make_session()
    failed, without, fine = make_person("Failed"), make_person("Without", email=None), make_person("Fine")
    for person in (failed, without, fine):
        make_invitation(row, person)
    over = make_session(may_be_past=True, local_start=datetime(2026, 11, 20, 9, 0))
    make_person("Old")
    mark_sent()
    bounce = update(Message).where(Message.recipient_id == failed.id).values(state=State.BOUNCED)
    session.execute(bounce)
    state = make_state()
    alone = make_person("Alone", of=state, email=None)
    make_designation(state, alone)
    make_person("Lead", roles=(Role.CO_LEAD,))
    circular = make_circular()
    rules.send(circular, by=fine, now=NOW)
    lines = {x.person.family_name: x.matter for x in phone.to_call(office(), NOW)}
    assert set(lines) == {"Failed", "Without", "Alone"} and over.id
    assert (lines["Failed"].why, lines["Failed"].invitation.peer_session_id) == (phone.Why.MAIL_FAILED, row.id)
    assert (lines["Without"].why, lines["Without"].message) == (phone.Why.NO_ADDRESS, None)
    assert lines["Alone"].circular.id == circular.id
    assert listed(row.ends_at) == ["Alone"]  # nothing to tell of a session that is over


def test_who_stands_behind_a_route_that_works_is_not_phoned(session):
    state = make_state()
    make_designation(state, make_person("Without", of=state, email=None))
    make_person("Clerk", of=state)
    rules.send(make_circular(), by=make_person(), now=NOW)
    assert listed() == []


def test_every_line_is_reached_page_by_page_in_the_order_of_the_first_page(session, monkeypatch):
    monkeypatch.setattr(phone, "SIZE", 2)
    row, by = make_session(), make_person("Caller")
    people = [make_person(n, zone=zone) for n, zone in (
        ("Nairobi", "Africa/Nairobi"), ("Dakar", "Africa/Dakar"), ("Dakarb", "Africa/Dakar"), ("Lima", "America/Lima"),
        ("Told", "Africa/Nairobi"),
    )]  # fmt: skip
    for person in people:
        make_invitation(row, person)
    record_call(people[4], called_at=NOW, outcome=CallOutcome.TOLD, subject=("session", row.id), by=by, now=NOW)
    late = at(23, 17, "Africa/Nairobi")  # Nairobi's offices have just closed
    found, after = [], None
    for now in (late - timedelta(minutes=1), late, late + timedelta(minutes=10)):
        page = phone.page(office(), now, row, after)
        found.append([line.person.family_name for line in page.rows])
        assert (page.total, page.goes_on) == (5, after is not None)
        after = page.after
    assert found == [["Nairobi", "Dakar"], ["Dakarb", "Lima"], ["Told"]] and after is None
    assert listed(late, row)[:3] == ["Dakar", "Dakarb", "Lima"]
    first = phone.page(office(), late, row)
    for key in ("nonsense", first.after):  # a key of yesterday begins again
        again = phone.page(office(), late + timedelta(days=1, minutes=1), row, key)
        assert not again.goes_on and len(again.rows) == 2


def test_a_matter_stands_once_and_a_call_about_the_mail_counts(session):
    row = make_session()
    person = make_person("Failed")
    make_invitation(row, person)
    circular = make_circular()
    first = session.scalars(select(Message)).one()
    same = {"recipient_id": person.id, "address": first.address, "locale": "en", "zone": "UTC", "facts": {}, "due_at": NOW}
    for key, about in (("again", ("session", row.id)), ("other", (None, None)), ("sent", ("circular", circular.id))):
        later = uuid7(datetime(2100, 1, 1, tzinfo=UTC))
        session.add(Message(id=later, key=key, kind=first.kind, subject_kind=about[0], subject_id=about[1], created_at=NOW, **same))
    session.flush()
    mark_sent()
    session.execute(update(Message).values(state=State.BOUNCED))
    other = session.scalars(select(Message).where(Message.key == "other")).one()
    record_call(person, called_at=NOW, outcome=CallOutcome.TOLD, message_id=other.id, by=make_person(), now=NOW)
    lines = list(phone.to_call(office(), NOW))
    assert [(x.matter.subject, x.told) for x in lines][-1] == (None, True) and lines[-1].matter.message.key == "other"
    assert {x.matter.subject for x in lines[:-1]} == {("session", row.id), ("circular", circular.id)}
    mine = next(x.matter for x in lines if x.matter.invitation)
    assert mine.message.key == "again" and not any(x.told for x in lines[:-1])


def test_the_text_speaks_the_persons_language_and_hour(session):
    row = make_session()
    person = make_person("Morrow", language="fr", zone="America/Lima", forms_of_address={"fr": "Madame la Ministre"})
    invitation = make_invitation(row, person)
    text = text_for(phone.one(office(), person, phone.Matter(phone.Why.NOT_ANSWERED, invitation), NOW))
    assert (text.lang, text.dir) == ("fr", "ltr")
    assert "Madame la Ministre" in text.text and "Le regroupement familial" in text.text
    assert "lundi 7 décembre 2026" in text.text and "08:00" in text.text and "Lima" in text.text
    assert "16:00" not in text.text and "http" not in text.text


def test_a_call_lies_behind_us(session):
    person, by = make_person(), make_person()
    for moment, field in ((NOW + timedelta(minutes=1), "called_time"), (NOW - timedelta(days=400), "called_day")):
        with pytest.raises(RuleBroken) as refused:
            record_call(person, called_at=moment, outcome=CallOutcome.TOLD, by=by, now=NOW)
        assert refused.value.field == field
    assert session.scalar(select(func.count()).select_from(PhoneCall)) == 0


@pytest.fixture
def desk(session, sign_in):
    person = make_person("Berg", given_name="Tomas", zone="Africa/Nairobi")
    session.commit()
    return Browser(sign_in(person, Role.SECRETARIAT))


def test_a_call_is_recorded_once_and_shown_beside_invitation_mail_and_person(session, desk):
    row = make_session()
    person = make_person("Morrow", phone="+254 (20) 555-0100", zone="Africa/Nairobi", language="ar")
    invitation = make_invitation(row, person)
    session.commit()
    message = session.scalars(select(Message)).one()
    assert f'href="/en/desk/phone?session={row.id}"' in desk.get(f"/en/desk/sessions/{row.id}").text
    shown = desk.get(f"/en/desk/phone?session={row.id}").text
    assert 'href="tel:+254205550100"><bdi dir="ltr">+254 (20) 555-0100</bdi>' in shown and "In office hours" in words(shown)
    address = f"/en/desk/phone/people/{person.id}?invitation={invitation.id}&list=session"
    assert address.replace("&", "&amp;") in shown
    page = desk.get(address).text
    assert 'readonly lang="ar" dir="rtl">' in page
    form = form_of(page, "called_day")
    sent = form.filled(outcome="told", note="Comes on Monday")
    assert (form.fields["called_day"], form.fields["called_time"]) == (["2026-11-23"], ["12:00"])
    answers = [desk.client.post(address, data=sent) for _twice in range(2)]
    assert [a.status_code for a in answers] == [303, 303] and answers[0].location == f"/en/desk/phone?session={row.id}"
    call = session.scalars(select(PhoneCall)).one()
    assert (call.called_at, call.outcome, call.subject_id, call.number) == (NOW, CallOutcome.TOLD, row.id, "+254 (20) 555-0100")
    for where in (f"/en/desk/invitations/{invitation.id}", f"/en/desk/outbox/{message.id}", f"/en/desk/people/{person.id}"):
        seen = words(desk.get(where).text)
        assert "Told by phone" in seen and "Tomas Berg" in seen and "Comes on Monday" in seen, where
    assert session.scalar(select(func.count()).where(AuditEntry.action == "person.called")) == 1


def test_an_answer_given_by_phone_leads_to_the_form_that_records_it(session, desk):
    person = make_person("Morrow")
    invitation = make_invitation(make_session(), person)
    session.commit()
    address = f"/en/desk/phone/people/{person.id}?invitation={invitation.id}"
    form = form_of(desk.get(address).text, "called_day")
    answer = desk.client.post(address, data={**form.filled(outcome="told"), "answered": "1"})
    assert answer.location == f"/en/desk/invitations/{invitation.id}/answer?source=phone"
    behalf = form_of(desk.get(answer.location).text, "source_kind")
    assert behalf.fields["source_kind"] == ["phone"] and behalf.fields["source_date"] == ["2026-11-23"]
    assert desk.client.post(answer.location, data=behalf.filled(answer="yes")).status_code == 303
    session.expire_all()
    assert invitation.answer is Answer.YES


def test_what_is_missing_and_what_is_not_theirs(session, desk, sign_in):
    person, other = make_person("Morrow"), make_person("Other")
    invitation = make_invitation(make_session(), other)
    session.commit()
    address = f"/en/desk/phone/people/{person.id}"
    assert desk.get(f"{address}?invitation={invitation.id}").status_code == 404
    assert desk.get(f"{address}?message=nonsense").status_code == 404
    assert desk.get("/en/desk/phone?session=nonsense").status_code == 404
    assert desk.get(f"/en/desk/phone/invitation?invitation={invitation.id}").location.endswith(
        f"{other.id}?invitation={invitation.id}"
    )
    form = form_of(desk.get(address).text, "called_day")
    answer = desk.client.post(address, data=form.filled())
    assert answer.status_code == 422 and "Say what came of the call." in words(answer.text)
    answer = desk.client.post(address, data=form.filled(outcome="told", called_time="23:59"))
    assert answer.status_code == 409 and "It is not that late yet." in words(answer.text)
    assert session.scalar(select(func.count()).select_from(PhoneCall)) == 0
    member = Browser(sign_in(person, Role.PARTICIPANT))
    assert [member.get(p).status_code for p in (address, "/en/desk/phone")] == [404, 404]


def test_from_the_mail_that_came_back_to_the_call_about_it(session, desk):
    person = make_person("Morrow")
    row = make_session()
    make_invitation(row, person)
    mark_sent()
    session.execute(update(Message).values(state=State.BOUNCED))
    session.commit()
    message = session.scalars(select(Message)).one()
    address = f"/en/desk/phone/people/{person.id}?message={message.id}"
    assert f'href="{address}"' in desk.get(f"/en/desk/outbox/{message.id}").text
    page = desk.get(address).text
    assert "Which e-mail address may we write to?" in page and "Will you take part: yes, maybe or no?" in page
    assert desk.client.post(address, data=form_of(page, "called_day").filled(outcome="wrong_number")).status_code == 303
    call = session.scalars(select(PhoneCall)).one()
    assert (call.message_id, call.subject_kind, call.subject_id) == (message.id, "session", row.id)
    assert "Wrong number" in words(desk.get("/en/desk/phone").text)


def test_the_list_costs_the_same_for_one_and_for_many(session, desk, statements):
    row = make_session()
    make_invitation(row)
    session.commit()
    desk.get(f"/en/desk/phone?session={row.id}")
    statements.clear()
    desk.get(f"/en/desk/phone?session={row.id}")
    few = len(statements)
    for _more in range(5):
        make_invitation(row)
    session.commit()
    statements.clear()
    desk.get(f"/en/desk/phone?session={row.id}")
    assert len(statements) == few
