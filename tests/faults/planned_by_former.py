"""A process of a former release, with the former zone data first on its path: it plans sessions, invites everybody, sends."""

from __future__ import annotations

import sys
from datetime import datetime

from sqlalchemy import select

from app import create_app
from app.accounts.models import Person
from app.core import clock, zones
from app.exchanges import rules
from app.extensions import db
from app.notifications import courier
from tests.factories.exchanges import make_plan


def main(*planned: str) -> None:
    """``ZONE=2027-01-20T10:00`` for each session."""
    app = create_app()
    with app.app_context():
        now = clock.now()
        rules.check_clocks(now, commit=db.session.commit)
        people = db.session.scalars(select(Person).order_by(Person.id)).all()
        for one in planned:
            zone, wall = one.split("=")
            plan = make_plan(zone=zone, local_start=datetime.fromisoformat(wall), titles={"en": zone}, capacity=500)
            row = rules.create_session(plan, by=None, now=now)
            rules.invite(row, [rules.Guest(person) for person in people], by=None, now=now)
        db.session.commit()
        while courier.dispatch_here(app):
            pass
    print(zones.iana_version())


if __name__ == "__main__":
    main(*sys.argv[1:])
