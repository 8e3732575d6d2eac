"""Many at once: references without gaps or doubles, one of two decisions."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from app.core.errors import RuleBroken
from app.extensions import db
from app.interests import rules
from app.interests.models import Expression, Move, Status
from app.notifications.models import Message
from tests.factories.accounts import make_person, make_state
from tests.factories.interests import NOW, make_call, make_draft, make_expression


def together(app, jobs):
    """Run each in a thread of its own, all beginning at once; what was raised is answered."""
    gate, raised = threading.Barrier(len(jobs)), []

    def run(job):
        with app.app_context():
            try:
                gate.wait(10)
                job()
                db.session.commit()
            except RuleBroken as error:
                db.session.rollback()
                raised.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return raised


@pytest.fixture
def call_id(committed_app):
    with committed_app.app_context():
        call, state = make_call(), make_state("Alvania", code="XL")
        drafts = [make_draft(call, state).id for _ in range(32)]
        db.session.commit()
        db.session.remove()
    return drafts


def test_thirty_two_expressions_sent_by_eight_threads_get_thirty_two_numbers(committed_app, call_id):
    def sender(ids):
        def send():
            for draft_id in ids:
                rules.submit(db.session.get(Expression, draft_id), now=NOW)
                db.session.commit()

        return send

    assert together(committed_app, [sender(call_id[n::8]) for n in range(8)]) == []
    with committed_app.app_context():
        given = sorted(db.session.scalars(select(Expression.reference)))
    assert given == [f"EOI-2026-{n:04d}" for n in range(1, 33)]


def test_a_number_of_a_transaction_that_failed_is_given_again(committed_app, call_id):
    with committed_app.app_context():
        rules.submit(db.session.get(Expression, call_id[0]), now=NOW)
        db.session.rollback()
        rules.submit(db.session.get(Expression, call_id[1]), now=NOW)
        assert db.session.get(Expression, call_id[1]).reference == "EOI-2026-0001"
        db.session.rollback()


def test_one_draft_sent_by_eight_clicks_at_once_is_sent_once(committed_app, call_id):
    def send():
        rules.submit(db.session.get(Expression, call_id[0]), now=NOW)

    assert together(committed_app, [send] * 8) == []
    with committed_app.app_context():
        assert db.session.scalars(select(Move)).one().after is Status.SUBMITTED
        assert db.session.scalars(select(Message)).one().kind == "expression-received"


def test_of_two_decisions_at_once_one_holds(committed_app):
    with committed_app.app_context():
        officer_id = make_person("Berg").id
        expression = make_expression(make_call(), make_state("Alvania", code="XL"))
        db.session.commit()
        one, version = expression.id, expression.version
        db.session.remove()

    def decide(verb, reason):
        from app.accounts.models import Person

        def do():
            by = db.session.get(Person, officer_id)
            verb(db.session.get(Expression, one), reason=reason, by=by, now=NOW, version=version)

        return do

    raised = together(committed_app, [decide(rules.accept, "Fits"), decide(rules.decline, "Other theme")])
    assert len(raised) == 1
    with committed_app.app_context():
        decided = db.session.get(Expression, one)
        [mail] = db.session.scalars(select(Message))
        assert mail.facts["after"] == decided.status.value and len(db.session.scalars(select(Move)).all()) == 1
