"""Answers by mail: what is certain is applied, everything else is on the desk with its reason."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.errors import RuleBroken
from app.core.events import announce
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Capacity, Route, Seat
from app.notifications.events import ReplyReceived
from app.notifications.models import InboundMail, Message, Verdict
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes


@pytest.fixture
def invited(session):
    invitation = make_invitation(make_session(), make_person(email="Adaeze.Morrow@alvania.example"))
    mark_sent()
    return invitation


def receive(session, invitation, *, sender=None, reply=..., thread=None, **told):
    """A mail as the mailbox stores it, announced to the room."""
    if reply is ...:
        reply = {
            "method": "REPLY", "uid": invitation.peer_session.uid, "attendee": invitation.person.email,
            "partstat": "ACCEPTED", "sequence": 0, "dtstamp": NOW.isoformat(), "comment": "", **told,
        }  # fmt: skip
    mail = InboundMail(
        id=uuid.uuid4(), received_at=NOW, source="command", sha256=uuid.uuid4().hex, raw=b"", subject="Accepted", body="ok",
        sender=(sender or invitation.person.email).lower(), reply=reply, **(thread or {}),
    )  # fmt: skip
    session.add(mail)
    session.flush()
    announce(ReplyReceived(mail.id))
    session.flush()
    return mail


@pytest.mark.line("H5")
@pytest.mark.parametrize(
    ("partstat", "answer", "seat"),
    [("ACCEPTED", Answer.YES, Seat.HELD), ("TENTATIVE", Answer.MAYBE, Seat.NONE), ("DECLINED", Answer.NO, Seat.NONE)],
)
def test_h5_the_three_answers_of_mail_programs(session, invited, partstat, answer, seat):
    mail = receive(session, invited, partstat=partstat, comment="See you")
    assert (mail.verdict, mail.reason) == (Verdict.APPLIED, None)
    after = invitation_of(invited.peer_session, invited.person)
    assert (after.answer, after.seat, after.comment, after.answered_version) == (answer, seat, "See you", 1)
    kept = session.scalars(select(AnswerRecord)).one()
    assert (kept.route, kept.inbound_id) == (Route.MAIL, mail.id)


@pytest.mark.line("H2")
def test_h2_addresses_are_compared_without_case(session, invited):
    assert receive(session, invited, attendee="ADAEZE.MORROW@ALVANIA.EXAMPLE").verdict is Verdict.APPLIED


@pytest.mark.line("H3", "H10", "O2")
def test_h3_an_older_answer_is_dropped_and_h10_a_repeated_one_changes_nothing(session, invited):
    receive(session, invited, dtstamp=(NOW + minutes(5)).isoformat())
    sent = len(session.scalars(select(Message)).all())
    repeated = receive(session, invited, dtstamp=(NOW + minutes(5)).isoformat())
    older = receive(session, invited, dtstamp=NOW.isoformat(), partstat="DECLINED")
    assert [m.verdict for m in (repeated, older)] == [Verdict.IGNORED, Verdict.IGNORED]
    assert invitation_of(invited.peer_session, invited.person).answer is Answer.YES
    assert len(session.scalars(select(AnswerRecord)).all()) == 1
    assert len(session.scalars(select(Message)).all()) == sent


@pytest.mark.line("H10")
def test_h10_another_answer_of_the_same_moment_is_no_repetition_and_a_person_decides(session, invited):
    receive(session, invited)
    mail = receive(session, invited, partstat="DECLINED")
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "contradicts")
    assert invitation_of(invited.peer_session, invited.person).answer is Answer.YES


@pytest.mark.line("H3")
def test_h3_a_mail_that_is_older_than_the_answer_on_the_page_does_not_undo_it(session, invited):
    rules.respond(invited, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(10))
    late = receive(session, invited, partstat="DECLINED", dtstamp=(NOW + minutes(5)).isoformat())
    assert (late.verdict, late.reason) == (Verdict.UNCLEAR, "older_answer")
    assert invitation_of(invited.peer_session, invited.person).answer is Answer.YES
    newer = receive(session, invited, partstat="DECLINED", dtstamp=(NOW + minutes(15)).isoformat())
    assert newer.verdict is Verdict.APPLIED
    assert invitation_of(invited.peer_session, invited.person).answer is Answer.NO


def test_the_same_answer_with_a_new_dtstamp_sends_no_second_confirmation(session, invited):
    receive(session, invited)
    receive(session, invited, dtstamp=(NOW + minutes(1)).isoformat())
    assert len(session.scalars(select(Message).where(Message.kind == "session-confirmation")).all()) == 1


@pytest.mark.line("H3")
def test_h3_a_reply_to_an_old_sequence_is_kept_for_the_former_time(session, invited):
    row = invited.peer_session
    plan = make_plan(local_start=row.local_start + timedelta(days=1))
    rules.change(row, plan, version=row.version, tell=True, by=make_person(), now=NOW + minutes(1))
    mail = receive(session, invited, sequence=0)
    assert (mail.verdict, mail.reason) == (Verdict.APPLIED, "former_time")
    after = invitation_of(row, invited.person)
    assert (after.answer, after.answered_version, after.seat) == (Answer.YES, 1, Seat.HELD)
    assert session.scalars(select(AnswerRecord)).one().former_time
    assert receive(session, invited, sequence=1).reason is None
    assert invitation_of(row, invited.person).answered_version == 2


@pytest.mark.line("H4")
def test_h4_a_missing_sequence_is_zero(session, invited):
    assert receive(session, invited, sequence=None).verdict is Verdict.APPLIED


def unclear(session, invitation, mail, reason):
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, reason)
    after = invitation_of(invitation.peer_session, invitation.person)
    assert (after.answer, after.seat) == (None, Seat.NONE)
    assert session.scalars(select(AnswerRecord)).all() == []


@pytest.mark.line("A6", "H7")
def test_h7_an_answer_for_another_from_a_differing_sender_changes_nothing(session, invited):
    unclear(session, invited, receive(session, invited, sender="assistant@alvania.example"), "sender_differs")


@pytest.mark.line("H7")
def test_h7_an_answer_whose_sender_our_mail_server_cannot_confirm_changes_nothing(session, invited):
    unclear(session, invited, receive(session, invited, authentic=False), "not_authentic")
    assert receive(session, invited, authentic=True, dtstamp=(NOW + minutes(1)).isoformat()).verdict is Verdict.APPLIED


@pytest.mark.line("H7")
@pytest.mark.parametrize("named", ["attendee", "sender", "neither"])
def test_h7_another_address_of_somebody_invited_is_on_the_desk_until_the_desk_has_said_whose_it_is(session, invited, named):
    """By the address it answers for, by the one it comes from, or by the mail of ours that it names."""
    alias = "a.morrow@interior.alvania.example"
    told = {"attendee": {"sender": alias, "attendee": invited.person.email, "neither": alias}[named]}
    sender = invited.person.email if named == "sender" else alias
    thread = {"person_id": invited.person_id, "subject_kind": "session", "subject_id": invited.peer_session_id}
    mail = receive(session, invited, sender=sender, thread=thread if named != "sender" else None, **told)
    unclear(session, invited, mail, "alias")
    assert mail.person_id == invited.person_id
    if named == "sender":
        return
    officer = make_person()
    rules.record_by_hand(mail, invited, answer=Answer.MAYBE, remember=True, by=officer, now=NOW + minutes(1))
    later = receive(session, invited, sender=alias, dtstamp=(NOW + minutes(2)).isoformat(), attendee=alias)
    assert (later.verdict, invitation_of(invited.peer_session, invited.person).answer) == (Verdict.APPLIED, Answer.YES)
    stranger = receive(session, invited, sender="other@alvania.example", attendee=alias, dtstamp=(NOW + minutes(3)).isoformat())
    assert (stranger.verdict, stranger.reason) == (Verdict.UNCLEAR, "sender_differs")


def refreshes(session):
    kinds = ("session-invite", "session-confirmation", "session-copy")
    return session.scalars(select(Message).where(Message.kind.in_(kinds)).order_by(Message.dtstamp)).all()


@pytest.mark.line("J2")
def test_j2_who_asks_for_the_entry_gets_it_as_it_stands_once_an_hour_and_at_the_address_we_know(session, invited):
    first = refreshes(session)[0]
    mail = receive(session, invited, method="REFRESH", partstat="NEEDS-ACTION")
    assert (mail.verdict, mail.reason) == (Verdict.APPLIED, "refreshed")
    again = refreshes(session)[1]
    assert (again.ical_method, again.ical_uid, again.ical_sequence) == ("REQUEST", first.ical_uid, first.ical_sequence)
    assert again.dtstamp > first.dtstamp and again.address == invited.person.email
    once_more = receive(session, invited, method="REFRESH", partstat="NEEDS-ACTION", dtstamp=(NOW + minutes(1)).isoformat())
    assert (once_more.verdict, once_more.reason) == (Verdict.IGNORED, "refreshed_before")
    assert len(refreshes(session)) == 2
    assert invitation_of(invited.peer_session, invited.person).answer is None


@pytest.mark.line("J2")
@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"attendee": "x@y.example", "sender": "x@y.example"}, "unknown_replier"),
        ({"sender": "x@y.example"}, "sender_differs"),
        ({"authentic": False}, "not_authentic"),
        ({"automatic": True}, "automatic"),
    ],
)
def test_j2_nobody_else_is_sent_an_entry(session, invited, told, reason):
    sent = len(session.scalars(select(Message)).all())
    mail = receive(session, invited, method="REFRESH", partstat="NEEDS-ACTION", **told)
    assert mail.reason == reason and mail.verdict is not Verdict.APPLIED
    assert len(session.scalars(select(Message)).all()) == sent


@pytest.mark.line("J2")
def test_j2_after_yes_the_entry_comes_with_what_is_needed_to_join_and_after_uninviting_none_comes(session, invited):
    rules.respond(invited, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    receive(session, invited, method="REFRESH", partstat="NEEDS-ACTION")
    assert [m.kind for m in refreshes(session)] == ["session-invite", "session-confirmation", "session-confirmation"]
    rules.uninvite(invited, tell=True, by=None, now=NOW + minutes(90))
    mail = receive(session, invited, method="REFRESH", partstat="NEEDS-ACTION", dtstamp=(NOW + minutes(99)).isoformat())
    assert mail.reason == "uninvited" and len(refreshes(session)) == 3


@pytest.mark.line("H8")
def test_h8_an_unknown_replier_is_on_the_desk(session, invited):
    mail = receive(session, invited, attendee="x@y.example", sender="x@y.example")
    unclear(session, invited, mail, "unknown_replier")
    assert (mail.subject_kind, mail.subject_id) == ("session", invited.peer_session_id)


@pytest.mark.line("H9")
def test_h9_a_delegation_is_on_the_desk(session, invited):
    unclear(session, invited, receive(session, invited, partstat="DELEGATED"), "delegated")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"uid": "session-unknown@x"}, "unknown_uid"),
        ({"partstat": "NEEDS-ACTION"}, "no_answer"),
        ({"method": "COUNTER"}, "unreadable"),
        ({"method": "COUNTER", "starts_at": "2026-12-08T09:00:00+00:00"}, "counter"),
        ({"dtstamp": "yesterday"}, "unreadable"),
        ({"sequence": "many"}, "unreadable"),
        ({"problem": "several_attendees"}, "several_attendees"),
        ({"reply": None}, "no_calendar_part"),
    ],
)
def test_whatever_is_not_certain_is_on_the_desk_with_its_reason(session, invited, told, reason):
    unclear(session, invited, receive(session, invited, **told), reason)


def test_replies_to_what_is_over_taken_back_or_only_informed_are_on_the_desk(session, invited, monkeypatch):
    from app.core import clock

    row = invited.peer_session
    informed = make_invitation(row, capacity=Capacity.INFORMATION)
    assert receive(session, informed).reason == "information_copy"
    gone = make_invitation(row)
    rules.uninvite(gone, tell=True, by=None, now=NOW)
    assert receive(session, gone).reason == "uninvited"
    monkeypatch.setattr(clock, "now", lambda: row.ends_at)
    assert receive(session, invited).reason == "session_over"
    assert session.scalars(select(AnswerRecord)).all() == []


def test_the_secretariat_records_or_sets_aside_and_the_second_one_learns_it(session, invited):
    by = make_person()
    mail = receive(session, invited, reply=None)
    outcome = rules.record_by_hand(mail, invited, answer=Answer.YES, by=by, now=NOW)
    assert outcome.seat is Seat.HELD
    assert (mail.verdict, mail.decided_by, mail.decided_at) == (Verdict.HANDLED, by.id, NOW)
    kept = session.scalars(select(AnswerRecord)).one()
    assert (kept.route, kept.entered_by, kept.source["kind"]) == (Route.SECRETARIAT, by.id, "email")
    for again in (
        lambda: rules.set_aside(mail, by=by, now=NOW),
        lambda: rules.record_by_hand(mail, invited, answer=Answer.NO, by=by, now=NOW),
    ):
        with pytest.raises(RuleBroken):
            again()
    other = receive(session, invited, reply=None)
    rules.set_aside(other, by=by, now=NOW)
    assert other.verdict is Verdict.HANDLED
    assert len(session.scalars(select(AnswerRecord)).all()) == 1
