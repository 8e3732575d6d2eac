"""Many at once: a circular is sent once, whoever presses."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts.models import Person, Role
from app.circulars import rules
from app.circulars.models import Circular, CircularRecipient
from app.core.errors import RuleBroken
from app.extensions import db
from app.notifications.models import Message
from tests.factories.accounts import make_person
from tests.factories.circulars import NOW, make_circular
from tests.pilots.test_race import at_once

pytestmark = pytest.mark.slow


def test_ten_who_press_send_at_once_send_it_once(committed_app):
    with committed_app.app_context():
        by = make_person("Berg")
        for n in range(5):
            make_person(f"Member{n}", roles=(Role.CO_LEAD,))
        row = make_circular(by=by)
        db.session.commit()
        key, by_id = row.id, by.id
        db.session.remove()

    def press():
        found = rules.send(db.session.get(Circular, key), by=db.session.get(Person, by_id), now=NOW)
        return len(found.mails)

    said = at_once(committed_app, [press] * 10)
    assert sorted(s for s in said if isinstance(s, int)) == [5]
    assert all(isinstance(s, RuleBroken) for s in said if not isinstance(s, int))
    with committed_app.app_context():
        counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Message, CircularRecipient)]
        db.session.remove()
    assert counts == [5, 5]
