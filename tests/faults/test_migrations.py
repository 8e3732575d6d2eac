"""F14: the schema goes up, down and up again, is what the models say, and never waits long for a lock."""

from __future__ import annotations

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

from app.core.db import Base
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
