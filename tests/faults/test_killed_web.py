"""F1 and F2: the web process dies after the commit, before its answer, or before it could wake anybody."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.signing import sign
from app.exchanges.models import Answer, AnswerRecord, Invitation, Seat
from app.extensions import db
from app.interests.models import Expression, Move, Status
from app.notifications import courier
from app.notifications.models import Message, State
from app.notifications.transport import SmtpTransport
from tests.factories.accounts import make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_draft
from tests.faults.conftest import Form, wait_for

pytestmark = [pytest.mark.real_clock, pytest.mark.slow]


def look_again():
    """What other processes have written since."""
    db.session.rollback()
    db.session.expire_all()


def count(query):
    look_again()
    return db.session.scalar(select(func.count()).select_from(query.subquery()))


@pytest.fixture
def answer_path(live):
    now = clock.now()
    row = make_session(local_start=(now + timedelta(days=20)).replace(tzinfo=None, microsecond=0), now=now)
    invitation = make_invitation(row, now=now)
    db.session.query(Message).delete()
    db.session.commit()
    return f"/en/answer/{sign('answer', invitation.id, invitation.nonce)}"


def test_f1_an_expression_sent_again_after_the_process_died_is_one(live, web):
    now = clock.now()
    call = make_call(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1))
    draft = make_draft(call, make_state("Alvania", code="XL"), draft_expires_at=now + timedelta(days=9), step=4)
    db.session.commit()
    form = Form(web("tests.faults.killed_web:app"), f"/en/drafts/{sign('draft', draft.id, draft.draft_nonce)}/check")
    assert form.send({}, **{"X-Dies": "before-answer"}) is None
    look_again()
    sent = db.session.get(Expression, draft.id, populate_existing=True)
    assert sent.status is Status.SUBMITTED and sent.reference
    before = sent.reference, count(select(Message.id)), count(select(Move.id))
    assert form.send({}) == form.send({}) == 303
    look_again()
    assert (sent.reference, count(select(Message.id)), count(select(Move.id))) == before
    assert count(select(Expression.id).where(Expression.status != Status.DRAFT)) == 1


def test_f1_an_answer_sent_again_after_the_process_died_is_one(live, web, answer_path):
    form = Form(web("tests.faults.killed_web:app"), answer_path)
    assert form.send({"answer": "yes"}, **{"X-Dies": "before-answer"}) is None
    look_again()
    invitation = db.session.scalars(select(Invitation)).one()
    assert (invitation.answer, invitation.seat) == (Answer.YES, Seat.HELD)
    assert form.send({"answer": "yes"}) == form.send({"answer": "yes"}) == 303
    assert count(select(AnswerRecord.id)) == 1
    look_again()
    assert Counter(db.session.scalars(select(Message.kind))) == {"session-confirmation": 1}


def test_f2_a_mail_whose_wake_up_died_with_the_process_leaves_by_the_sweep(live, web, answer_path, relay, monkeypatch):
    monkeypatch.setattr(courier, "SWEEP_SECONDS", 0.3)
    monkeypatch.setattr(courier.Courier, "_listen", lambda self: self._stop.wait())  # deaf to NOTIFY
    worker = courier.Courier(live, senders=1, make_transport=lambda: SmtpTransport(relay.url, "pathways.example"))
    worker.start()
    try:
        form = Form(web("tests.faults.killed_web:app"), answer_path)
        assert form.send({"answer": "yes"}, **{"X-Dies": "before-nudge"}) is None
        wait_for(lambda: relay.accepted)
        assert form.send({"answer": "yes"}) == 303
        wait_for(lambda: count(select(Message.id).where(Message.state == State.SENT)) == 1)
        assert len(relay.accepted) == count(select(Message.id)) == 1
    finally:
        worker.stop()
