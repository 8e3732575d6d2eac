"""What the tests of tables share."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from app.extensions import db


@pytest.fixture
def within(app):
    """Rows made in a context of their own: one that stays open would keep the first reader signed in."""

    @contextmanager
    def context():
        with app.app_context():
            yield
            db.session.commit()
            db.session.remove()

    return context
