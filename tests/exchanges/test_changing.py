"""A session moves, gets other words, is cancelled: what each does to SEQUENCE, DTSTAMP, seats and waiting mails."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from app.core.errors import Conflict, RuleBroken
from app.dashboards.rules import send_again
from app.exchanges import rules
from app.exchanges.models import Answer, Route, Seat
from app.exchanges.queries import present_revisions
from app.notifications.models import Message, MessageFacts, State
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_session, mark_sent, minutes


def change(row, *, tell=True, now=NOW, **fields):
    return rules.change(row, make_plan(**fields), version=row.version, tell=tell, by=make_person(), now=now)


def mails(session, state=None, **where):
    query = select(Message).filter_by(**where).order_by(Message.created_at, Message.dtstamp, Message.id)
    if state:
        query = query.where(Message.state == state)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def facts(session, mail):
    return {**session.get(MessageFacts, mail.common_id).facts, **mail.facts}


LATER = {"local_start": datetime(2026, 12, 8, 10, 0)}


@pytest.mark.line("D2")
def test_d2_a_new_time_raises_sequence_and_asks_again_and_the_seat_stays(session):
    row = make_session()
    invitation = make_invitation(row)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    before = invitation_of(row, invitation.person).dtstamp
    done = change(row, now=NOW + minutes(5), **LATER)
    assert (done.moved, done.told) == (True, 1)
    assert (row.schedule_version, row.sequence) == (2, 1)
    after = invitation_of(row, invitation.person)
    assert (after.seat, after.answer, after.answered_version) == (Seat.HELD, Answer.YES, 1)
    mail = mails(session, State.QUEUED)[0]
    assert (mail.kind, mail.ical_method, mail.ical_sequence, mail.ical_uid) == ("session-update", "REQUEST", 1, row.uid)
    assert mail.dtstamp == after.dtstamp > before
    assert mail.due_at == NOW + minutes(7)  # updates wait two minutes
    told = facts(session, mail)
    assert told["moved"]
    assert told["former_starts_at"] == "2026-12-07T13:00:00Z"


@pytest.mark.line("D3")
def test_d3_other_words_keep_sequence_and_a_later_dtstamp(session):
    row = make_session()
    invitation = make_invitation(row)
    mark_sent()
    done = change(row, now=NOW, titles={"en": "Another title"})
    assert (done.moved, done.worded, done.told) == (False, True, 1)
    assert (row.schedule_version, row.sequence, row.revision) == (1, 0, 2)
    mail = mails(session, State.QUEUED)[0]
    assert (mail.ical_sequence, mail.dtstamp > NOW) == (0, True)
    assert invitation_of(row, invitation.person).dtstamp == mail.dtstamp


@pytest.mark.line("D6")
def test_d6_two_quick_edits_make_one_mail_with_the_last_state(session):
    row = make_session()
    make_invitation(row)
    mark_sent()
    change(row, now=NOW, **LATER)
    change(row, now=NOW + minutes(1), titles={"en": "Another title"}, **LATER)
    waiting = mails(session, State.QUEUED)
    assert [m.kind for m in waiting] == ["session-update"]
    told = facts(session, waiting[0])
    assert told["moved"]  # the move was not told yet
    assert told["titles"] == {"en": "Another title"}
    assert told["former_starts_at"] == "2026-12-07T13:00:00Z"
    assert waiting[0].ical_sequence == 1
    assert [m.state for m in mails(session, kind="session-update")] == [State.CANCELLED, State.QUEUED]


def test_an_invitation_that_has_not_left_is_written_anew_and_is_no_update(session):
    row = make_session()
    make_invitation(row)
    change(row, tell=False, now=NOW + minutes(1), **LATER)
    assert [(m.kind, m.state) for m in mails(session)] == [
        ("session-invite", State.CANCELLED), ("session-invite", State.QUEUED),
    ]  # fmt: skip
    fresh = mails(session, State.QUEUED)[0]
    assert (fresh.ical_sequence, facts(session, fresh)["starts_at"]) == (1, "2026-12-08T07:00:00Z")


@pytest.mark.line("D3")
def test_an_untold_change_sends_nothing_and_the_next_message_has_the_right_numbers(session):
    row = make_session()
    invitation = make_invitation(row)
    mark_sent()
    change(row, tell=False, now=NOW + minutes(1), **LATER)
    assert mails(session, State.QUEUED) == []
    assert invitation_of(row, invitation.person).sequence == 0
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(2))
    mail = mails(session, State.QUEUED)[0]
    assert (mail.kind, mail.ical_sequence) == ("session-confirmation", 1)


def test_d3_a_mail_sent_once_more_says_what_is_true_now_and_else_what_it_said(session):
    row = make_session()
    make_invitation(row)
    mark_sent()
    change(row, tell=False, now=NOW + minutes(1), titles={"en": "Seasonal work, corrected"})
    first = mails(session)[0]
    former = facts(session, first)
    again = session.get_one(Message, send_again(first, by=make_person(), now=NOW + minutes(2)))
    told = facts(session, again)
    assert told["titles"] == told["invite"]["summary"] == {"en": "Seasonal work, corrected"}
    words = {"titles", "invite"}
    assert {k: v for k, v in told.items() if k not in words} == {k: v for k, v in former.items() if k not in words}
    assert told["invite"] == former["invite"] | {"summary": told["titles"]}
    assert (again.ical_uid, again.ical_sequence, again.kind) == (first.ical_uid, first.ical_sequence, first.kind)
    assert again.dtstamp > first.dtstamp and facts(session, first) == former


def test_f10_reminders_of_the_former_time_are_void_in_the_same_transaction(session):
    from app.exchanges import reminders

    row = make_session()
    invitation = make_invitation(row)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    assert reminders.queue_due(row.starts_at - minutes(59)) == 1
    change(row, tell=False, now=row.starts_at - minutes(58), **LATER)
    assert [m.state for m in mails(session, kind="session-reminder")] == [State.CANCELLED]
    assert present_revisions([row.id]) == {row.id: 2}


def test_nothing_changed_is_no_change(session):
    row = make_session()
    make_invitation(row)
    version = row.version
    done = change(row)
    assert not done.anything
    assert row.version == version
    assert len(mails(session)) == 1


def test_f11_the_second_editor_gets_a_conflict_that_names_what_differs(session):
    row = make_session()
    session.flush()
    seen = row.version
    change(row, capacity=50)
    session.flush()
    with pytest.raises(Conflict) as conflict:
        rules.change(row, make_plan(minutes=60), version=seen, tell=False, by=make_person(), now=NOW)
    assert sorted((str(a), b, c) for a, b, c in conflict.value.changes) == [
        ("Length in minutes", 90, 60), ("Number of seats", 50, 30),
    ]  # fmt: skip
    assert (row.minutes, row.capacity) == (90, 50)


def test_a_session_that_is_over_or_cancelled_cannot_be_changed(session):
    row = make_session()
    with pytest.raises(RuleBroken):
        change(row, now=row.ends_at, titles={"en": "x"})
    rules.cancel(row, reason="", tell=False, version=row.version, by=make_person(), now=NOW)
    with pytest.raises(RuleBroken):
        change(row, titles={"en": "x"})


@pytest.mark.line("E1", "E4")
def test_e_cancelling_tells_everyone_ever_invited_and_not_uninvited(session):
    row = make_session()
    yes, no, silent, gone, copy = (make_invitation(row) for _ in range(5))
    mark_sent()
    rules.respond(yes, answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.respond(no, answer=Answer.NO, route=Route.PAGE, now=NOW)
    rules.uninvite(gone, tell=True, by=None, now=NOW)
    mark_sent()
    late = make_invitation(row)  # this one's invitation never leaves
    change(row, now=NOW, **LATER)
    told = rules.cancel(row, reason=" ill ", tell=True, version=row.version, by=make_person(), now=NOW + minutes(1))
    assert told == 4
    cancels = mails(session, kind="session-cancel")
    assert {m.recipient_id for m in cancels} == {i.person_id for i in (yes, no, silent, copy)}
    assert {(m.ical_method, m.ical_sequence, m.due_at) for m in cancels} == {("CANCEL", 2, NOW + minutes(1))}
    assert all(m.state is State.QUEUED for m in cancels)
    left = {"session-cancel", "session-uninvite"}  # waiting updates are void; who was uninvited has still to learn of that
    assert {m.kind for m in mails(session, State.QUEUED)} == left
    assert late.person_id not in {m.recipient_id for m in cancels}
    assert row.cancel_reason == "ill"
    assert present_revisions([row.id]) == {row.id: None}


def test_cancelling_without_telling_sends_nothing_and_stops_what_waits(session):
    row = make_session()
    make_invitation(row)
    mark_sent()
    change(row, now=NOW, **LATER)
    assert rules.cancel(row, reason="", tell=False, version=row.version, by=make_person(), now=NOW) == 0
    assert mails(session, State.QUEUED) == []


def test_send_now_lets_updates_leave(session):
    row = make_session()
    make_invitation(row)
    mark_sent()
    change(row, now=NOW, **LATER)
    assert rules.send_updates_now(row, by=make_person(), now=NOW + minutes(1)) == 1
    assert mails(session, State.QUEUED)[0].due_at == NOW + minutes(1)


@pytest.mark.parametrize("people", [2, 12])
def test_telling_everyone_takes_the_same_number_of_statements_for_few_and_many(session, statements, people):
    from tests.factories.accounts import make_state

    row, by = make_session(), make_person()
    for _ in range(people):
        make_invitation(row, organisation=make_state())
    mark_sent()
    session.commit()
    session.expire_all()
    version, plan = row.version, make_plan(**LATER)
    session.expire_all()
    statements.clear()
    rules.change(row, plan, version=version, tell=True, by=by, now=NOW)
    session.flush()
    assert len(statements) <= 28, "\n".join(statements)
