"""Who is invited, once; who is no longer; and whom an accepted expression of interest brings."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.core.errors import RuleBroken
from app.core.events import announce
from app.exchanges import rules
from app.exchanges.models import Answer, Capacity, Invitation, Route, Seat, SessionStatus
from app.interests.events import ExpressionAccepted
from app.interests.models import Call, Expression, Status
from app.notifications.models import Message, State
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes


def invite(row, *people, now=NOW, **more):
    return rules.invite(row, [rules.Guest(p, **more) for p in people], by=None, now=now)


def test_each_person_is_invited_once_however_often_they_are_named(session):
    row, person, other = make_session(), make_person(), make_person()
    done = invite(row, person, other, person)
    assert (done.new, done.already) == (2, 0)
    done = invite(row, person, now=NOW + minutes(1))
    assert (done.new, done.again, done.already) == (0, 0, 1)
    assert session.scalar(select(func.count()).select_from(Invitation)) == 2
    assert session.scalar(select(func.count()).select_from(Message)) == 2


@pytest.mark.line("B6")
def test_the_first_invitation_has_sequence_zero_and_leaves_at_once(session):
    row, person = make_session(), make_person()
    invite(row, person)
    mail = session.scalars(select(Message)).one()
    assert (mail.kind, mail.ical_method, mail.ical_sequence, mail.due_at) == ("session-invite", "REQUEST", 0, NOW)
    assert mail.ical_uid == row.uid
    assert mail.dtstamp == invitation_of(row, person).dtstamp == NOW


def test_a_person_without_an_address_is_counted_and_nothing_is_sent(session):
    done = invite(make_session(), make_person(email=None))
    assert (done.new, done.without_address) == (1, 1)
    mail = session.scalars(select(Message)).one()
    assert (mail.state, mail.suppressed_reason) == (State.SUPPRESSED, "no_address")


@pytest.mark.parametrize("which", ["draft", "cancelled", "over"])
def test_nobody_is_invited_to_what_does_not_take_place(session, which):
    row = make_session(status=SessionStatus.DRAFT if which == "draft" else SessionStatus.SCHEDULED)
    if which == "cancelled":
        rules.cancel(row, reason="", tell=False, version=row.version, by=make_person(), now=NOW)
    with pytest.raises(RuleBroken):
        invite(row, make_person(), now=row.ends_at if which == "over" else NOW)
    assert session.scalars(select(Invitation)).all() == []
    assert session.scalars(select(Message)).all() == []


@pytest.mark.line("B4", "F1", "F2", "F3")
def test_uninviting_tells_one_person_and_inviting_again_raises_sequence_with_the_same_uid(session):
    row, person, other = make_session(), make_person(), make_person()
    invite(row, person, other)
    mark_sent()
    rules.uninvite(invitation_of(row, person), tell=True, by=None, now=NOW + minutes(1))
    invite(row, person, now=NOW + minutes(2))
    mails = session.scalars(select(Message).where(Message.recipient_id == person.id).order_by(Message.dtstamp)).all()
    assert [(m.kind, m.ical_method, m.ical_sequence) for m in mails] == [
        ("session-invite", "REQUEST", 0), ("session-uninvite", "CANCEL", 1), ("session-invite", "REQUEST", 2),
    ]  # fmt: skip
    assert {m.ical_uid for m in mails} == {row.uid}
    assert [m.dtstamp for m in mails] == sorted({m.dtstamp for m in mails})
    assert session.scalar(select(func.count()).where(Message.recipient_id == other.id)) == 1


def test_an_invitation_taken_back_before_it_left_is_never_sent_and_needs_no_cancellation(session):
    row, person = make_session(), make_person()
    invite(row, person)
    rules.uninvite(invitation_of(row, person), tell=True, by=None, now=NOW)
    assert [(m.kind, m.state) for m in session.scalars(select(Message))] == [("session-invite", State.CANCELLED)]


def test_a_seat_that_is_taken_back_goes_to_the_first_in_line(session):
    row = make_session(capacity=1)
    holder, waiting = make_invitation(row), make_invitation(row)
    rules.respond(holder, answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.respond(waiting, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(1))
    rules.uninvite(holder, tell=False, by=None, now=NOW + minutes(2))
    assert invitation_of(row, holder.person).seat is Seat.NONE
    assert invitation_of(row, waiting.person).seat is Seat.HELD


def test_who_was_only_informed_can_be_asked_afterwards(session):
    row, person = make_session(), make_person()
    invite(row, person, capacity=Capacity.INFORMATION)
    assert session.scalars(select(Message.kind)).all() == ["session-copy"]
    assert invite(row, person, now=NOW + minutes(1)).again == 1
    assert invitation_of(row, person).asks
    assert session.scalars(select(Message.kind).order_by(Message.dtstamp)).all() == ["session-copy", "session-invite"]


def accepted_expression(session, *, grounds, state, contact):
    end = NOW.replace(year=2027)
    walls = {"opens_local": NOW.replace(tzinfo=None), "closes_local": end.replace(tzinfo=None)}
    call = Call(titles={"en": "Call"}, zone="UTC", opens_at=NOW, closes_at=end, **walls)
    session.add(call)
    session.flush()
    row = Expression(call_id=call.id, status=Status.ACCEPTED, reference=f"EOI-{call.id}", language="fr", state_id=state.id,
                     contact_id=contact.id, grounds=list(grounds), decided_at=NOW)  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_contacts_and_focal_points_of_accepted_expressions_are_invited_later_too(session):
    state, contact, focal, unverified = make_state("Alvania"), make_person(), make_person(), make_person()
    make_designation(state, focal)
    make_designation(state, unverified, verified=False)
    row = make_session(grounds=("family",), invite_accepted=True)
    other = make_session(grounds=("work",), invite_accepted=True)
    unflagged = make_session(grounds=("family",))
    expression = accepted_expression(session, grounds=("family", "health"), state=state, contact=contact)
    assert {g.person.id for g in rules.accepted_guests(["family"], session_id=row.id, now=NOW)} == {contact.id, focal.id}
    for _twice in range(2):
        announce(ExpressionAccepted(expression.id))
    invited = session.execute(select(Invitation.peer_session_id, Invitation.person_id, Invitation.organisation_id)).all()
    assert sorted(invited) == sorted([(row.id, contact.id, state.id), (row.id, focal.id, state.id)])
    assert not {other.id, unflagged.id} & {i[0] for i in invited}


def test_a_full_session_and_a_person_uninvited_by_hand_are_left_alone(session):
    state, contact = make_state(), make_person()
    row = make_session(grounds=("family",), invite_accepted=True, capacity=1)
    expression = accepted_expression(session, grounds=("family",), state=state, contact=contact)
    announce(ExpressionAccepted(expression.id))
    rules.uninvite(invitation_of(row, contact), tell=False, by=None, now=NOW)
    announce(ExpressionAccepted(expression.id))
    assert invitation_of(row, contact).uninvited_at is not None
    rules.respond(make_invitation(row), answer=Answer.YES, route=Route.PAGE, now=NOW)
    second = accepted_expression(session, grounds=("family",), state=make_state(), contact=make_person())
    announce(ExpressionAccepted(second.id))
    assert session.scalar(select(func.count()).select_from(Invitation)) == 2
