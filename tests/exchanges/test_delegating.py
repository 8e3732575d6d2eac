"""A State answers and names delegates: through its focal point, or by note verbale, e-mail or phone."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Route, Seat
from app.exchanges.queries import of_states
from app.exchanges.rules.delegating import Source
from app.notifications.models import Message
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes


@pytest.fixture
def state(session):
    return make_state("Alvania")


def test_the_invitations_of_a_state_go_on_page_by_page_and_show_no_other_state(session, state):
    rows = [make_session(local_start=datetime(2026, 12, day, 16, 0)) for day in (9, 3, 6)]
    last, first, third, second = (make_invitation(rows[place], organisation=state).id for place in (0, 1, 2, 1))
    make_invitation(rows[1], organisation=make_state("Borduria"))
    seen, after, pages = [], None, 0
    while pages == 0 or after is not None:
        page = of_states([state.id], NOW, after=after, most=2)
        seen, after, pages = [*seen, *(one.id for one in page.rows)], page.after, pages + 1
    assert (seen, pages) == ([first, second, third, last], 2)


def test_an_answer_on_behalf_keeps_its_source_and_the_person_gets_a_copy(session, state):
    invitation, by = make_invitation(make_session(), organisation=state), make_person()
    source = Source("note_verbale", "NV/7/2026", date(2026, 11, 20))
    rules.answer_on_behalf(invitation, answer=Answer.NO, source=source, by=by, now=NOW)
    kept = session.scalars(select(AnswerRecord)).one()
    assert (kept.route, kept.entered_by) == (Route.SECRETARIAT, by.id)
    assert kept.source == {"kind": "note_verbale", "number": "NV/7/2026", "date": "2026-11-20", "scan_id": None}
    copy = session.scalars(select(Message).where(Message.kind == "answer-recorded")).one()
    assert copy.recipient_id == invitation.person_id
    line = session.scalars(select(AuditEntry).where(AuditEntry.action == "session.answered")).one()
    assert (line.actor_id, line.on_behalf_of) == (by.id, invitation.person.full_name)


def test_a_source_from_the_future_is_refused(session, state):
    invitation = make_invitation(make_session(), organisation=state)
    with pytest.raises(RuleBroken) as refused:
        rules.answer_on_behalf(
            invitation, answer=Answer.NO, source=Source("phone", on=date(2026, 12, 1)), by=make_person(), now=NOW
        )
    assert refused.value.field == "source_date"


def test_yes_on_behalf_is_confirmed_and_says_so(session, state):
    invitation = make_invitation(make_session(), organisation=state)
    rules.answer_on_behalf(invitation, answer=Answer.YES, by=make_person(), now=NOW)
    assert session.scalars(select(AnswerRecord.route)).one() is Route.STATE
    kinds = session.scalars(select(Message.kind).where(Message.recipient_id == invitation.person_id)).all()
    assert sorted(kinds) == ["session-confirmation", "session-invite"]


def test_a_delegate_in_anothers_place_keeps_the_seat_for_the_state(session, state):
    row = make_session(capacity=1)
    former, waiting = make_invitation(row, organisation=state), make_invitation(row)
    rules.respond(former, answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.respond(waiting, answer=Answer.YES, route=Route.PAGE, now=NOW)
    mark_sent()
    person = make_person()
    made = rules.name_delegate(former, person, replace=True, by=make_person(), now=NOW + minutes(1))
    former = invitation_of(row, former.person)
    assert (former.uninvited_at, former.seat) == (NOW + minutes(1), Seat.NONE)
    assert (made.seat, made.answer, made.organisation_id, made.delegate_of) == (Seat.HELD, None, state.id, former.id)
    assert not made.may_join
    assert invitation_of(row, waiting.person).seat is Seat.WAITING
    written = session.execute(select(Message.kind, Message.recipient_id).where(Message.state == "queued")).all()
    assert sorted(written) == sorted([("session-invite", person.id), ("session-uninvite", former.person_id)])
    rules.respond(made, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(2))
    assert invitation_of(row, waiting.person).seat is Seat.HELD


def test_a_delegate_beside_the_one_invited_leaves_them_alone(session, state):
    invitation = make_invitation(make_session(), organisation=state)
    made = rules.name_delegate(invitation, make_person(), replace=False, by=make_person(), now=NOW)
    assert made.seat is Seat.NONE
    assert invitation_of(invitation.peer_session, invitation.person).uninvited_at is None


def test_delegates_are_named_until_the_start_and_never_twice(session, state):
    invitation, person = make_invitation(make_session(), organisation=state), make_person()
    with pytest.raises(RuleBroken, match="rule"):
        rules.name_delegate(invitation, person, replace=True, by=person, now=invitation.peer_session.starts_at)
    rules.name_delegate(invitation, person, replace=False, by=person, now=NOW)
    for again in (person, invitation.person):
        with pytest.raises(RuleBroken) as refused:
            rules.name_delegate(invitation, again, replace=True, by=person, now=NOW)
        assert refused.value.field == "email"
