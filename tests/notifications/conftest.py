"""A committed database, templates of test kinds, a relay, and a sender on them."""

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from sqlalchemy import select

from app.extensions import db
from app.notifications import claims, outbox, revisions
from app.notifications.claims import Claimant
from app.notifications.delivery import Sender
from app.notifications.models import Message
from app.notifications.transport import SmtpTransport
from tests.notifications.relay import relay as running_relay

TEMPLATES = "tests/emails/templates"


@pytest.fixture
def test_kinds(base_app):
    """The templates of ``test-notice`` and ``test-invite``, beside the platform's own."""
    kept = base_app.jinja_loader
    base_app.jinja_loader = ChoiceLoader([kept, FileSystemLoader(TEMPLATES)])
    yield
    base_app.jinja_loader = kept


@pytest.fixture
def live(committed_app, test_kinds):
    """The app with real commits, inside its context."""
    with committed_app.app_context():
        yield committed_app
        db.session.remove()


@pytest.fixture
def relay():
    with running_relay() as server:
        yield server


@pytest.fixture
def no_checks():
    """The checks of the rooms, taken out for one test."""
    kept = dict(revisions.checks)
    revisions.checks.clear()
    yield revisions.checks
    revisions.checks.clear()
    revisions.checks.update(kept)


@contextmanager
def sending(relay, **options):
    """A sender with its own claimant and connection to this relay."""
    claimant = Claimant(claims.connect(db.engine))
    transport = SmtpTransport(relay.url, "pathways.example")
    try:
        yield Sender(claimant, transport, **options)
    finally:
        transport.close()
        claimant.close()


def let_go(connection_or_claimant):
    """Close, and wait until the server has released what the connection held."""
    connection = getattr(connection_or_claimant, "_connection", connection_or_claimant)
    pid = connection.info.backend_pid
    connection.close()
    for _ in range(500):
        alive = db.session.scalar(db.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"), {"pid": pid})
        db.session.rollback()
        if not alive:
            return
        time.sleep(0.01)
    raise AssertionError("the server keeps the connection")


def in_order(*letters, now):
    """The same letters, due a second apart, so that they leave in this order."""
    return [replace(letter, due_at=now - timedelta(seconds=100 - at)) for at, letter in enumerate(letters)]


def post(*letters, now):
    """Queue and commit."""
    outbox.queue(letters, now=now)
    db.session.commit()


def rows():
    """Every message as the database has it, by key."""
    db.session.rollback()
    db.session.expire_all()
    found = {row.key: row for row in db.session.scalars(select(Message))}
    db.session.expunge_all()
    db.session.rollback()
    return found
