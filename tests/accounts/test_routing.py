"""Who gets the mail of a State."""

from datetime import date

import pytest

from app.accounts import queries
from app.accounts.models import Capacity, MailRoute
from tests.factories.accounts import TODAY, make_designation, make_ministry, make_mission, make_person, make_state


@pytest.fixture
def state(session):
    return make_state("Astoria")


@pytest.fixture
def people(state):
    ministry, mission = make_ministry(state), make_mission(state)
    focal = make_person("Zed", of=ministry)
    alternate = make_person("Alpha", of=ministry)
    make_designation(state, focal)
    make_designation(state, alternate, capacity=Capacity.ALTERNATE)
    return {
        "focal": focal,
        "alternate": alternate,
        "diplomat": make_person("Berg", of=mission),
        "clerk": make_person("Clerk", of=ministry),
        "mission": mission,
        "ministry": ministry,
    }


def test_capital_is_the_focal_point_first_then_alternates_and_nobody_else(state, people):
    assert queries.routes_for([state], TODAY)[state.id].people == [people["focal"], people["alternate"]]


def test_mission_is_the_people_of_the_permanent_mission(state, people):
    state.mail_route = MailRoute.MISSION
    assert queries.routes_for([state], TODAY)[state.id].people == [people["diplomat"]]


def test_both_is_each_person_once(state, people):
    state.mail_route = MailRoute.BOTH
    make_designation(state, people["diplomat"], capacity=Capacity.ALTERNATE)
    found = queries.routes_for([state], TODAY)[state.id]
    assert found.people == [people["focal"], people["alternate"], people["diplomat"]]
    assert not found.fell_back


def test_a_focal_point_in_the_mission_does_not_get_mail_for_the_capital(state, people):
    make_designation(state, people["diplomat"], capacity=Capacity.ALTERNATE)
    assert people["diplomat"] not in queries.routes_for([state], TODAY)[state.id].people


@pytest.mark.parametrize("wrong", [{"active": False}, {"email": None}])
def test_who_cannot_be_reached_is_left_out(session, state, people, wrong):
    for name, value in wrong.items():
        setattr(people["focal"], name, value)
    session.flush()
    assert queries.routes_for([state], TODAY)[state.id].people == [people["alternate"]]


def test_an_unverified_or_refused_or_past_or_future_designation_gives_no_mail(session, now):
    state = make_state("Borduria")
    make_designation(state, make_person("Waiting"), verified=False)
    make_designation(state, make_person("Refused"), refused_at=now)
    make_designation(state, make_person("Past"), valid_to=date(2026, 11, 22))
    make_designation(state, make_person("Future"), valid_from=date(2026, 11, 24))
    found = queries.routes_for([state], TODAY)[state.id]
    assert found.people == []
    assert found.fell_back


def test_without_anybody_on_the_route_whoever_can_be_reached_is_taken_and_it_is_said(session):
    state = make_state("Carpathia", mail_route=MailRoute.MISSION)
    clerk = make_person("Clerk", of=make_ministry(state))
    found = queries.routes_for([state], TODAY)[state.id]
    assert found.people == [clerk]
    assert found.fell_back


def test_many_states_take_two_statements(session, statements):
    states = [make_state() for _ in range(5)]
    for state in states:
        make_designation(state, make_person(of=make_ministry(state)))
    session.flush()
    statements.clear()
    found = queries.routes_for(states, TODAY)
    assert [len(found[s.id].people) for s in states] == [1] * 5
    assert len(statements) == 2
