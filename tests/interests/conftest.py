"""A call that people apply to."""

from __future__ import annotations

import pytest

from app.extensions import db
from tests.factories.accounts import make_state
from tests.factories.interests import make_call


@pytest.fixture
def place(app):
    """A call and a State."""
    with app.app_context():
        call, state = make_call(), make_state("Alvania", code="XL", names={"en": "Alvania", "ar": "ألفانيا"})
        db.session.commit()
        return {"call": call.id, "state": str(state.id)}
