"""Rows are written in a context that closes before a page is asked for: pages must not share what a context remembers."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from app.extensions import db


@pytest.fixture
def written(app):
    """A context to write rows in; leaving it commits and closes it."""

    @contextmanager
    def writing():
        with app.app_context():
            yield db.session
            db.session.commit()
            db.session.remove()

    return writing
