"""One session held twice: its page, its words, changing from one to the other, and who hears of what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.exchanges import reminders, rules
from app.exchanges.models import Answer, AnswerRecord, PeerSession, Route, Seat, SessionStatus, Visibility
from app.exchanges.queries import places
from app.exchanges.rules import Hour, PlaceRules
from app.exchanges.rules.sittings import plan_of
from app.notifications.models import Verdict
from app.notifications.rendering import job_of
from tests.exchanges.conftest import Browser
from tests.exchanges.desk import refused
from tests.exchanges.test_pages import link
from tests.exchanges.test_replying import receive
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes

MORNING = datetime(2026, 12, 8, 5, 0)


@pytest.fixture
def officer(session):
    return make_person("Berg", given_name="Tomas")


def twice(officer, *, tell=False, second=30, **fields):
    row = make_session(**fields)
    other = rules.add_sitting(row, Hour(MORNING, "Africa/Nairobi", second), tell=tell, by=officer, now=NOW)
    return row, other


def says(invitation, answer=Answer.YES, *, to=None, after=1.0, route=Route.PAGE):
    return rules.answer_for(invitation, to, answer=answer, route=route, now=NOW + minutes(after))


def test_a_second_sitting_has_the_same_words_and_an_entry_of_its_own(session, officer):
    row, other = twice(officer, grounds=("family",), invite_accepted=True)
    assert (other.titles, other.purposes, other.sitting_of, other.twice, row.twice) == (row.titles, row.purposes, row.id, True, True)
    assert other.uid != row.uid
    assert (other.sequence, other.schedule_version, other.invite_accepted) == (0, 1, False)
    assert other.starts_at != row.starts_at
    assert len(other.reminder_rules) == len(row.reminder_rules)
    with refused("two sittings already"):
        rules.add_sitting(other, Hour(MORNING, "UTC", 3), tell=False, by=officer, now=NOW)


def test_two_sittings_are_not_at_the_same_hour(session, officer):
    row = make_session()
    with refused("not being held"):
        rules.add_sitting(row, Hour(row.local_start + timedelta(minutes=30), row.zone, 5), tell=False, by=officer, now=NOW)
    assert session.scalars(select(PeerSession)).all() == [row]


def test_who_is_invited_already_hears_of_the_second_hour_if_so_chosen(session, officer, outbox):
    row = make_session()
    make_invitation(row)
    mark_sent()
    other = rules.add_sitting(row, Hour(MORNING, "Africa/Nairobi", 5), tell=True, by=officer, now=NOW + minutes(1))
    [mail] = outbox("session-update")
    common = job_of(mail).common
    assert common["other_sittings"] == [{"starts_at": "2026-12-08T02:00:00Z", "minutes": 90}]
    assert (common["moved"], mail.ical_uid, other.sequence) == (False, row.uid, 0)


def test_changing_takes_the_former_entry_out_and_brings_the_new_one(session, officer, outbox):
    row, other = twice(officer)
    invitation = make_invitation(row)
    mark_sent()
    says(invitation)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(2), wants_notes=True, comment="Window seat")
    mark_sent(NOW + minutes(3))
    made, outcome = says(invitation, to=other, after=9)
    assert (outcome.seat, made.peer_session_id, made.answer) == (Seat.HELD, other.id, Answer.YES)
    assert (made.wants_notes, made.comment) == (True, "Window seat")
    assert (invitation.seat, invitation.uninvited_at) == (Seat.NONE, NOW + minutes(9))
    [gone] = outbox("session-uninvite")
    assert (gone.ical_method, gone.ical_uid, gone.ical_sequence) == ("CANCEL", row.uid, 1)
    assert job_of(gone).common["other_starts_at"] == "2026-12-08T02:00:00Z"
    new = outbox("session-confirmation")[-1]
    assert (new.ical_method, new.ical_uid, new.ical_sequence) == ("REQUEST", other.uid, 0)
    assert [r.answer for r in session.scalars(select(AnswerRecord).where(AnswerRecord.invitation_id == made.id))] == [Answer.YES]


def test_changing_there_and_back_leaves_one_entry_with_a_higher_sequence(session, officer, outbox):
    row, other = twice(officer)
    invitation = make_invitation(row)
    mark_sent()
    says(invitation)
    mark_sent(NOW + minutes(1))
    made, _ = says(invitation, to=other, after=5)
    mark_sent(NOW + minutes(5))
    back, outcome = says(made, to=row, after=10)
    assert back.id == invitation.id
    assert (outcome.seat, back.uninvited_at, made.uninvited_at) == (Seat.HELD, None, NOW + minutes(10))
    entries = [(m.ical_method, m.ical_sequence) for m in outbox() if m.ical_uid == row.uid]
    assert entries == [("REQUEST", 0), ("REQUEST", 0), ("CANCEL", 1), ("REQUEST", 2)]
    assert places.now_at(made) is back


def test_no_seat_is_lost_where_the_other_sitting_is_full(session, officer, outbox):
    row, other = twice(officer, second=1)
    first, second, third = (make_invitation(row) for _ in range(3))
    says(first, to=other)
    says(second)
    mails = len(outbox())
    with refused("You keep your seat"):
        says(second, to=other, after=2)
    assert (second.seat, second.uninvited_at, second.answer) == (Seat.HELD, None, Answer.YES)
    assert len(outbox()) == mails
    made, outcome = says(third, to=other, after=3)  # had nothing to lose: waits for the hour that suits
    assert (outcome.seat, outcome.place, made.peer_session_id) == (Seat.WAITING, 1, other.id)
    with refused("takes no answers"):
        rules.answer_for(made, row, answer=Answer.YES, route=Route.PAGE, now=row.starts_at)


def test_who_waits_keeps_the_place_in_line(session, officer):
    row, other = twice(officer, capacity=1, second=1)
    for to in (None, other):
        says(make_invitation(row), to=to)
    waits = make_invitation(row)
    says(waits, after=2)
    since = waits.waiting_since
    with refused("You keep your place in line"):
        says(waits, to=other, after=3)
    assert (waits.seat, waits.waiting_since) == (Seat.WAITING, since)


def test_a_seat_given_up_by_changing_goes_to_the_next(session, officer, outbox):
    row, other = twice(officer, capacity=1)
    holder, waits = make_invitation(row), make_invitation(row)
    says(holder), says(waits, after=2)
    says(holder, to=other, after=3)
    assert waits.seat is Seat.HELD
    assert [m.recipient_id for m in outbox("session-seat")] == [waits.person_id]


def test_changing_does_not_count_twice_against_the_quota(session, officer):
    row, other = twice(officer)
    rules.set_places(other, PlaceRules(quota=1), version=row.version, by=officer, now=NOW)
    state = make_state()
    first, second = (make_invitation(row, organisation=state) for _ in range(2))
    says(first)
    made, outcome = says(first, to=other, after=2)
    assert outcome.seat is Seat.HELD
    assert says(second, after=3)[1].most == 1  # the State's seat is in the other sitting
    rules.respond(made, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(4))
    assert second.seat is Seat.HELD  # and free again here


def test_nobody_is_invited_to_both(session, officer):
    row, other = twice(officer)
    invitation = make_invitation(row)
    done = rules.invite(other, [rules.Guest(invitation.person)], by=officer, now=NOW)
    assert (done.total, done.already) == (0, 1)
    somebody = make_invitation(row)
    says(invitation, to=other)
    with refused("invited to the other sitting"):
        rules.name_delegate(somebody, invitation.person, replace=True, by=officer, now=NOW + minutes(2))
    assert rules.invite(row, [rules.Guest(invitation.person)], by=officer, now=NOW + minutes(2)).total == 0


def test_no_is_no_to_both(session, officer):
    row, other = twice(officer)
    invitation = make_invitation(row)
    made, outcome = says(invitation, Answer.NO, to=other)
    assert made is invitation
    assert (outcome.answer, outcome.seat) == (Answer.NO, Seat.NONE)


def test_maybe_for_the_other_hour_brings_its_entry(session, officer, outbox):
    row, other = twice(officer)
    invitation = make_invitation(row)
    mark_sent()
    made, _ = says(invitation, Answer.MAYBE, to=other)
    new = outbox("session-invite")[-1]
    assert (made.answer, new.ical_uid, new.recipient_id) == (Answer.MAYBE, other.uid, made.person_id)


def test_reminders_are_of_the_sitting_one_is_in(session, officer, outbox):
    row, other = twice(officer)
    stays, changes = make_invitation(row), make_invitation(row)
    says(stays), says(changes)
    made, _ = says(changes, to=other, after=2)
    mark_sent(NOW + minutes(3))
    for one in (row, other):
        reminders.queue_due(one.starts_at - minutes(59))
    told = {(m.recipient_id, m.subject_id) for m in outbox("session-reminder")}
    assert told == {(stays.person_id, row.id), (made.person_id, other.id)}


def test_both_say_what_one_was_changed_to_say(session, officer, outbox):
    row, other = twice(officer)
    stays, changes = make_invitation(row), make_invitation(row)
    says(stays), says(changes, to=other)
    mark_sent(NOW + minutes(2))
    plan = replace(plan_of(other), titles={"en": "Another title"}, capacity=7)
    rules.change(other, plan, version=other.version, tell=True, by=officer, now=NOW + minutes(5))
    rules.keep_same(other, plan, tell=True, by=officer, now=NOW + minutes(5))
    assert (row.titles, other.titles) == ({"en": "Another title"}, {"en": "Another title"})
    assert (row.capacity, other.capacity) == (30, 7)
    assert {m.recipient_id for m in outbox("session-update")} == {stays.person_id, changes.person_id}
    assert (row.sequence, other.sequence) == (0, 0)


def test_of_a_sitting_that_is_cancelled_one_changes_to_the_other_without_a_second_cancellation(session, officer, outbox):
    row, other = twice(officer)
    invitation = make_invitation(row)
    says(invitation)
    mark_sent(NOW + minutes(1))
    rules.cancel(row, reason="", tell=True, version=row.version, by=officer, now=NOW + minutes(5))
    made, outcome = says(invitation, to=other, after=6)
    assert (outcome.seat, other.status) == (Seat.HELD, SessionStatus.SCHEDULED)
    assert (len(outbox("session-cancel")), outbox("session-uninvite")) == (1, [])
    assert places.own_of_meeting(row, invitation.person_id) is made


def test_the_answer_page_lets_choose_and_the_former_link_leads_on(session, officer, visitor, outbox):
    row, other = twice(officer)
    invitation = make_invitation(row, make_person("Castle", zone="Asia/Tokyo"))
    [mail] = outbox("session-invite")
    assert job_of(mail).common["other_sittings"][0]["starts_at"] == "2026-12-08T02:00:00Z"
    session.commit()
    page = link(invitation)
    shown = visitor.get(page)
    assert "11:00 to 12:30" in shown.text  # in the person's own zone
    assert "22:00 to 23:30" in shown.text
    visitor.client.head(f"{page}?answer=yes&sitting={other.id}")
    visitor.get(f"{page}?answer=yes&sitting={other.id}")
    session.expire_all()
    assert invitation.answer is None  # looking changes nothing
    done = visitor.post(page, {"answer": "yes", "sitting": str(other.id)})
    assert done.status_code == 303
    session.expire_all()
    made = invitation_of(other, invitation.person)
    assert (made.seat, invitation.uninvited_at is not None) == (Seat.HELD, True)
    again = visitor.get(page)
    assert again.status_code == 200
    assert "You answered Yes and have a seat." in again.text


def test_the_page_says_when_the_other_sitting_is_full_and_nothing_changes(session, officer, visitor):
    row, other = twice(officer, second=1)
    says(make_invitation(row), to=other)
    invitation = make_invitation(row)
    says(invitation)
    session.commit()
    page = link(invitation)
    assert "all seats are taken" in visitor.get(page).text
    done = visitor.post(page, {"answer": "yes", "sitting": str(other.id)})
    assert done.status_code == 409
    assert "You keep your seat in this one." in done.text
    session.expire_all()
    assert invitation_of(row, invitation.person).seat is Seat.HELD


def test_both_sittings_have_one_page_and_its_invited_see_it_from_either(session, officer, sign_in, visitor):
    row, other = twice(officer, visibility=Visibility.INVITED)
    person = make_person("Castle")
    invitation = make_invitation(row, person)
    says(invitation, to=other)
    session.commit()
    own = Browser(sign_in(person))
    assert own.get(f"/en/sessions/{other.id}").location.endswith(f"/en/sessions/{row.id}")
    page = own.get(f"/en/sessions/{row.id}")
    assert page.status_code == 200
    assert "Your invitation is for this one" in page.text
    assert visitor.get(f"/en/sessions/{row.id}").status_code == 404
    done = own.post(f"/en/sessions/{other.id}/answer", {"answer": "yes", "sitting": str(row.id)}, page=f"/en/sessions/{row.id}")
    assert done.status_code == 303
    session.expire_all()
    assert invitation_of(row, person).seat is Seat.HELD


def test_an_answer_by_mail_to_the_former_entry_waits_for_a_person(session, officer):
    row, other = twice(officer)
    invitation = make_invitation(row)
    says(invitation)
    made, _ = says(invitation, to=other, after=2)
    mail = receive(session, invitation, partstat="DECLINED", dtstamp=(NOW + minutes(5)).isoformat())
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "uninvited")
    assert made.seat is Seat.HELD
    current = receive(session, made, partstat="DECLINED", dtstamp=(NOW + minutes(7)).isoformat())
    assert (current.verdict, made.seat) == (Verdict.APPLIED, Seat.NONE)
