"""The waiting list as arithmetic."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from app.exchanges.line import Terms, Waits, in_order, next_up

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
A, B, C = (uuid.UUID(int=n) for n in (101, 102, 103))


def line(*groups):
    """They came in this order, a minute apart."""
    return [Waits(START + timedelta(minutes=n), uuid.UUID(int=n + 1), group) for n, group in enumerate(groups)]


def names(found):
    return [{A: "A", B: "B", C: "C", None: "-"}[one.group] for one in found]


def test_first_come_is_the_order_in_which_they_came():
    assert names(next_up(line(A, A, B, None, C), Terms(), 3)) == ["A", "A", "B"]


def test_a_state_with_fewer_seats_goes_first_then_first_come():
    waiting = line(A, A, A, B, C, B)
    assert names(next_up(waiting, Terms(fair=True), 4)) == ["A", "B", "C", "A"]
    assert names(next_up(waiting, Terms(fair=True, taken={A: 2}), 4)) == ["B", "C", "B", "A"]


def test_a_quota_closes_the_line_for_its_state_alone():
    terms = Terms(quota=2, taken={A: 1}, own={B: 0})
    waiting = line(A, A, B, C)
    assert names(next_up(waiting, terms, 4)) == ["A", "C"]
    assert [place.closed for place in in_order(waiting, terms)] == [False, False, True, True]
    assert names(place.who for place in in_order(waiting, terms)) == ["A", "C", "A", "B"]


def test_those_of_no_state_have_no_quota():
    assert names(next_up(line(None, None, None), Terms(quota=1), 5)) == ["-", "-", "-"]


def test_a_delegation_kept_together_gets_all_or_none_and_who_fits_passes():
    waiting = line(A, B, A, A, None)
    assert names(next_up(waiting, Terms(whole=True), 2)) == ["B", "-"]
    assert names(next_up(waiting, Terms(whole=True), 3)) == ["A", "A", "A"]
    assert names(next_up(waiting, Terms(whole=True, quota=2), 2)) == ["A", "A"]  # as many as their State may have


def test_no_seat_is_given_twice_and_none_is_left_while_somebody_may_have_it():
    """Any line under any terms: within the seats, within each quota, and nothing free that a single person could take."""
    chance = random.Random(5)
    for _ in range(300):
        waiting = line(*(chance.choice([A, B, C, None]) for _ in range(chance.randrange(12))))
        terms = Terms(
            fair=chance.random() < 0.5, whole=chance.random() < 0.5, quota=chance.choice([None, 1, 2, 3]),
            taken={A: chance.randrange(3), B: chance.randrange(3)}, own={C: chance.randrange(4)},
        )  # fmt: skip
        free = chance.randrange(8)
        lucky = next_up(waiting, terms, free)
        assert len(lucky) == len(set(lucky)) <= free
        for group in (A, B, C):
            left = terms.left(group)
            got = sum(1 for one in lucky if one.group == group)
            assert left is None or got <= left
            if terms.whole and got:
                wanting = sum(1 for one in waiting if one.group == group)
                assert got == (wanting if left is None else min(wanting, left))
        if not terms.whole and len(lucky) < free:
            assert all(place.closed for place in in_order(waiting, terms) if place.who not in lucky)


def test_the_fair_order_is_that_of_giving_one_seat_after_another():
    chance = random.Random(7)
    for _ in range(100):
        waiting = line(*(chance.choice([A, B, C]) for _ in range(9)))
        taken = {group: chance.randrange(3) for group in (A, B, C)}
        at_once = next_up(waiting, Terms(fair=True, taken=taken), 6)
        one_by_one, rest = [], list(waiting)
        for _seat in range(6):
            [lucky] = next_up(rest, Terms(fair=True, taken=taken), 1)
            one_by_one.append(lucky)
            rest.remove(lucky)
            taken = {**taken, lucky.group: taken[lucky.group] + 1}
        assert at_once == one_by_one
