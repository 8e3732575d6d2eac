"""A pilot with its people, and a browser for each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from flask import g

from app.accounts.models import OrganisationKind, Role
from app.pilots import rules
from app.pilots.models import Milestone, Pilot, Visibility
from tests.conftest import csrf_of
from tests.factories.accounts import make_designation, make_ministry, make_organisation, make_person, make_state
from tests.factories.pilots import NOW, a_link, finished, make_milestone, make_pilot


def forget():
    """The test's own app context is shared with the requests: nobody may stay signed in there."""
    for name in list(g):
        g.pop(name)


class Browser:
    """A client that takes the form's token along, as a browser does."""

    def __init__(self, client):
        self.client = client

    def get(self, path, **more):
        forget()
        return self.client.get(path, **more)

    def post(self, path, data=None, *, page, **more):
        """Open the page with the form, then send it."""
        shown = self.get(page)
        assert shown.status_code == 200, (shown.status_code, page)
        forget()
        return self.client.post(path, data={"csrf_token": csrf_of(shown.text), **(data or {})}, **more)


@dataclass
class World:
    """One pilot that four classes of words belong to, and everybody's browser."""

    pilot: Pilot
    done: Milestone
    open: Milestone
    browsers: dict[str, Browser] = field(default_factory=dict)
    people: dict[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> str:
        return f"/en/pilots/{self.pilot.id}"

    @property
    def milestone_page(self) -> str:
        return f"{self.page}/milestones/{self.open.id}"


SECRETS = {v: f"SECRET-{v.value}" for v in Visibility}


@pytest.fixture
def world(session, sign_in, app):
    state, elsewhere = make_state("Alvania", zone="Africa/Nairobi", weekend=["6", "7"]), make_state("Borania")
    ministry = make_ministry(state, "Ministry of Interior")
    office = make_person("Berg", given_name="Tomas")
    people = {
        "secretariat": (office, (Role.SECRETARIAT,)),
        "auditor": (make_person("Oduya"), (Role.AUDITOR,)),
        "co-lead": (make_person("Prado", given_name="Lucía", of=make_organisation(OrganisationKind.UN_ENTITY)), (Role.CO_LEAD,)),
        "other co-lead": (make_person("Silva"), (Role.CO_LEAD,)),
        "focal point": (make_person("Morrow", of=state), ()),
        "unverified": (make_person("Otieno", of=state), ()),
        "foreign focal point": (make_person("Kandé", of=elsewhere), ()),
        "owner": (make_person("Ndegwa", given_name="Joseph", of=ministry), ()),
        "participant": (make_person("Sabri"), (Role.PARTICIPANT,)),
    }
    make_designation(state, people["focal point"][0])
    make_designation(state, people["unverified"][0], verified=False)
    make_designation(elsewhere, people["foreign focal point"][0])
    pilot = make_pilot(state, by=office, lead_id=ministry.id, co_lead_id=people["co-lead"][0].id, grounds=("disaster",))
    done = make_milestone(pilot, date(2026, 9, 15), titles={"en": "Agreement signed"}, owner_id=people["owner"][0].id, weight=40)
    rules.move(done, date(2026, 10, 2), reason="REASON-floods", version=None, by=office, now=NOW)
    finished(
        done, date(2026, 9, 30), by=office, note="NOTE-inside", shown=a_link(Visibility.STATE, title=SECRETS[Visibility.STATE])
    )
    for v in (Visibility.SECRETARIAT, Visibility.UN_CO_LEADS, Visibility.ALL_CO_LEADS, Visibility.PUBLIC):
        rules.add_evidence(done, a_link(v, title=SECRETS[v]), by=office, now=NOW)
    for v in Visibility:
        rules.write_update(pilot, f"UPDATE-{v.value}", visibility=v, by=office, now=NOW)
    open_ = make_milestone(pilot, date(2026, 12, 11), owner_id=people["owner"][0].id, weight=60)
    session.commit()
    found = World(pilot, done, open_)
    for name, (person, roles) in people.items():
        found.people[name] = person
        found.browsers[name] = Browser(sign_in(person, *roles))
        session.refresh(person)
    found.browsers["visitor"] = Browser(app.test_client())
    for row in (pilot, done, open_):
        session.refresh(row)
    return found


@pytest.fixture
def office(session, sign_in):
    """The browser of somebody at the desk."""
    person = make_person("Berg", given_name="Tomas")
    session.commit()
    return Browser(sign_in(person, Role.SECRETARIAT))
