"""Many at once: one pilot per form, no code twice, one move per page that was read."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Person
from app.core.errors import Conflict
from app.extensions import db
from app.pilots import reminders, rules
from app.pilots.models import DueChange, Milestone, Pilot
from tests.factories.accounts import make_person, make_state
from tests.factories.pilots import NOW, make_milestone, make_pilot, make_plan

pytestmark = pytest.mark.slow


def at_once(app, jobs):
    """Run each job in a thread of its own, all beginning together; answers what each said or raised."""
    start, said = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(n, job):
        start.wait()
        with app.app_context():
            try:
                said[n] = job()
                db.session.commit()
            except Exception as error:  # noqa: BLE001 - the test looks at what was raised
                said[n] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n, job)) for n, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return said


def test_the_same_form_from_ten_threads_starts_one_pilot_and_ten_forms_get_ten_codes(committed_app):
    with committed_app.app_context():
        state, by = make_state(), make_person()
        db.session.commit()
        plan, by_id = make_plan(state), by.id
        db.session.remove()

    def start(key):
        return rules.start(plan, by=db.session.get(Person, by_id), now=NOW, submission_key=key).code

    same = at_once(committed_app, [lambda: start("one")] * 10)
    assert same == ["PL-2026-001"] * 10
    codes = at_once(committed_app, [lambda n=n: start(f"key-{n}") for n in range(10)])
    with committed_app.app_context():
        rows = db.session.scalars(select(Pilot.code)).all()
        db.session.remove()
    assert len(set(codes)) == 10 and len(rows) == len(set(rows)) == 11
    assert not [c for c in codes if not isinstance(c, str)]


def test_ten_people_move_one_date_from_the_same_page_and_one_of_them_does(committed_app):
    with committed_app.app_context():
        milestone = make_milestone(make_pilot(), date(2026, 12, 11))
        by = make_person()
        db.session.commit()
        milestone_id, version, by_id = milestone.id, milestone.version, by.id
        db.session.remove()

    def move(n):
        row = db.session.get(Milestone, milestone_id)
        person = db.session.get(Person, by_id)
        rules.move(row, date(2027, 1, 1) + timedelta(days=n), reason=f"reason {n}", version=version, by=person, now=NOW)
        return n

    said = at_once(committed_app, [lambda n=n: move(n) for n in range(10)])
    moved = [s for s in said if isinstance(s, int)]
    assert len(moved) == 1 and all(isinstance(s, Conflict) for s in said if not isinstance(s, int))
    with committed_app.app_context():
        changes = db.session.scalars(select(DueChange)).all()
        row = db.session.get(Milestone, milestone_id)
        assert [c.after for c in changes] == [row.due_on] == [date(2027, 1, 1) + timedelta(days=moved[0])]
        db.session.remove()


def test_two_workers_scan_at_once_and_say_it_once(committed_app):
    with committed_app.app_context():
        make_milestone(make_pilot(), date(2026, 12, 4), owner_id=make_person().id)
        db.session.commit()
        db.session.remove()
    said = at_once(committed_app, [lambda: reminders.queue_due(NOW)] * 4)
    assert sorted(said) == [0, 0, 0, 1]
