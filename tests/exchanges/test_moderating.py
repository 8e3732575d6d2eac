"""What the desk and the focal points decide about mails that were not certain: each reason has a yes and a no."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.core.events import announce
from app.exchanges import queries, rules
from app.exchanges.models import Answer, Invitation, Route, Seat
from app.notifications.events import ReplyReceived
from app.notifications.models import AddressTrouble, InboundMail, Message, State, Verdict
from tests.exchanges.test_by_mail import entry_of
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes


@pytest.fixture
def state(session):
    return make_state("Alvania", zone="Africa/Dakar")


@pytest.fixture
def officer(session):
    return make_person("Berg")


@pytest.fixture
def focal(session, state):
    person = make_person("Diallo", of=state, email="focal@alvania.example")
    make_designation(state, person)
    return person


@pytest.fixture
def invited(session, state):
    invitation = make_invitation(
        make_session(), make_person("Morrow", of=state, email="a.morrow@alvania.example"), organisation=state
    )
    mark_sent()
    return invitation


def receive(session, invitation, *, sender=None, name="", **told):
    row = invitation.peer_session
    reply = {"method": "REPLY", "uid": row.uid, "attendee": invitation.person.email, "partstat": "ACCEPTED", "sequence": 0,
             "dtstamp": NOW.isoformat(), "comment": "", **told}  # fmt: skip
    mail = InboundMail(
        id=uuid.uuid4(), received_at=NOW, source="imap", sha256=uuid.uuid4().hex, raw=b"", subject="Re", body="",
        sender=sender or invitation.person.email, sender_name=name, reply=reply,
    )  # fmt: skip
    session.add(mail)
    session.flush()
    announce(ReplyReceived(mail.id))
    session.flush()
    return mail


def delegation(session, invited, to="Nora@alvania.example", **told):
    return receive(session, invited, partstat="DELEGATED", delegated_to=to, delegate_name="Nora Sabri", **told)


def mails(session, kind):
    return session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)).all()


def decided(session, mail, action, by):
    assert (mail.verdict, mail.decided_by) == (Verdict.HANDLED, by.id)
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == action)).one()
    assert (line.actor_id, line.object_id) == (by.id, mail.id)


@pytest.mark.line("H9")
def test_h9_a_delegation_is_proposed_to_the_focal_point_and_changes_nothing(session, invited, focal, state):
    mail = delegation(session, invited)
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "delegated")
    told = mails(session, "delegate-proposed")
    assert [(m.recipient_id, m.facts["delegate"], m.state) for m in told] == [(focal.id, "Nora Sabri", State.QUEUED)]
    assert [one.mail.id for one in queries.proposals_for([state.id], NOW)] == [mail.id]
    assert queries.proposals_for([make_state().id], NOW) == [] == queries.proposals_for([], NOW)
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]
    assert invitation_of(invited.peer_session, invited.person).answer is None


@pytest.mark.line("H9")
def test_h9_the_state_agrees_the_delegate_is_invited_and_the_delegator_told_and_the_seat_is_kept(session, invited, focal, state):
    rules.respond(invited, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mail = delegation(session, invited, dtstamp=(NOW + minutes(1)).isoformat())
    rules.decide_for_state(mail, state.id, accepted=True, by=focal, now=NOW + minutes(2))
    decided(session, mail, "reply.delegate_accepted", focal)
    row = invited.peer_session
    made = session.scalars(select(Invitation).where(Invitation.delegate_of == invited.id)).one()
    assert (made.person.email, made.person.full_name, made.seat) == ("Nora@alvania.example", "Nora Sabri", Seat.HELD)
    invite = next(m for m in mails(session, "session-invite") if m.recipient_id == made.person_id)
    assert (invite.ical_method, invite.ical_uid) == ("REQUEST", row.uid)
    told = mails(session, "session-uninvite")
    assert [(m.recipient_id, m.ical_method) for m in told] == [(invited.person_id, "CANCEL")]
    sent, entry = entry_of(told[0])
    assert "Nora Sabri is invited in your place" in sent.get_body(("plain",)).get_content()
    assert "STATUS" not in entry
    with pytest.raises(RuleBroken):
        rules.accept(mail, by=focal, now=NOW + minutes(3))


@pytest.mark.line("H9")
def test_h9_the_state_does_not_agree_and_the_delegator_hears_so(session, invited, focal, state):
    mail = delegation(session, invited)
    rules.decide_for_state(mail, state.id, accepted=False, by=focal, now=NOW)
    decided(session, mail, "reply.delegate_refused", focal)
    assert [m.recipient_id for m in mails(session, "delegate-refused")] == [invited.person_id]
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]
    assert queries.proposals_for([state.id], NOW) == []


@pytest.mark.line("H9")
def test_h9_a_focal_point_sends_nobody_of_another_state_and_the_secretariat_may(session, invited, focal, state, officer):
    make_person("Sabri", of=make_state("Elmara"), email="nora@alvania.example")
    mail = delegation(session, invited)
    with pytest.raises(RuleBroken) as told:
        rules.decide_for_state(mail, state.id, accepted=True, by=focal, now=NOW)
    assert "outside your delegation" in str(told.value.message)
    assert mail.verdict is Verdict.UNCLEAR
    rules.accept(mail, by=officer, now=NOW)
    decided(session, mail, "reply.delegate_accepted", officer)


@pytest.mark.line("H9")
def test_h9_a_delegate_who_answers_first_is_on_the_desk_with_the_one_who_sends_them(session, invited, officer):
    mail = receive(session, invited, sender="nora@x.example", name="Nora Sabri", attendee="nora@x.example",
                   delegated_from=invited.person.email)  # fmt: skip
    assert (mail.reason, mail.person_id) == ("delegate_answers", invited.person_id)
    rules.accept(mail, by=officer, now=NOW)
    made = session.scalars(select(Invitation).where(Invitation.delegate_of == invited.id)).one()
    assert made.person.full_name == "Nora Sabri"


def test_a_delegation_that_names_nobody_is_not_accepted(session, invited, officer):
    mail = delegation(session, invited, to="")
    with pytest.raises(RuleBroken) as told:
        rules.accept(mail, by=officer, now=NOW)
    assert "does not say who" in str(told.value.message)
    assert mails(session, "delegate-proposed") == []


@pytest.mark.line("H8")
def test_h8_the_organizer_accepts_somebody_who_was_not_invited_with_a_request(session, invited, officer):
    mail = receive(session, invited, sender="crasher@x.example", name="Kim Crasher", attendee="crasher@x.example")
    rules.accept(mail, by=officer, now=NOW)
    decided(session, mail, "reply.replier_invited", officer)
    invite = next(m for m in mails(session, "session-invite") if m.address == "crasher@x.example")
    assert (invite.ical_method, invite.ical_uid, invite.recipient_name) == ("REQUEST", invited.peer_session.uid, "Kim Crasher")
    made = session.scalars(select(Invitation).where(Invitation.person_id == invite.recipient_id)).one()
    assert made.answer is None  # what they wrote before they were asked is no answer


@pytest.mark.line("H8")
def test_h8_the_organizer_refuses_somebody_who_was_not_invited_with_a_cancel_for_them_alone(session, invited, officer):
    mail = receive(session, invited, sender="crasher@x.example", attendee="crasher@x.example")
    rules.refuse(mail, by=officer, now=NOW)
    decided(session, mail, "reply.replier_refused", officer)
    told = mails(session, "session-not-invited")
    assert [(m.address, m.ical_method, m.ical_sequence) for m in told] == [("crasher@x.example", "CANCEL", 1)]
    _sent, entry = entry_of(told[0])
    assert (str(entry["ATTENDEE"]), "STATUS" in entry, entry["UID"]) == (
        "mailto:crasher@x.example",
        False,
        invited.peer_session.uid,
    )
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]


@pytest.mark.line("P2")
@pytest.mark.parametrize("told", [{"sender": "other@x.example"}, {"automatic": True}, {"authentic": False}])
def test_p2_nothing_is_written_to_a_machine_or_to_an_address_that_a_mail_merely_names(session, invited, officer, told):
    told = {"sender": "crasher@x.example", **told}
    mail = receive(session, invited, attendee="crasher@x.example", **told)
    sent = len(session.scalars(select(Message)).all())
    with pytest.raises(RuleBroken):
        rules.accept(mail, by=officer, now=NOW)
    rules.refuse(mail, by=officer, now=NOW)
    assert len(session.scalars(select(Message)).all()) == sent


def counter(session, invited, starts_at, **told):
    return receive(session, invited, method="COUNTER", starts_at=starts_at.isoformat(), minutes=60, **told)


@pytest.mark.line("I3")
def test_i3_a_proposal_is_declined_with_the_sequence_it_named_and_nothing_else_changes(session, invited, officer):
    row = invited.peer_session
    rules.change(
        row, make_plan(local_start=row.local_start + timedelta(days=1)), version=row.version, tell=True, by=officer, now=NOW
    )
    mark_sent(NOW + minutes(5))
    before = row.starts_at
    mail = counter(session, invited, row.starts_at + timedelta(days=2), sequence=0)
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "counter")
    assert [m.id for m in queries.counters_of(row)] == [mail.id]
    rules.refuse(mail, by=officer, now=NOW + minutes(9))
    decided(session, mail, "reply.proposal_declined", officer)
    told = mails(session, "session-proposal-declined")
    assert [(m.recipient_id, m.ical_method, m.ical_uid, m.ical_sequence) for m in told] == [
        (invited.person_id, "DECLINECOUNTER", row.uid, 0)
    ]
    _sent, entry = entry_of(told[0])
    assert entry["SEQUENCE"] == 0 and entry["DTSTAMP"].dt > mails(session, "session-update")[0].dtstamp
    after = invitation_of(row, invited.person)
    assert (after.answer, after.sequence, row.starts_at, row.sequence) == (None, 1, before, 1)


@pytest.mark.line("I3")
def test_i3_a_proposal_is_taken_by_moving_the_session_and_every_proposal_of_that_time_is_answered(session, invited, officer):
    row = invited.peer_session
    other, third = make_invitation(row), make_invitation(row)
    mark_sent()
    start = row.starts_at + timedelta(days=1)
    taken, same = counter(session, invited, start), counter(session, other, start)
    elsewhere = counter(session, third, start + timedelta(hours=2))
    plan = make_plan(local_start=row.local_start + timedelta(days=1))
    rules.change(row, plan, version=row.version, tell=True, by=officer, now=NOW + minutes(2))
    assert [m.verdict for m in (taken, same, elsewhere)] == [Verdict.HANDLED, Verdict.HANDLED, Verdict.UNCLEAR]
    assert taken.decided_by == officer.id
    updates = mails(session, "session-update")
    assert {(m.recipient_id, m.ical_method, m.ical_sequence) for m in updates} == {
        (one.person_id, "REQUEST", 1) for one in (invited, other, third)
    }  # fmt: skip
    assert mails(session, "session-proposal-declined") == []


@pytest.mark.line("I1")
def test_i1_of_several_proposals_of_one_person_the_latest_waits_and_a_late_one_is_dropped(session, invited):
    row = invited.peer_session
    first = counter(session, invited, row.starts_at + timedelta(days=1))
    second = counter(session, invited, row.starts_at + timedelta(days=2), dtstamp=(NOW + minutes(2)).isoformat())
    late = counter(session, invited, row.starts_at + timedelta(days=3), dtstamp=(NOW + minutes(1)).isoformat())
    assert [(m.verdict, m.reason) for m in (first, second, late)] == [
        (Verdict.IGNORED, "older"), (Verdict.UNCLEAR, "counter"), (Verdict.IGNORED, "older"),
    ]  # fmt: skip


@pytest.mark.line("I2")
def test_i2_what_another_time_would_mean_is_counted_for_those_who_are_invited(session, invited):
    row = invited.peer_session  # 13:00 UTC
    tokyo = make_state(zone="Asia/Tokyo")
    for _ in range(2):
        make_invitation(row, organisation=tokyo)
    meanwhile = make_session(local_start=datetime(2026, 12, 8, 6, 0), zone="UTC")
    found = queries.meaning_of(row, datetime.fromisoformat("2026-12-08T06:30:00+00:00"), 90)
    assert (found.people, dict(found.now), dict(found.then)) == (3, {"d": 1, "n": 2}, {"d": 2, "n": 1})
    assert (found.places, [o.id for o in found.others]) == (["Asia/Tokyo", "Africa/Dakar"], [meanwhile.id])


@pytest.mark.line("P7")
def test_p7_a_report_that_was_not_certain_marks_the_address_when_somebody_at_the_desk_says_so(session, invited, officer, focal):
    message = session.scalars(select(Message)).first()
    mail = InboundMail(
        received_at=NOW, source="imap", sha256="r", raw=b"", subject="failure", body="No such user", sender="mailer-daemon@x.example",
        verdict=Verdict.UNCLEAR, reason="delivery_report", person_id=invited.person_id,
        reply={"report": [], "message_id": str(message.id), "address": message.address},
    )  # fmt: skip
    session.add(mail)
    session.flush()
    rules.accept(mail, by=officer, now=NOW)
    decided(session, mail, "reply.address_marked", officer)
    assert session.scalars(select(AddressTrouble)).one().address == invited.person.email
    assert invited.person.email_undeliverable_at is not None
    assert [m.recipient_id for m in mails(session, "address-failed")] == [focal.id]


def test_reasons_without_two_buttons_are_decided_by_recording_what_the_mail_says(session, invited, officer):
    mail = receive(session, invited, problem="several_attendees")
    for verb in (rules.accept, rules.refuse):
        with pytest.raises(RuleBroken):
            verb(mail, by=officer, now=NOW)
    assert mail.verdict is Verdict.UNCLEAR
