"""The demo's clock moves in all processes; nobody else's does."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock

pytestmark = pytest.mark.real_clock


@pytest.fixture(autouse=True)
def _restore():
    kept = clock._shift_file
    yield
    clock.configure(kept)


def test_without_a_file_the_clock_is_the_real_one():
    clock.configure(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    with pytest.raises(RuntimeError):
        clock.advance(timedelta(days=7))


def test_an_advance_is_seen_by_whoever_reads_the_same_file(tmp_path):
    clock.configure(tmp_path / "clock")
    assert clock.shift() == timedelta()
    clock.advance(timedelta(days=7))
    assert clock.advance(timedelta(hours=1)) == timedelta(days=7, hours=1)
    clock.configure(tmp_path / "clock")  # as another process reads it
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=7, hours=1)) < timedelta(seconds=5)
