"""Fifty people press Yes for the last seat at the same moment: one gets it."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app.exchanges import rules
from app.exchanges.models import Answer, Invitation, Route, Seat
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
