"""Quotas, fair lines, offers that pass on, delegations kept together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.accounts.access import Viewer
from app.accounts.models import Role
from app.core.errors import Conflict
from app.exchanges import rules
from app.exchanges.access import may_decide_places
from app.exchanges.models import Answer, Line, Offered, Registration, Route, Seat, SeatOffer
from app.exchanges.queries import places
from app.exchanges.rules import PlaceRules
from app.exchanges.rules.sittings import plan_of
from tests.exchanges.desk import only, refused
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, invitation_of, make_invitation, make_session, mark_sent, minutes
from worker.tasks.exchanges import pass_on_offers


@pytest.fixture
def officer(session):
    return make_person("Berg", given_name="Tomas")


def placed(officer, *, capacity=1, **fields):
    row = make_session(capacity=capacity)
    rules.set_places(row, PlaceRules(**fields), version=row.version, by=officer, now=NOW)
    return row


def yes(invitation, after=1.0, **more):
    return rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(after), **more)


def no(invitation, after=1.0):
    return rules.respond(invitation, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(after))


def told(outbox, kind):
    return [m.recipient_name for m in outbox(kind)]


def test_a_state_has_no_more_seats_than_its_quota(session, officer, outbox):
    row = placed(officer, capacity=10, quota=2)
    state, other = make_state(), make_state()
    ours = [make_invitation(row, make_person(name), organisation=state) for name in ("One", "Two", "Three")]
    theirs = make_invitation(row, organisation=other)
    for number, one in enumerate(ours):
        outcome = yes(one, number + 1)
    assert [one.seat for one in ours] == [Seat.HELD, Seat.HELD, Seat.WAITING]
    assert (outcome.place, outcome.most) == (1, 2)
    assert yes(theirs, 4).seat is Seat.HELD
    [mail] = outbox("session-waiting")
    assert mail.recipient_name.endswith("Three")
    assert places.standing_in_line(ours[2]).most == 2
    no(ours[0], 5)  # the State gives one up: it is for its own next
    assert ours[2].seat is Seat.HELD
    assert [name.split()[-1] for name in told(outbox, "session-seat")] == ["Three"]


def test_one_state_may_have_another_number_than_the_others(session, officer):
    large, none_at_all = make_state(), make_state()
    row = placed(officer, capacity=10, quota=1, own={large.id: 2, none_at_all.id: 0})
    first, second = (make_invitation(row, organisation=large) for _ in range(2))
    shut = make_invitation(row, organisation=none_at_all)
    assert [yes(one).seat for one in (first, second, shut)] == [Seat.HELD, Seat.HELD, Seat.WAITING]


def test_a_larger_quota_moves_the_line_at_once_and_a_smaller_one_takes_nothing_away(session, officer, outbox):
    row = placed(officer, capacity=10, quota=1)
    state = make_state()
    first, second = (make_invitation(row, organisation=state) for _ in range(2))
    yes(first), yes(second, 2)
    assert second.seat is Seat.WAITING
    rules.set_places(row, PlaceRules(quota=2), version=row.version, by=officer, now=NOW + minutes(3))
    assert second.seat is Seat.HELD
    rules.set_places(row, PlaceRules(quota=1), version=row.version, by=officer, now=NOW + minutes(4))
    assert (first.seat, second.seat) == (Seat.HELD, Seat.HELD)
    assert len(outbox("session-seat")) == 1


def test_a_free_seat_goes_to_the_state_with_fewer(session, officer):
    row = placed(officer, capacity=2, line=Line.FAIR)
    much, little = make_state(), make_state()
    holders = [make_invitation(row, organisation=much) for _ in range(2)]
    for one in holders:
        yes(one)
    early, late = make_invitation(row, organisation=much), make_invitation(row, organisation=little)
    yes(early, 2)
    assert yes(late, 3).place == 1  # came later, and is next
    assert places.standing_in_line(early).place == 2
    no(holders[0], 4)
    assert (early.seat, late.seat) == (Seat.WAITING, Seat.HELD)


def test_a_seat_is_offered_taken_with_one_press_and_told_once(session, officer, outbox):
    row = placed(officer, offer_hours=24)
    holder, waits = make_invitation(row), make_invitation(row)
    yes(holder), yes(waits, 2)
    no(holder, 3)
    assert waits.seat is Seat.WAITING  # it is theirs to take
    offer = places.offer_to(waits)
    assert offer.until == NOW + minutes(3) + timedelta(hours=24)
    rules.promote(row, now=NOW + minutes(4))
    pass_on_offers()
    assert len(outbox("session-offer")) == 1
    [mail] = outbox("session-offer")
    assert (mail.ical_method, mail.expires_at) == ("REQUEST", offer.until)
    newcomer = make_invitation(row)
    assert yes(newcomer, 5).seat is Seat.WAITING  # the seat is kept
    assert yes(waits, 6).seat is Seat.HELD
    assert offer.outcome is Offered.TAKEN
    assert len(outbox("session-confirmation")) == 2
    assert outbox("session-seat") == []


def test_an_offer_that_is_not_taken_passes_on_once_however_often_the_task_runs(session, officer, outbox, monkeypatch):
    row = placed(officer, offer_hours=2)
    holder, silent, after = (make_invitation(row) for _ in range(3))
    yes(holder), yes(silent, 2), yes(after, 3)
    no(holder, 4)
    mark_sent(NOW + minutes(5))
    session.commit()
    late = NOW + minutes(4) + timedelta(hours=2)
    monkeypatch.setattr("app.core.clock.now", lambda: late - timedelta(seconds=1))
    assert pass_on_offers() == 0
    monkeypatch.setattr("app.core.clock.now", lambda: late)
    assert pass_on_offers() == 1
    assert pass_on_offers() == 0
    assert (silent.seat, after.seat) == (Seat.NONE, Seat.WAITING)
    assert places.offer_lapsed(silent)
    assert places.offer_to(after).until == late + timedelta(hours=2)
    assert [m.recipient_id for m in outbox("session-offer")] == [silent.person_id, after.person_id]
    again = rules.respond(silent, answer=Answer.YES, route=Route.PAGE, now=late + minutes(1))
    assert (again.seat, again.changed, silent.waiting_since) == (Seat.WAITING, True, late + minutes(1))
    assert not places.offer_lapsed(silent)


def test_an_offer_that_is_declined_passes_on_at_once(session, officer, outbox):
    row = placed(officer, offer_hours=48)
    holder, first, second = (make_invitation(row) for _ in range(3))
    yes(holder), yes(first, 2), yes(second, 3)
    no(holder, 4)
    no(first, 5)
    assert [offer.outcome for offer in session.query(SeatOffer).order_by(SeatOffer.id)] == [Offered.LEFT, Offered.OPEN]
    assert places.offer_to(second) is not None
    rules.uninvite(second, tell=True, by=officer, now=NOW + minutes(6))
    assert places.offers_open(row) == []
    assert places.free_seats(row) == 1


def test_an_offer_ends_an_hour_before_the_start_and_then_seats_are_given(session, officer, outbox):
    row = placed(officer, offer_hours=24)
    holder, first, second = (make_invitation(row) for _ in range(3))
    yes(holder), yes(first, 2), yes(second, 3)
    before = row.starts_at - timedelta(hours=3)
    rules.respond(holder, answer=Answer.NO, route=Route.PAGE, now=before)
    assert places.offer_to(first).until == row.starts_at - timedelta(hours=1)
    rules.pass_on(row.id, row.starts_at - timedelta(hours=1))
    assert (first.seat, second.seat) == (Seat.NONE, Seat.HELD)
    assert [m.recipient_id for m in outbox("session-seat")] == [second.person_id]


def test_a_session_that_moves_nearer_shortens_its_offers(session, officer):
    row = placed(officer, offer_hours=300)
    holder, first = make_invitation(row), make_invitation(row)
    yes(holder), yes(first, 2), no(holder, 3)
    nearer = replace(plan_of(row), local_start=row.local_start - timedelta(days=10))
    rules.change(row, nearer, version=row.version, tell=True, by=officer, now=NOW + minutes(4))
    assert places.offer_to(first).until == row.starts_at - timedelta(hours=1)


def test_where_seats_are_no_longer_offered_who_was_offered_one_has_it(session, officer, outbox):
    row = placed(officer, offer_hours=24)
    holder, first = make_invitation(row), make_invitation(row)
    yes(holder), yes(first, 2), no(holder, 3)
    rules.set_places(row, PlaceRules(), version=row.version, by=officer, now=NOW + minutes(4))
    assert first.seat is Seat.HELD
    assert len(outbox("session-seat")) == 1


def test_an_offered_seat_can_be_taken_by_the_focal_point(session, officer, outbox):
    row = placed(officer, offer_hours=24)
    holder, first = make_invitation(row), make_invitation(row)
    yes(holder), yes(first, 2), no(holder, 3)
    assert rules.answer_on_behalf(first, answer=Answer.YES, by=officer, now=NOW + minutes(5)).seat is Seat.HELD


def test_a_delegation_kept_together_gets_its_seats_at_once_or_waits(session, officer, outbox):
    row = placed(officer, capacity=3, delegation_whole=True)
    state = make_state()
    single = [make_invitation(row) for _ in range(2)]
    for one in single:
        yes(one)
    ours = [make_invitation(row, organisation=state) for _ in range(3)]
    assert rules.answer_together(ours, by=officer, now=NOW + minutes(2)) is Seat.WAITING
    assert {one.seat for one in ours} == {Seat.WAITING}  # one seat is free, and not enough
    assert yes(make_invitation(row), 3).seat is Seat.HELD  # who fits passes
    no(single[0], 4), no(single[1], 5)
    assert {one.seat for one in ours} == {Seat.WAITING}
    last = next(i for i in places.sittings_of(row))
    rules.change(last, _plan(last, capacity=4), version=last.version, tell=False, by=officer, now=NOW + minutes(6))
    assert {one.seat for one in ours} == {Seat.HELD}
    assert len(outbox("session-waiting")) == 3
    assert len(outbox("session-seat")) == 3


def _plan(row, **fields):
    return replace(plan_of(row), **fields)


def test_a_colleague_of_a_delegation_that_waits_waits_with_it(session, officer):
    row = placed(officer, capacity=2, delegation_whole=True)
    state = make_state()
    holder = make_invitation(row)
    yes(holder)
    ours = [make_invitation(row, organisation=state) for _ in range(3)]
    rules.answer_together(ours[:2], by=officer, now=NOW + minutes(2))
    assert yes(ours[2], 3).seat is Seat.WAITING  # a seat is free, and they are three now
    no(ours[2], 4), no(holder, 5)
    assert [one.seat for one in ours] == [Seat.HELD, Seat.HELD, Seat.NONE]


def test_more_people_than_the_quota_are_not_taken_together(session, officer):
    row = placed(officer, capacity=9, delegation_whole=True, quota=2)
    state = make_state()
    ours = [make_invitation(row, organisation=state) for _ in range(3)]
    with refused("left for your State: 2"):
        rules.answer_together(ours, by=officer, now=NOW)
    assert {one.answer for one in ours} == {None}
    assert rules.answer_together(ours[1:], by=officer, now=NOW) is Seat.HELD


def test_delegates_are_named_until_one_hour_before_the_start(session, officer):
    row = placed(officer)
    invitation = make_invitation(row)
    with refused("until one hour before"):
        rules.name_delegate(invitation, make_person(), replace=True, by=officer, now=row.starts_at - timedelta(hours=1))
    assert rules.name_delegate(invitation, make_person(), replace=True, by=officer, now=row.starts_at - minutes(61))


def test_a_focal_point_gives_the_seat_of_one_to_a_colleague_who_waits(session, officer, outbox):
    row = placed(officer, quota=1, capacity=5)
    state = make_state()
    first, second = (make_invitation(row, organisation=state) for _ in range(2))
    yes(first), yes(second, 2)
    mark_sent(NOW + minutes(2))
    assert second.seat is Seat.WAITING
    assert rules.name_delegate(first, second.person, replace=True, by=officer, now=NOW + minutes(3)).id == second.id
    assert (second.seat, second.may_join, first.uninvited_at) == (Seat.HELD, True, NOW + minutes(3))
    assert [m.recipient_id for m in outbox("session-seat")] == [second.person_id]
    assert [m.recipient_id for m in outbox("session-uninvite")] == [first.person_id]
    stranger = make_invitation(row)
    with refused("invited already"):
        rules.name_delegate(second, stranger.person, replace=True, by=officer, now=NOW + minutes(4))
    assert invitation_of(row, second.person).seat is Seat.HELD


def test_rules_that_somebody_else_changed_are_not_overwritten(session, officer):
    row = placed(officer)
    seen = row.version
    rules.set_places(row, PlaceRules(quota=3), version=seen, by=officer, now=NOW)
    session.flush()
    with pytest.raises(Conflict):
        rules.set_places(row, PlaceRules(registration=Registration.OPEN), version=seen, by=officer, now=NOW)
    assert not rules.set_places(row, PlaceRules(quota=3), version=seen, by=officer, now=NOW)  # it says so already
    with refused("seats for each State first"):
        rules.set_places(row, PlaceRules(own={make_state().id: 2}), version=row.version, by=officer, now=NOW)
    assert only(session).quota == 3


def test_hosts_decide_only_where_the_session_says_so(session, officer):
    state = make_state()
    person = make_person(of=state)
    make_designation(state, person)
    row = make_session(hosts=(state,))
    host = Viewer(person, frozenset({Role.FOCAL_POINT}), state_ids=frozenset({state.id}))
    assert not may_decide_places(host, row, row)
    rules.set_places(row, PlaceRules(Registration.APPROVAL, hosts_approve=True), version=row.version, by=officer, now=NOW)
    assert may_decide_places(host, row, row)
    elsewhere = Viewer(person, frozenset({Role.FOCAL_POINT}), state_ids=frozenset({make_state().id}))
    assert not may_decide_places(elsewhere, row, row)
