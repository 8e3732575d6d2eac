"""An exchange as a whole: who sees it and its list, whom the list invites, what a copy takes along, who takes over a place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.access import ROLES, Permission, Viewer
from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges import queries, rules
from app.exchanges.models import (
    Answer,
    Capacity,
    Exchange,
    ExchangeGuest,
    Invitation,
    ListShown,
    PeerSession,
    Route,
    SessionStatus,
    Visibility,
)
from app.exchanges.queries import own_answers, zones_of
from app.exchanges.rules import taking_over
from app.exchanges.rules.listing import count_places
from app.notifications.models import Message
from tests.factories.accounts import make_designation, make_ministry, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_plan, make_series, make_session, mark_sent

PUBLIC = Viewer()


@pytest.fixture
def host(session):
    return make_state("Hestland", zone="Europe/Lisbon")


@pytest.fixture
def hidden(session, host):
    """An exchange and a session that only those who are invited see."""
    row = make_session(hosts=(host,), visibility=Visibility.INVITED)
    row.exchange.visibility = Visibility.INVITED
    session.flush()
    return row


def sees(viewer, row):
    return queries.exchange_for(viewer, row.exchange_id) is not None, queries.session_for(viewer, row.id) is not None


def test_hosts_read_an_exchange_and_its_sessions_that_others_do_not_see(hidden, host):
    stranger, member = make_person(), make_person(of=host)
    assert sees(PUBLIC, hidden) == sees(Viewer(person=stranger), hidden) == (False, False)
    assert sees(Viewer(person=member, organisation_ids=frozenset({host.id})), hidden) == (True, True)
    assert sees(Viewer(person=member, state_ids=frozenset({host.id})), hidden) == (True, True)
    assert sees(Viewer(person=member, organisation_ids=frozenset({make_ministry(host).id})), hidden) == (False, False)
    hidden.status = SessionStatus.DRAFT
    assert sees(Viewer(person=member, organisation_ids=frozenset({host.id})), hidden) == (
        True,
        False,
    )  # drafts are the secretariat's


def test_who_is_on_the_list_sees_the_page_once_a_session_is_scheduled_and_no_session_they_are_not_invited_to(session, hidden):
    state, person = make_state("Alvania"), make_person()
    rules.put_on_list(hidden.exchange, organisations=[state], people=[person], by=None, now=NOW)
    focal = Viewer(person=make_person(), state_ids=frozenset({state.id}))
    assert sees(Viewer(person=person), hidden) == sees(focal, hidden) == (True, False)
    hidden.status = SessionStatus.DRAFT
    session.flush()
    assert sees(Viewer(person=person), hidden) == sees(focal, hidden) == (False, False)


@pytest.mark.parametrize(
    ("shown", "may"),
    [
        (ListShown.HOSTS, {"host", "office"}),
        (ListShown.INVITED, {"host", "office", "invited", "listed"}),
        (ListShown.PUBLIC, {"host", "office", "invited", "listed", "stranger", "nobody"}),
    ],
)
def test_who_may_see_the_list(session, host, shown, may):
    row = make_session(hosts=(host,))
    row.exchange.list_shown = shown
    invited, listed = make_person(), make_state("Alvania")
    make_invitation(row, invited)
    rules.put_on_list(row.exchange, organisations=[listed], by=None, now=NOW)
    viewers = {
        "host": Viewer(person=make_person(), state_ids=frozenset({host.id})),
        "office": Viewer(person=make_person(), roles=frozenset({Role.CO_LEAD})),
        "invited": Viewer(person=invited),
        "listed": Viewer(person=make_person(), state_ids=frozenset({listed.id})),
        "stranger": Viewer(person=make_person()),
        "nobody": PUBLIC,
    }
    assert {name for name, viewer in viewers.items() if queries.may_see_list(viewer, row.exchange)} == may
    assert {name for name, viewer in viewers.items() if queries.may_see_names(viewer, row.exchange)} == {"host", "office"}
    assert Permission.SEE_ALL_EXCHANGES in ROLES[Role.CO_LEAD]
    rules.uninvite(invitation_of(row, invited), tell=False, by=make_person(), now=NOW)
    assert queries.may_see_list(viewers["invited"], row.exchange) == (shown is ListShown.PUBLIC)


def test_a_list_holds_each_once_takes_another_capacity_and_writes_to_nobody(session, exchange):
    state, person, by = make_state("Alvania"), make_person("Okello"), make_person()
    assert rules.put_on_list(exchange, organisations=[state], people=[person], by=by, now=NOW) == 2
    assert rules.put_on_list(exchange, organisations=[state], capacity=Capacity.OBSERVER, by=by, now=NOW) == 0
    found = {g.organisation_id or g.person_id: g.capacity for g in queries.guests_of(exchange)}
    assert found == {state.id: Capacity.OBSERVER, person.id: Capacity.PARTICIPANT}
    with pytest.raises(RuleBroken):
        rules.put_on_list(exchange, by=by, now=NOW)
    rules.take_off_list(next(g for g in queries.guests_of(exchange) if g.person_id), by=by, now=NOW)
    assert [g.organisation_id for g in queries.guests_of(exchange)] == [state.id]
    assert session.scalars(select(Message)).all() == []
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == exchange.id).order_by(AuditEntry.id)).all()
    assert actions == ["exchange.created", "exchange.listed", "exchange.listed", "exchange.unlisted"]


def test_one_press_invites_everyone_on_the_list_to_each_session_and_who_is_invited_stays(session, exchange):
    rows, _ = rules.plan_series(exchange, make_series(count=2), {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    state, focal, by_name, closed = (
        make_state("Alvania"),
        make_person("Focal"),
        make_person("Name"),
        make_person("Closed", active=False),
    )
    make_designation(state, focal)
    body = make_ministry(make_state("Borania"))
    clerk = make_person("Clerk", of=body)
    make_invitation(rows[0], by_name)
    rules.put_on_list(exchange, organisations=[state, body], people=[by_name, closed], by=None, now=NOW)
    done = rules.invite_listed(exchange, rows[::-1], by=make_person(), now=NOW)
    assert [(one.total, one.already) for one in done] == [(2, 1), (3, 0)]
    invited = session.execute(select(Invitation.peer_session_id, Invitation.person_id, Invitation.organisation_id)).all()
    assert {(s, p) for s, p, _o in invited} == {(row.id, one.id) for row in rows for one in (focal, by_name, clerk)}
    assert {o for _s, p, o in invited if p == clerk.id} == {body.parent_id}
    mails = session.scalars(select(Message).where(Message.kind == "session-invite")).all()
    assert len(mails) == len({(m.recipient_id, m.subject_id) for m in mails}) == 6
    with pytest.raises(RuleBroken):
        rules.invite_listed(exchange, [], by=make_person(), now=NOW)


def test_a_list_that_reaches_nobody_says_whom_it_does_not_reach(exchange):
    row = rules.create_session(make_plan(), by=None, now=NOW, exchange=exchange)
    rules.put_on_list(exchange, organisations=[make_state("Astoria")], by=None, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        rules.invite_listed(exchange, [row], by=make_person(), now=NOW)
    assert "Nobody of Astoria can be reached by mail." in str(refused.value.message)


def test_a_copy_takes_the_pattern_and_nothing_of_what_happened(session, host):
    made = rules.create_exchange(
        rules.ExchangePlan(themes={"en": "Families"}, host_ids=(host.id,), languages=("en", "fr"), list_shown=ListShown.PUBLIC),
        by=None,
        now=NOW,
    )
    rows, _ = rules.plan_series(made, make_series(), {}, status=SessionStatus.SCHEDULED, by=make_person(), now=NOW)
    guest = make_invitation(rows[0])
    rules.respond(guest, answer=Answer.YES, route=Route.PAGE, now=NOW)
    rules.put_on_list(made, organisations=[host], by=None, now=NOW)
    rules.cancel(rows[3], reason="", tell=False, version=rows[3].version, by=make_person(), now=NOW)
    mark_sent()
    mails = session.scalar(select(func.count()).select_from(Message))
    plan = rules.CopyPlan(
        themes={"en": "Families again"}, sessions=tuple(r.id for r in rules.to_copy(made)), first_day=date(2028, 2, 29), guests=True
    )
    copy = rules.copy_exchange(made, plan, {}, by=make_person(), now=NOW + timedelta(days=1))
    session.expire_all()
    copied = sorted(copy.sessions, key=lambda r: r.starts_at)
    assert (copy.themes, copy.languages, copy.hosts, copy.list_shown) == (
        {"en": "Families again"},
        ["en", "fr"],
        [host],
        ListShown.PUBLIC,
    )
    shift = date(2028, 2, 29) - rows[0].local_start.date()
    assert [r.local_start for r in copied] == [r.local_start + shift for r in rows[:3]]
    assert {(r.status, r.sequence, r.schedule_version, r.join_url, r.dial_in, r.test_url) for r in copied} == {
        (SessionStatus.DRAFT, 0, 1, "", "", "")
    }
    assert not {r.uid for r in copied} & {r.uid for r in rows}
    assert all(len(r.reminder_rules) == 4 for r in copied)
    assert [g.organisation_id for g in queries.guests_of(copy)] == [host.id]
    assert session.scalar(select(func.count()).select_from(Message)) == mails
    assert session.scalars(select(Invitation).where(Invitation.peer_session_id.in_([r.id for r in copied]))).all() == []
    without = rules.copy_exchange(made, rules.CopyPlan(themes={"en": "Bare"}, guests=False), {}, by=make_person(), now=NOW)
    assert (without.sessions, queries.guests_of(without)) == ([], [])


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"first_day": None}, "first_day"), ({"first_day": date(2020, 1, 1)}, "first_day"), ({"first_day": date(9999, 12, 31)}, "first_day"),
     ({"themes": {}}, "themes")],
)  # fmt: skip
def test_a_copy_that_cannot_be_is_refused_at_its_field(session, fields, field):
    row = make_session()
    plan = rules.CopyPlan(**{"themes": {"en": "Copy"}, "sessions": (row.id,), "first_day": date(2027, 5, 4), **fields})
    with pytest.raises(RuleBroken) as refused:
        rules.copy_exchange(row.exchange, plan, {}, by=make_person(), now=NOW)
    assert refused.value.field == field
    assert session.scalar(select(func.count()).select_from(PeerSession)) == 1


def test_the_plan_is_shown_in_the_zones_of_hosts_and_of_those_who_are_invited(session, host):
    row = make_session(hosts=(host,))
    make_invitation(row, organisation=make_state("Doria", zone="Asia/Bangkok"))
    rules.put_on_list(row.exchange, organisations=[make_state("Coralia", zone="Pacific/Kiritimati")], by=None, now=NOW)
    assert zones_of(row.exchange, listed=False) == ["Africa/Nairobi", "Europe/Lisbon", "Asia/Bangkok"]
    assert set(zones_of(row.exchange, listed=True)) == {"Africa/Nairobi", "Europe/Lisbon", "Asia/Bangkok", "Pacific/Kiritimati"}


def test_own_answers_are_those_of_the_exchange_only(session):
    person = make_person()
    here, there = make_session(), make_session()
    mine = make_invitation(here, person)
    make_invitation(there, person)
    make_invitation(here)
    assert own_answers(person.id, here.exchange) == {here.id: mine}


def test_whoever_takes_over_stands_on_the_lists_of_exchanges_to_come_once(session, exchange):
    ada, ben, by = make_person("Ada"), make_person("Ben"), make_person()
    both, past = (
        make_session().exchange,
        make_session(local_start=NOW.replace(tzinfo=None) - timedelta(days=9), may_be_past=True).exchange,
    )
    for one, people in ((exchange, [ada]), (both, [ada, ben]), (past, [ada])):
        rules.put_on_list(one, people=people, by=by, now=NOW)
    assert count_places(ada, NOW) == 2
    taking_over.take_over(ada, ben, by=by, now=NOW)
    assert count_places(ada, NOW) == 0
    assert {(g.exchange_id, g.person_id) for g in session.scalars(select(ExchangeGuest))} == {
        (exchange.id, ben.id), (both.id, ben.id), (past.id, ada.id),
    }  # fmt: skip
    taking_over.let_go(ben, by=by, now=NOW)
    assert [g.exchange_id for g in session.scalars(select(ExchangeGuest))] == [past.id]


def test_languages_and_who_sees_the_list_are_part_of_an_edit(session, exchange):
    plan = rules.ExchangePlan(themes=exchange.themes, languages=("ar", "en"), list_shown=ListShown.INVITED)
    assert rules.edit_exchange(exchange, plan, version=exchange.version, by=make_person(), now=NOW)
    session.flush()
    assert not rules.edit_exchange(exchange, plan, version=exchange.version, by=make_person(), now=NOW)
    stands = session.get_one(Exchange, exchange.id)
    assert (stands.languages, stands.list_shown) == (["ar", "en"], ListShown.INVITED)
