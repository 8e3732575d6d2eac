"""F14: the schema goes up, down and up again, is what the models say, and never waits long for a lock."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app.core import tokens
from app.core.db import Base
from config import load
from tests.journeys.platform import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def scratch(servers):
    """An empty database beside the tests' own."""
    name = f"scratch_{uuid.uuid4().hex[:8]}"
    outside = create_engine(servers["owner"], isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine = create_engine(make_url(servers["owner"]).set(database=name))
    try:
        yield engine
    finally:
        engine.dispose()
        with outside.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        outside.dispose()


@contextmanager
def alembic(engine):
    settings = Config()
    settings.set_main_option("script_location", str(ROOT / "migrations"))
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        yield settings


def tables(engine):
    with engine.connect() as connection:
        found = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        return set(connection.scalars(found))


def differences(engine):
    import app.models  # noqa: F401 - fills the metadata

    with engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata)


def test_f14_the_schema_goes_up_down_and_up_again_and_is_what_the_models_say(scratch):
    with alembic(scratch) as settings:
        command.upgrade(settings, "head")
    assert tables(scratch) == set(Base.metadata.tables)
    assert differences(scratch) == []
    with alembic(scratch) as settings:
        command.downgrade(settings, "base")
    assert tables(scratch) == set()
    with scratch.connect() as connection:
        left = "SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'"
        assert connection.scalar(text(left)) == 0
    with alembic(scratch) as settings:
        command.upgrade(settings, "head")
    assert differences(scratch) == []


def test_f14_a_migration_gives_up_after_two_seconds_rather_than_stop_everybody(scratch):
    with alembic(scratch) as settings:
        command.upgrade(settings, "head")
    before = tables(scratch)
    with scratch.connect() as reader, reader.begin():
        reader.execute(text("LOCK TABLE invitations IN ACCESS SHARE MODE"))  # as a long report would
        start = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"), alembic(scratch) as settings:
            command.downgrade(settings, "base")
        assert 1.5 < time.monotonic() - start < 8
    assert tables(scratch) == before
    assert differences(scratch) == []


def message(connection, links):
    row = uuid.uuid4()
    written = """
        INSERT INTO messages (id, key, kind, priority, recipient_name, salutation, address, locale, zone, facts, template_version,
            at_most_once, restored_hold, due_at, state, attempts, created_at)
        VALUES (:id, :id, 'join-invitation', 0, '', '', 'a@b.example', 'en', 'UTC', CAST(:facts AS jsonb), 1, false, false, now(),
            'queued', 0, now())"""
    connection.execute(text(written), {"id": row, "facts": json.dumps({"links": links, "days": 14})})
    return row


def test_f14_links_of_former_messages_become_marks_and_what_opens_nothing_stays(scratch):
    with alembic(scratch) as settings:
        command.upgrade(settings, "0009")
    row, nonce, keys = uuid.uuid4(), tokens.fresh_nonce(), load().secret_keys
    base = "https://pathways.example/en/welcome/"
    dead = [
        base + tokens.sign(keys, "join-network", row, "a former nonce"),
        base + tokens.sign(["another key of more than thirty-two characters"], "join-network", row, nonce),
        base + tokens.sign(keys, "join-network", uuid.uuid4(), nonce), "https://pathways.example/en/sign-in",
    ]  # fmt: skip
    with scratch.begin() as connection:
        connection.execute(text("ALTER TABLE join_invitations DROP CONSTRAINT fk_join_invitations_person_id"))
        invited = (
            "INSERT INTO join_invitations (id, person_id, nonce, created_at, expires_at) VALUES (:id, :id, :nonce, now(), now())"
        )
        connection.execute(text(invited), {"id": row, "nonce": nonce})
        alive = message(connection, {"join": base + tokens.sign(keys, "join-network", row, nonce) + "?x=1"})
        ended = message(connection, dict(enumerate(dead)))
    with alembic(scratch) as settings:
        command.upgrade(settings, "head")
    with scratch.connect() as connection:
        facts = dict(connection.execute(text("SELECT id, facts FROM messages")).all())
    assert facts[alive] == {"links": {"join": f"{base}~join-network~{row.hex}~{nonce}?x=1"}, "days": 14}
    assert tokens.opened(keys, facts[alive]["links"]["join"]) == base + tokens.sign(keys, "join-network", row, nonce) + "?x=1"
    assert facts[ended]["links"] == {str(n): address for n, address in enumerate(dead)}
