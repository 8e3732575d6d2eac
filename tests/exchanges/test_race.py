"""Fifty people press Yes for the last seat at the same moment: one gets it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app.exchanges import rules
from app.exchanges.models import Answer, AnswerRecord, Invitation, Route, Seat
from app.extensions import db
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_session


@pytest.mark.slow
def test_f12_the_last_seat_is_taken_once_by_fifty_threads(committed_app):
    with committed_app.app_context():
        row = make_session(capacity=1)
        rules.invite(row, [rules.Guest(make_person()) for _ in range(50)], by=None, now=NOW)
        db.session.commit()
        session_id = row.id
        ids = db.session.scalars(select(Invitation.id)).all()
        db.session.remove()
    start = threading.Barrier(len(ids))
    failures = []

    def press(invitation_id):
        start.wait()
        try:
            with committed_app.app_context():
                invitation = db.session.get(Invitation, invitation_id)
                rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW)
                db.session.commit()
                db.session.remove()
        except Exception as error:  # noqa: BLE001 - the test shows what went wrong
            failures.append(error)

    threads = [threading.Thread(target=press, args=(i,)) for i in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with committed_app.app_context():
        seats = dict(
            db.session.execute(
                select(Invitation.seat, func.count()).where(Invitation.peer_session_id == session_id).group_by(Invitation.seat)
            ).all()
        )
        kinds = dict(db.session.execute(select(Message.kind, func.count()).group_by(Message.kind)).all())
    assert seats == {Seat.HELD: 1, Seat.WAITING: 49}
    assert kinds == {"session-invite": 50, "session-confirmation": 1, "session-waiting": 49}


@pytest.mark.slow
def test_an_answer_that_waited_for_another_of_the_same_person_sees_it(committed_app):
    """The second press of Yes finds the first one's answer once it has the lock: nothing is kept or told twice."""
    with committed_app.app_context():
        row = make_session(capacity=1)
        rules.invite(row, [rules.Guest(make_person())], by=None, now=NOW)
        db.session.commit()
        invitation_id = db.session.scalars(select(Invitation.id)).one()
        db.session.remove()
    reached, outcomes = threading.Event(), []

    def second():
        with committed_app.app_context():
            invitation = db.session.get(Invitation, invitation_id)
            assert invitation.answer is None  # as it was before the first answer
            reached.set()
            outcomes.append(rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW).changed)
            db.session.commit()
            db.session.remove()

    with committed_app.app_context():
        first = db.session.get(Invitation, invitation_id)
        outcomes.append(rules.respond(first, answer=Answer.YES, route=Route.PAGE, now=NOW).changed)
        thread = threading.Thread(target=second)
        thread.start()
        assert reached.wait(20)
        thread.join(0.5)
        assert thread.is_alive()  # it waits
        db.session.commit()
        thread.join(20)
        assert outcomes == [True, False]
        kept = db.session.scalar(select(func.count()).select_from(AnswerRecord))
        kinds = dict(db.session.execute(select(Message.kind, func.count()).group_by(Message.kind)).all())
        db.session.remove()
    assert (kept, kinds) == (1, {"session-invite": 1, "session-confirmation": 1})
