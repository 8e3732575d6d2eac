"""F9 and F11: each session knows the clock rules its instant came from; many editors at once lose no edit."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

from app.core import zones
from app.core.errors import Conflict
from app.exchanges import rules
from app.exchanges.models import PeerSession
from app.extensions import db
from tests.factories.accounts import make_person
from tests.factories.exchanges import NOW, make_plan, make_session


def test_f9_a_session_stores_the_clock_rules_its_instant_came_from(session):
    """Morocco: the pinned data know that the country left summer time for good, older data of systems do not."""
    row = make_session(zone="Africa/Casablanca", local_start=datetime(2026, 12, 1, 10, 0))
    assert row.tzdb_version == zones.iana_version() != ""
    assert row.starts_at == zones.to_instant(row.local_start, row.zone)
    known = [int(part) for part in version("tzdata").split(".")]
    if known >= [2026, 6]:
        assert row.starts_at == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    row.tzdb_version = "2025a"
    session.flush()
    plan = make_plan(zone="Africa/Casablanca", local_start=datetime(2026, 12, 2, 10, 0))
    rules.change(row, plan, version=row.version, tell=False, by=make_person(), now=NOW)
    assert row.tzdb_version == zones.iana_version()  # whoever sets the time anew sets it by today's rules


@pytest.mark.slow
def test_f11_of_sixteen_editors_of_one_version_one_saves_and_the_others_see_a_conflict(committed_app):
    with committed_app.app_context():
        row, by = make_session(), make_person()
        db.session.commit()
        session_id, seen, editor = row.id, row.version, by.id
        db.session.remove()
    gate, saved, refused = threading.Barrier(16), [], []

    def edit(seats):
        with committed_app.app_context():
            mine, person = db.session.get(PeerSession, session_id), db.session.get(type(by), editor)
            db.session.rollback()
            gate.wait(20)
            try:
                rules.change(mine, make_plan(capacity=seats), version=seen, tell=False, by=person, now=NOW)
                db.session.commit()
                saved.append(seats)
            except Conflict as conflict:
                db.session.rollback()
                refused.append([(theirs, yours) for _name, theirs, yours in conflict.changes])
            finally:
                db.session.remove()

    threads = [threading.Thread(target=edit, args=(100 + n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(saved) == 1 and len(refused) == 15
    assert all((saved[0], yours) for ((_theirs, yours),) in refused)
    assert {theirs for ((theirs, _yours),) in refused} == {saved[0]}
    assert {yours for ((_theirs, yours),) in refused} == set(range(100, 116)) - set(saved)
    with committed_app.app_context():
        row = db.session.get(PeerSession, session_id)
        assert (row.capacity, row.version) == (saved[0], seen + 1)
        db.session.remove()
