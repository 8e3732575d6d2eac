"""What strangers, broken clocks and repeated mails try: none of it moves a seat, silences a person or floods anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.rules import reach
from app.core.errors import RuleBroken
from app.exchanges import rules
from app.exchanges.models import Answer, Invitation
from app.notifications import bounces
from app.notifications.models import Message, State, Verdict
from tests.exchanges.test_moderating import delegation, focal, invited, mails, officer, receive, state  # noqa: F401
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes

FAR = "2099-01-01T00:00:00+00:00"


@pytest.mark.line("H3")
@pytest.mark.parametrize("told", [{"dtstamp": FAR}, {"sequence": 999_999_999}])
def test_h3_an_answer_from_the_future_does_not_silence_those_that_come_after_it(session, invited, told):  # noqa: F811
    receive(session, invited, **told)
    later = receive(session, invited, partstat="DECLINED", dtstamp=(NOW + minutes(5)).isoformat())
    assert later.verdict is Verdict.APPLIED
    assert invitation_of(invited.peer_session, invited.person).answer is Answer.NO


@pytest.mark.line("H10")
def test_h10_the_same_delegation_twice_is_one_proposal_and_one_mail(session, invited, focal, state):  # noqa: F811
    first = delegation(session, invited)
    again = delegation(session, invited)
    assert (first.verdict, again.verdict, again.reason) == (Verdict.UNCLEAR, Verdict.IGNORED, "repeated")
    assert len(mails(session, "delegate-proposed")) == 1
    rules.decide_for_state(first, state.id, accepted=False, by=focal, now=NOW)
    after = delegation(session, invited)
    assert (after.verdict, after.reason) == (Verdict.IGNORED, "repeated")
    assert len(mails(session, "delegate-proposed")) == 1


@pytest.mark.line("H9")
def test_h9_many_delegations_write_few_mails_to_the_focal_point(session, invited, focal):  # noqa: F811
    for i in range(12):
        delegation(session, invited, to=f"n{i}@alvania.example", dtstamp=(NOW + minutes(i)).isoformat())
    assert 1 <= len(mails(session, "delegate-proposed")) <= 3


@pytest.mark.line("H9")
@pytest.mark.parametrize("forged", [{"sender": "evil@x.example"}, {"sender": "nora@y.example", "authentic": False}])
def test_h9_nobody_gets_a_seat_by_a_mail_that_is_not_from_the_delegate(session, invited, officer, forged):  # noqa: F811
    mail = receive(session, invited, name="Nora", attendee="nora@y.example", delegated_from=invited.person.email, **forged)
    assert mail.reason == "delegate_answers"
    with pytest.raises(RuleBroken):
        rules.accept(mail, by=officer, now=NOW)
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]
    assert mail.verdict is Verdict.UNCLEAR


@pytest.mark.line("E4")
def test_e4_whose_proposal_was_declined_still_learns_of_the_cancellation(session, invited, officer):  # noqa: F811
    row = invited.peer_session
    start = row.starts_at + timedelta(days=1)
    mail = receive(session, invited, method="COUNTER", starts_at=start.isoformat(), minutes=90)
    rules.refuse(mail, by=officer, now=NOW + minutes(1))
    mark_sent(NOW + minutes(2))
    assert rules.ask_again(row, by=officer, now=NOW + timedelta(days=2)) == 1
    rules.cancel(row, reason="", tell=True, version=row.version, by=officer, now=NOW + timedelta(days=2))
    assert [m.recipient_id for m in mails(session, "session-cancel")] == [invited.person_id]


@pytest.mark.line("F3", "D5")
def test_f3_who_was_refused_and_is_invited_after_all_gets_a_higher_sequence(session, invited, officer):  # noqa: F811
    who = {"sender": "stranger@x.example", "name": "Ann Other", "attendee": "stranger@x.example"}
    rules.refuse(receive(session, invited, **who), by=officer, now=NOW)
    cancelled = mails(session, "session-not-invited")[0]
    rules.accept(receive(session, invited, dtstamp=(NOW + minutes(3)).isoformat(), **who), by=officer, now=NOW + minutes(4))
    invite = next(m for m in mails(session, "session-invite") if m.address == "stranger@x.example")
    assert (invite.state, invite.ical_method) == (State.QUEUED, "REQUEST")
    assert invite.ical_sequence > cancelled.ical_sequence
    made = next(i for i in session.scalars(select(Invitation)) if i.person.email == "stranger@x.example")
    assert made.sequence == invite.ical_sequence == made.peer_session.sequence + made.sequence_raise
    assert session.scalars(select(Message).where(Message.kind == "session-not-invited")).all() == [cancelled]


@pytest.mark.line("H9")
@pytest.mark.parametrize("to", ["a b@x.example", "x@", "@x", "a@b@c", "nora@x.example>", "a\u202eb@x.example", "x@" + "y" * 200])
def test_h9_what_no_mail_server_takes_gets_no_seat(session, invited, focal, state, to):  # noqa: F811
    mail = delegation(session, invited, to=to)
    with pytest.raises(RuleBroken):
        rules.decide_for_state(mail, state.id, accepted=True, by=focal, now=NOW)
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]


@pytest.mark.line("H9")
def test_h9_nobody_delegates_to_a_closed_record_or_to_themselves_by_another_address(session, invited, focal, state, officer):  # noqa: F811
    make_person("Gone", of=state, email="gone@alvania.example", active=False)
    reach.add_other_address(invited.person, "me@alvania.example", by=officer, now=NOW)
    for i, to in enumerate(("gone@alvania.example", "me@alvania.example")):
        mail = delegation(session, invited, to=to, dtstamp=(NOW + minutes(i)).isoformat())
        with pytest.raises(RuleBroken):
            rules.decide_for_state(mail, state.id, accepted=True, by=focal, now=NOW)
    assert [i.person_id for i in session.scalars(select(Invitation))] == [invited.person_id]


@pytest.mark.line("P7", "N4")
@pytest.mark.parametrize("tell", [True, False])
def test_p7_what_was_held_and_taken_back_since_does_not_leave_when_the_address_works_again(session, invited, officer, tell):  # noqa: F811
    bounces.mark_by_hand(session.scalars(select(Message)).first(), now=NOW)
    row = make_session()
    rules.uninvite(make_invitation(row, invited.person), tell=tell, by=officer, now=NOW + minutes(1))
    reach.works_again(invited.person, by=officer, now=NOW + minutes(2))
    waiting = session.scalars(select(Message).where(Message.subject_id == row.id, Message.state == State.QUEUED)).all()
    assert [m.ical_method for m in waiting] == (["CANCEL"] if tell else [])


@pytest.mark.line("P2")
def test_p2_two_programs_that_answer_by_turns_do_not_make_mails_without_end(session, invited):  # noqa: F811
    judged = [
        receive(session, invited, partstat=("ACCEPTED", "DECLINED")[i % 2], dtstamp=(NOW + timedelta(seconds=i)).isoformat())
        for i in range(20)
    ]
    assert len(mails(session, "session-confirmation")) <= 3
    assert (judged[-2].verdict, judged[-2].reason) == (Verdict.UNCLEAR, "contradicts")


@pytest.mark.line("N3")
@pytest.mark.parametrize("reason", ["unknown_replier", "delegate_answers"])
def test_n3_who_was_invited_meanwhile_does_not_lose_the_entry_by_a_no(session, invited, officer, reason):  # noqa: F811
    more = {"delegated_from": invited.person.email} if reason == "delegate_answers" else {}
    mail = receive(session, invited, sender="stranger@x.example", name="Ann Other", attendee="stranger@x.example", **more)
    assert mail.reason == reason
    make_invitation(invited.peer_session, make_person("Other", email="stranger@x.example"))
    with pytest.raises(RuleBroken):
        rules.refuse(mail, by=officer, now=NOW + minutes(1))
    assert mails(session, "session-not-invited") == []
