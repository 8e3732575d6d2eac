"""People of the secretariat and of a State, and browsers of theirs."""

from __future__ import annotations

import pytest
from flask import g

from app.accounts.models import Role
from app.exchanges import rules
from tests.conftest import csrf_of
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW


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

    def post(self, path, data=None, *, page=None, **more):
        """Open the form, then send it."""
        shown = self.get(page or path)
        assert shown.status_code == 200, (shown.status_code, path)
        forget()
        return self.client.post(path, data={"csrf_token": csrf_of(shown.text), **(data or {})}, **more)


@pytest.fixture
def secretariat(session, sign_in):
    person = make_person("Berg", given_name="Tomas", zone="Europe/Stockholm")
    session.commit()
    return Browser(sign_in(person, Role.SECRETARIAT))


@pytest.fixture
def state(session):
    return make_state("Alvania", zone="Africa/Dakar")


@pytest.fixture
def focal_point(session, sign_in, state):
    person = make_person("Morrow", given_name="Adaeze", of=state, zone="Africa/Nairobi")
    make_designation(state, person)
    session.commit()
    return Browser(sign_in(person))


@pytest.fixture
def visitor(app):
    return Browser(app.test_client())


@pytest.fixture
def exchange(session):
    """An exchange without sessions."""
    made = rules.create_exchange(rules.ExchangePlan(themes={"en": "Families"}), by=None, now=NOW)
    session.commit()
    return made
