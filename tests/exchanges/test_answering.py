"""Answers, seats and the waiting list."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.errors import LinkOver, RuleBroken
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Capacity, Route, Seat
from app.exchanges.queries import seats_held
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes


def yes(invitation, now=NOW, **more):
    return rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=now, **more)


def kinds(session, invitation=None):
    query = select(Message).order_by(Message.created_at, Message.id)
    if invitation is not None:
        query = query.where(Message.recipient_id == invitation.person_id)
    return [(m.kind, m.state.value) for m in session.scalars(query)]


def test_yes_takes_a_seat_and_the_confirmation_carries_dial_in_and_test_link(session):
    invitation = make_invitation(make_session())
    before = invitation.dtstamp
    outcome = yes(invitation, NOW + minutes(1), wants_notes=True, comment="With pleasure")
    assert (outcome.changed, outcome.answer, outcome.seat, outcome.place) == (True, Answer.YES, Seat.HELD, None)
    assert invitation.wants_notes
    assert invitation.comment == "With pleasure"
    assert invitation.may_join
    mail = session.scalars(select(Message).where(Message.kind == "session-confirmation")).one()
    assert (mail.ical_method, mail.ical_sequence, mail.dtstamp) == ("REQUEST", 0, invitation.dtstamp)
    assert invitation.dtstamp > before
    facts = common(session, mail)
    assert (facts["dial_in"], facts["test_url"]) == ("+254 20 000 0000, 1234#", "https://meet.example/test")
    assert "https://meet.example/abc" not in str(facts)  # the meeting itself is behind the personal address


def common(session, mail):
    from app.notifications.models import MessageFacts

    return session.get(MessageFacts, mail.common_id).facts


def test_before_yes_neither_dial_in_nor_test_link_is_told(session):
    make_invitation(make_session())
    mail = session.scalars(select(Message).where(Message.kind == "session-invite")).one()
    told = str(common(session, mail)) + str(mail.facts)
    assert "1234#" not in told
    assert "meet.example" not in told


def test_the_same_answer_again_changes_nothing_and_tells_nobody(session):
    invitation = make_invitation(make_session())
    yes(invitation)
    before = kinds(session)
    stamp = invitation.dtstamp
    for later in (1, 2):
        outcome = yes(invitation, NOW + minutes(later))
        assert not outcome.changed
    assert kinds(session) == before
    assert invitation.dtstamp == stamp
    assert len(session.scalars(select(AnswerRecord)).all()) == 1


def test_a_full_session_gives_places_in_line_and_a_freed_seat_goes_to_the_first(session):
    row = make_session(capacity=1)
    holder, first, second = (make_invitation(row) for _ in range(3))
    assert yes(holder).seat is Seat.HELD
    assert (yes(first, NOW + minutes(1)).place, yes(second, NOW + minutes(2)).place) == (1, 2)
    assert [k for k, _ in kinds(session, first)] == ["session-invite", "session-waiting"]
    rules.respond(holder, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(3))
    first, second = invitation_of(row, first.person), invitation_of(row, second.person)
    assert (first.seat, second.seat) == (Seat.HELD, Seat.WAITING)
    assert [k for k, _ in kinds(session, first)] == ["session-invite", "session-waiting", "session-seat"]
    assert "session-seat" not in [k for k, _ in kinds(session, second)]
    assert seats_held(row.id) == 1


def test_maybe_frees_the_seat_too(session):
    row = make_session(capacity=1)
    holder, waiting = make_invitation(row), make_invitation(row)
    yes(holder)
    yes(waiting, NOW + minutes(1))
    outcome = rules.respond(holder, answer=Answer.MAYBE, route=Route.PAGE, now=NOW + minutes(2))
    assert outcome.seat is Seat.NONE
    assert invitation_of(row, waiting.person).seat is Seat.HELD


def test_more_seats_take_in_those_who_wait_in_their_order(session):
    row = make_session(capacity=1)
    people = [make_invitation(row) for _ in range(4)]
    for number, invitation in enumerate(people):
        yes(invitation, NOW + minutes(number))
    done = rules.change(row, make_plan(capacity=3), version=row.version, tell=False, by=make_person(), now=NOW + minutes(9))
    assert done.promoted == 2
    assert [invitation_of(row, i.person).seat for i in people] == [Seat.HELD] * 3 + [Seat.WAITING]


def test_fewer_seats_than_are_taken_are_refused(session):
    row = make_session(capacity=2)
    for _ in range(2):
        yes(make_invitation(row))
    with pytest.raises(RuleBroken) as refused:
        rules.change(row, make_plan(capacity=1), version=row.version, tell=False, by=make_person(), now=NOW)
    assert refused.value.field == "capacity"


def test_a_closed_session_and_a_taken_back_invitation_refuse_answers_each_in_its_words(session):
    row = make_session()
    over, gone, informed = make_invitation(row), make_invitation(row), make_invitation(row, capacity=Capacity.INFORMATION)
    rules.uninvite(gone, tell=False, by=None, now=NOW)
    with pytest.raises(LinkOver, match="rule"):
        yes(gone)
    with pytest.raises(RuleBroken) as refused:
        yes(informed)
    assert "copy for information" in str(refused.value.message)
    with pytest.raises(RuleBroken) as refused:
        yes(over, row.ends_at)
    assert "over" in str(refused.value.message)
    rules.cancel(row, reason="", tell=False, version=row.version, by=make_person(), now=NOW)
    with pytest.raises(RuleBroken) as refused:
        yes(over)
    assert "cancelled" in str(refused.value.message)
    assert session.scalars(select(AnswerRecord)).all() == []


def test_an_answer_for_a_former_time_is_kept_and_flagged(session):
    row = make_session()
    invitation = make_invitation(row)
    rules.change(
        row, make_plan(local_start=row.local_start.replace(hour=10)), version=row.version, tell=True, by=make_person(),
        now=NOW + minutes(1),
    )  # fmt: skip
    outcome = yes(invitation, NOW + minutes(2), version=1)
    assert outcome.former_time
    assert outcome.seat is Seat.HELD
    kept = session.scalars(select(AnswerRecord)).one()
    assert (kept.former_time, kept.schedule_version) == (True, 1)
    assert not yes(invitation, NOW + minutes(3)).former_time
    late = rules.respond(invitation, answer=Answer.NO, route=Route.MAIL, version=1, now=NOW + minutes(4))
    assert (late.changed, late.answer, late.seat) == (False, Answer.YES, Seat.HELD)  # overtaken: kept as history only
    assert [r.answer for r in session.scalars(select(AnswerRecord).order_by(AnswerRecord.at))] == [
        Answer.YES, Answer.YES, Answer.NO,
    ]  # fmt: skip


def test_a_confirmation_takes_the_place_of_an_update_that_waits(session):
    row = make_session()
    invitation = make_invitation(row)
    mark_sent()
    rules.change(row, make_plan(minutes=60), version=row.version, tell=True, by=make_person(), now=NOW + minutes(1))
    assert ("session-update", "queued") in kinds(session, invitation)
    yes(invitation, NOW + minutes(2))
    assert [k for k, s in kinds(session, invitation) if s == "queued"] == ["session-confirmation"]
