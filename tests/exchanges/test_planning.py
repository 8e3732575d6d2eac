"""Sessions come into being: wall times, gaps, folds, their own exchange, one per form."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.accounts.models import OrganisationKind
from app.core.errors import Conflict, RuleBroken
from app.exchanges import rules
from app.exchanges.models import Audience, Exchange, PeerSession, SessionStatus
from app.exchanges.rules.planning import USUAL_REMINDERS
from tests.factories.accounts import make_organisation, make_person, make_state
from tests.factories.exchanges import NOW, make_plan, make_session, minutes


def test_a_single_session_makes_its_exchange_by_itself(session):
    host = make_state("Elmara")
    row = make_session(hosts=(host,))
    assert row.exchange.made_for_session
    assert row.exchange.themes == row.titles
    assert row.exchange.hosts == [host]
    assert row.starts_at == datetime(2026, 12, 7, 13, 0, tzinfo=UTC)
    assert row.uid == f"session-{row.id}@pathways.example"
    assert sorted((r.minutes_before, r.audience) for r in row.reminder_rules) == sorted(USUAL_REMINDERS)


def test_hosts_stand_in_one_order_in_every_mail_also_those_that_are_no_states(session):
    names = ("Zonal Union", "Arid University", "Middle Institute")
    bodies = [make_organisation(OrganisationKind.ACADEMIA, name) for name in names]
    state = make_state("Elmara", code="XE")
    exchange = make_session(hosts=(*bodies, state)).exchange
    assert exchange.hosts == [state, bodies[1], bodies[2], bodies[0]]
    session.flush()
    session.expire_all()
    assert exchange.hosts == [state, bodies[1], bodies[2], bodies[0]]


def test_a_session_of_an_exchange_leaves_it_as_it_is(session):
    exchange = rules.create_exchange(rules.ExchangePlan(themes={"en": "Families"}), by=None, now=NOW)
    row = rules.create_session(make_plan(), by=None, now=NOW, exchange=exchange)
    assert row.exchange_id == exchange.id
    assert not exchange.made_for_session
    assert session.scalar(select(func.count()).select_from(Exchange)) == 1


def test_the_same_form_twice_makes_one_session_and_one_exchange(session):
    key = "11111111-1111-4111-8111-111111111111"
    first = rules.create_session(make_plan(), by=None, now=NOW, submission_key=key)
    second = rules.create_session(make_plan(titles={"en": "Again"}), by=None, now=NOW, submission_key=key)
    assert first.id == second.id
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 1
    assert session.scalar(select(func.count()).select_from(Exchange)) == 1


def test_a_time_the_clocks_skip_is_refused_with_the_next_that_happens(session):
    plan = make_plan(zone="Europe/Berlin", local_start=datetime(2027, 3, 28, 2, 30))
    with pytest.raises(RuleBroken) as refused:
        rules.create_session(plan, by=None, now=NOW)
    assert refused.value.field == "start_time"
    assert "02:30 does not happen" in str(refused.value.message)
    assert "03:00" in str(refused.value.message)


def test_a_time_that_happens_twice_is_asked_about_and_then_taken(session):
    wall = datetime(2027, 10, 31, 2, 30)
    with pytest.raises(rules.ClockFold) as asked:
        rules.create_session(make_plan(zone="Europe/Berlin", local_start=wall), by=None, now=NOW)
    assert asked.value.first == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert asked.value.second == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    for fold, instant in ((0, asked.value.first), (1, asked.value.second)):
        row = make_session(zone="Europe/Berlin", local_start=wall, fold=fold)
        assert (row.fold, row.starts_at) == (fold, instant)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"titles": {}}, "titles"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"capacity": 0}, "capacity"),
        ({"local_start": datetime(2026, 11, 22, 9, 0)}, "start_date"),
        ({"local_start": datetime(2100, 1, 1, 9, 0)}, "start_date"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"invite_accepted": True}, "grounds"),
        ({"reminders": ((1, Audience.SEAT_HOLDERS),)}, "reminders"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(session, fields, field):
    with pytest.raises(RuleBroken) as refused:
        rules.create_session(make_plan(**fields), by=None, now=NOW)
    assert refused.value.field == field
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 0


def test_a_draft_is_scheduled_once_and_never_after_it_was_cancelled(session):
    by = make_person()
    row = make_session(status=SessionStatus.DRAFT)
    assert rules.schedule(row, by=by, now=NOW + minutes(1)).status is SessionStatus.SCHEDULED
    assert rules.schedule(row, by=by, now=NOW + minutes(2)).scheduled_at == NOW + minutes(1)
    rules.cancel(row, reason="", tell=False, version=row.version, by=by, now=NOW)
    with pytest.raises(RuleBroken):
        rules.schedule(row, by=by, now=NOW)


def test_two_editors_of_an_exchange_the_second_sees_what_changed(session):
    by = make_person()
    exchange = rules.create_exchange(rules.ExchangePlan(themes={"en": "Families"}), by=by, now=NOW)
    session.flush()
    seen = exchange.version
    rules.edit_exchange(exchange, rules.ExchangePlan(themes={"en": "Families first"}), version=seen, by=by, now=NOW)
    session.flush()
    with pytest.raises(Conflict) as conflict:
        rules.edit_exchange(exchange, rules.ExchangePlan(themes={"en": "Papers"}), version=seen, by=by, now=NOW)
    assert [(str(a), b, c) for a, b, c in conflict.value.changes] == [("Theme", {"en": "Families first"}, {"en": "Papers"})]
    assert exchange.themes == {"en": "Families first"}
