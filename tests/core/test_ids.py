"""Ids tell the order in which their rows were made."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.core.db import uuid7

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_ids_made_one_after_the_other_are_in_order_also_within_a_millisecond() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {i.version for i in made} == {7}
    assert {i.variant for i in made} == {uuid.RFC_4122}
    assert len({i.int >> 80 for i in made}) < 20_000  # some shared a millisecond


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_an_id_of_a_moment_holds_it_and_those_of_one_moment_keep_their_order(at: datetime) -> None:
    made = [uuid7(at) for _ in range(50)]
    assert made == sorted(set(made))
    assert {i.int >> 80 for i in made} == {int(at.timestamp() * 1000)}


def test_an_id_of_an_earlier_moment_is_earlier() -> None:
    late, early = uuid7(AT), uuid7(AT - timedelta(milliseconds=1))
    assert early < late


def test_two_processes_hardly_meet() -> None:
    """The counter begins anywhere in a new millisecond: no two moments share the low bits."""
    low = {uuid7(AT + timedelta(milliseconds=n)).int & (1 << 62) - 1 for n in range(2_000)}
    assert len(low) == 2_000
