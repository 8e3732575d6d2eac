"""The co-leads are asked, say what they think, change it, are reminded, or declare a conflict of interest."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import OrganisationKind, Role
from app.accounts.visibility import Label
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.extensions import db
from app.interests import queries, reminders, rules
from app.interests.models import Note, Status
from app.interests.opinion_models import OpinionRecord, View
from app.notifications.models import Message, State
from tests.factories.accounts import NOW, make_organisation, make_person, make_state
from tests.factories.interests import make_call, make_expression

DUE = date(2026, 12, 3)  # a Thursday; NOW is Monday, 23 November 2026, 09:00 UTC


def co_lead(name, *, kind=OrganisationKind.UN_ENTITY, zone="UTC", weekend=("6", "7"), **more):
    return make_person(name, of=make_organisation(kind, zone=zone, weekend=list(weekend)), roles=(Role.CO_LEAD,), zone=zone, **more)


@pytest.fixture
def world(session):
    officer = make_person("Berg", roles=(Role.SECRETARIAT,))
    expression = make_expression(make_call(), make_state(), email_confirmed_at=NOW)
    return officer, expression


@contextmanager
def refusing(words):
    with pytest.raises(RuleBroken) as refused:
        yield refused
    assert words in str(refused.value.message)


def mails(kind=None):
    query = select(Message).where(Message.subject_kind == "expression").order_by(Message.created_at, Message.id)
    return [m for m in db.session.scalars(query) if kind in (None, m.kind)]


def test_each_co_lead_gets_one_mail_with_the_page_and_nothing_of_the_notes(world):
    officer, expression = world
    anna, badr = co_lead("Anna"), co_lead("Badr", kind=OrganisationKind.STATE, language="ar")
    make_person("Gone", roles=(Role.CO_LEAD,), active=False)
    make_person("Other", roles=(Role.PARTICIPANT,))
    rules.note(expression, "SECRET", by=officer, now=NOW)
    request = rules.ask_opinions(expression, DUE, text="Is it **ready**?", by=officer, now=NOW)
    told = mails("opinion-asked")
    assert {m.address for m in told} == {anna.email, badr.email}
    assert [m.locale for m in sorted(told, key=lambda m: m.recipient_name)] == ["en", "ar"]
    assert all(str(expression.id) in m.facts["links"]["opinion"] and "SECRET" not in str(m.facts) for m in told)
    assert {o.person_id for o in request.opinions} == {anna.id, badr.id}
    assert request.visibility == "secretariat"
    with refusing("already"):
        rules.ask_opinions(expression, DUE, by=officer, now=NOW)


@pytest.mark.parametrize(
    ("due", "label", "field"), [(date(2026, 11, 22), Label.SECRETARIAT, "due_on"), (DUE, Label.STATE, "visibility")]
)
def test_what_cannot_be_asked_is_refused_at_its_field(world, due, label, field):
    officer, expression = world
    co_lead("Anna")
    with pytest.raises(RuleBroken) as refused:
        rules.ask_opinions(expression, due, visibility=label, by=officer, now=NOW)
    assert refused.value.field == field
    assert mails() == []


def test_nobody_to_ask_is_said(world):
    officer, expression = world
    with refusing("no co-lead"):
        rules.ask_opinions(expression, DUE, by=officer, now=NOW)


def test_a_changed_mind_is_kept_in_history_and_the_same_twice_is_once(world):
    officer, expression = world
    anna = co_lead("Anna")
    [opinion] = rules.ask_opinions(expression, DUE, by=officer, now=NOW).opinions
    assert rules.give_opinion(opinion, View.SUPPORT, by=anna, now=NOW + timedelta(hours=1))
    assert not rules.give_opinion(opinion, View.SUPPORT, by=anna, now=NOW + timedelta(hours=2))
    with pytest.raises(RuleBroken) as refused:
        rules.give_opinion(opinion, View.CONCERN, by=anna, now=NOW + timedelta(hours=3))
    assert refused.value.field == "reason"
    assert rules.give_opinion(opinion, View.CONCERN, reason="The law is not passed", by=anna, now=NOW + timedelta(hours=4))
    kept = db.session.scalars(select(OpinionRecord).order_by(OpinionRecord.at)).all()
    assert [(r.view, r.reason, r.late) for r in kept] == [
        (View.SUPPORT, "", False),
        (View.CONCERN, "The law is not passed", False),
    ]
    lines = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "expression.opinion_given")).all()
    assert len(lines) == 2 and all("law" not in str((line.changes, line.note)) for line in lines)
    with refusing("over"):
        rules.give_opinion(opinion, View.SUPPORT, by=anna, now=datetime(2026, 12, 4, 0, 0, tzinfo=UTC))
    assert opinion.view is View.CONCERN


def test_the_deadline_is_the_end_of_the_day_on_the_co_leads_own_clock(world):
    officer, expression = world
    far = co_lead("Far", zone="Pacific/Auckland")
    west = co_lead("West", zone="America/Lima")
    request = rules.ask_opinions(expression, DUE, by=officer, now=NOW)
    mine = {o.person_id: o for o in request.opinions}
    for opinion in request.opinions:
        rules.give_opinion(opinion, View.SUPPORT, by=opinion.person, now=NOW)
    at = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)  # already Friday in Auckland, Thursday morning in Lima
    with refusing("over"):
        rules.give_opinion(mine[far.id], View.NO_OBJECTION, by=far, now=at)
    assert rules.give_opinion(mine[west.id], View.NO_OBJECTION, by=west, now=at)


def test_a_first_opinion_after_the_deadline_is_heard_until_the_decision(world):
    officer, expression = world
    anna = co_lead("Anna")
    [opinion] = rules.ask_opinions(expression, DUE, by=officer, now=NOW).opinions
    later = datetime(2026, 12, 6, tzinfo=UTC)
    assert rules.give_opinion(opinion, View.NO_OBJECTION, by=anna, now=later)
    assert db.session.scalars(select(OpinionRecord.late)).all() == [True]
    rules.accept(expression, reason="Good", by=officer, now=later)
    with refusing("decided"):
        rules.give_opinion(opinion, View.SUPPORT, by=anna, now=later)


def test_reminders_come_two_working_days_before_and_on_the_day_to_the_silent_alone(world):
    officer, expression = world
    silent, spoke, left = co_lead("Silent", zone="Asia/Amman", weekend=("5", "6")), co_lead("Spoke"), co_lead("Left")
    gone = co_lead("Gone")
    request = rules.ask_opinions(expression, date(2026, 11, 30), by=officer, now=NOW)  # a Monday
    mine = {o.person_id: o for o in request.opinions}
    rules.give_opinion(mine[spoke.id], View.SUPPORT, by=spoke, now=NOW)
    rules.declare_conflict(expression, left, now=NOW)
    from app.accounts.rules.people import end_role

    end_role(gone, Role.CO_LEAD, by=officer, now=NOW)
    # Friday and Saturday are days off there: two working days before Monday is Thursday, nine o'clock is 06:00 UTC
    assert reminders.moments_between(NOW, NOW + timedelta(days=30)) == [
        datetime(2026, 11, 26, 6, 0, tzinfo=UTC), datetime(2026, 11, 30, 6, 0, tzinfo=UTC),
    ]  # fmt: skip
    counts = [
        reminders.queue_due(datetime(*at, tzinfo=UTC))
        for at in ((2026, 11, 26, 5, 59), (2026, 11, 26, 6, 0), (2026, 11, 26, 6, 5), (2026, 11, 30, 6, 0), (2026, 11, 30, 20, 59), (2026, 12, 1, 6))
    ]  # fmt: skip
    assert counts == [0, 1, 0, 1, 0, 0]
    told = mails("opinion-reminder")
    assert [(m.recipient_id, m.facts["last"]) for m in told] == [(silent.id, False), (silent.id, True)]


def test_a_decision_takes_back_what_waits_and_ends_the_reminders(world):
    officer, expression = world
    co_lead("Anna")
    rules.ask_opinions(expression, DUE, by=officer, now=NOW)
    rules.decline(expression, reason="Not now", by=officer, now=NOW, despite=True)
    assert [m.state for m in mails("opinion-asked")] == [State.CANCELLED]
    assert reminders.queue_due(datetime(2026, 12, 1, 9, tzinfo=UTC)) == 0


def test_deciding_before_the_deadline_asks_once_more(world):
    officer, expression = world
    co_lead("Anna"), co_lead("Ben")
    [first, _] = rules.ask_opinions(expression, DUE, by=officer, now=NOW).opinions
    rules.give_opinion(first, View.SUPPORT, by=first.person, now=NOW)
    for verb in (rules.accept, rules.waitlist, rules.decline):
        with refusing("1 of 2") as refused:
            verb(expression, reason="Good", by=officer, now=NOW)
        assert refused.value.field == "despite_opinions" and expression.status is Status.SUBMITTED
    rules.begin_review(expression, by=officer, now=NOW)  # taking it up decides nothing
    rules.accept(expression, reason="Good", by=officer, now=NOW, despite=True)
    assert expression.status is Status.ACCEPTED and queries.open_request(expression) is None


def test_after_the_deadline_nothing_is_asked(world):
    officer, expression = world
    co_lead("Anna")
    rules.ask_opinions(expression, DUE, by=officer, now=NOW)
    rules.accept(expression, reason="Good", by=officer, now=datetime(2026, 12, 4, tzinfo=UTC))
    assert expression.status is Status.ACCEPTED


def test_erasing_an_old_expression_takes_the_opinions_with_it(world):
    officer, expression = world
    anna = co_lead("Anna")
    [opinion] = rules.ask_opinions(expression, DUE, by=officer, now=NOW).opinions
    rules.give_opinion(opinion, View.CONCERN, reason="Words", by=anna, now=NOW)
    rules.declare_conflict(expression, anna, reason="Words", now=NOW)
    rules.withdraw_conflict(queries.voices_of(expression).left_out[0].id, expression, reason="Words", by=anna, now=NOW)
    rules.declare_conflict(expression, anna, reason="Words", now=NOW)
    rules.note(expression, "Words", by=officer, now=NOW)
    db.session.flush()
    expression.call.closes_at = expression.submitted_at = NOW - timedelta(days=800)
    expression.call.opens_at = NOW - timedelta(days=900)
    db.session.flush()
    assert rules.erase_old_expressions(NOW) == 1
    from app.interests.opinion_models import LeftOut, Opinion, OpinionRequest, WithdrawnConflict

    for table in (Opinion, OpinionRecord, OpinionRequest, LeftOut, WithdrawnConflict, Note):
        assert db.session.scalars(select(table)).all() == []


def test_a_conflict_declared_in_error_is_taken_back_with_a_reason_and_the_co_lead_is_asked_again(world):
    officer, expression = world
    anna, ben = co_lead("Anna"), co_lead("Ben")
    rules.declare_conflict(expression, ben, reason="The wrong Alvania", now=NOW)  # before anybody was asked
    request = rules.ask_opinions(expression, DUE, by=officer, now=NOW)
    rules.declare_conflict(expression, anna, now=NOW)
    later = NOW + timedelta(hours=2)
    held = {row.person_id: row.id for row in queries.voices_of(expression).left_out}
    with pytest.raises(RuleBroken) as refused:
        rules.withdraw_conflict(held[anna.id], expression, reason="", by=officer, now=later)
    assert refused.value.field == "reason" and queries.is_left_out(anna.id, expression)
    rules.withdraw_conflict(held[anna.id], expression, reason="Another ministry", by=anna, now=later)
    rules.withdraw_conflict(held[ben.id], expression, reason="It was another State", by=officer, now=later)
    told = len(mails())
    rules.withdraw_conflict(held[ben.id], expression, reason="Pressed twice", by=officer, now=later)
    assert len(mails()) == told
    assert queries.voices_of(expression).left_out == [] and queries.co_leads(expression) == [anna, ben]
    kept = {row.person_id: row for row in queries.voices_of(expression).withdrawn}
    assert {p: (r.declared_at, r.declared_reason, r.withdrawn_at, r.withdrawn_by, r.reason) for p, r in kept.items()} == {
        anna.id: (NOW, "", later, anna.id, "Another ministry"),
        ben.id: (NOW, "The wrong Alvania", later, officer.id, "It was another State"),
    }
    db.session.refresh(request)
    assert {o.person_id for o in request.opinions} == {anna.id, ben.id}
    assert sorted((m.recipient_name.split()[-1], m.state.value) for m in mails("opinion-asked")) == [
        ("Anna", "cancelled"), ("Anna", "queued"), ("Ben", "queued"),
    ]  # fmt: skip
    lines = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "expression.conflict_withdrawn")).all()
    assert sorted((line.actor_name, line.at, line.note) for line in lines) == [
        (anna.full_name, later, None), (officer.full_name, later, None),
    ]  # fmt: skip
    assert all("Alvania" not in str(line.changes) and "ministry" not in str(line.changes) for line in lines)
    rules.declare_conflict(expression, ben, now=later)  # and may be declared again
    assert queries.is_left_out(ben.id, expression)


def test_nobody_is_asked_again_once_the_time_is_over_and_after_the_decision_nothing_is_taken_back(world):
    officer, expression = world
    anna, _ben = co_lead("Anna"), co_lead("Ben")
    rules.ask_opinions(expression, DUE, by=officer, now=NOW)
    after = datetime(2026, 12, 5, tzinfo=UTC)
    for at, asked in ((NOW, 3), (after, 3)):
        rules.declare_conflict(expression, anna, now=at)
        [held] = queries.voices_of(expression).left_out
        rules.withdraw_conflict(held.id, expression, reason="In error", by=officer, now=at)
        assert len(mails("opinion-asked")) == asked
    rules.declare_conflict(expression, anna, now=after)
    rules.decline(expression, reason="Not now", by=officer, now=after)
    [held] = queries.voices_of(expression).left_out
    with refusing("decided"):
        rules.withdraw_conflict(held.id, expression, reason="In error", by=officer, now=after)
    assert queries.is_left_out(anna.id, expression)
