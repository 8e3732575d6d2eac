"""A session with two invited States, and somebody who signs."""

from __future__ import annotations

import pytest

from app.accounts.models import Role
from app.extensions import db
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.letters import make_signatory, office


@pytest.fixture
def world(app):
    """Ids of what the pages speak of."""
    with app.app_context():
        secretary = make_person("Kamau", given_name="Wanjiru")
        row = make_session(titles={"en": "Family reunification"})
        north, south = make_state("Northland"), make_state("Southland")
        make_invitation(row, make_person(of=north, language="fr"), organisation=north)
        make_invitation(row, make_person(of=south, email=None), organisation=south)
        signer = make_signatory(secretary, "Amina Njeri")
        db.session.commit()
        return {"session": row.id, "north": north.id, "south": south.id, "signer": signer.id, "secretary": secretary}


@pytest.fixture
def desk(world, sign_in):
    """A browser of the secretariat."""
    return sign_in(world["secretary"], Role.SECRETARIAT)


@pytest.fixture
def secretary(session):
    """Somebody of the secretariat, for rules and queries."""
    return office()


@pytest.fixture
def signer(session, secretary):
    """Somebody who signs."""
    return make_signatory(secretary.person)
