"""The app on a real PostgreSQL and Redis of its own; each test's changes are rolled back."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.orm import Session

import config
from app import create_app
from app.accounts import sessions
from app.accounts.models import Person, Role
from app.core.db import Base
from app.extensions import db
from app.notifications.models import Message
from app.wordings import catalogue
from tests import loopback
from tests.factories.notifications import SECRET_KEY

loopback.guard()

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: keep it out of every collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, str]]:
    """Addresses of a PostgreSQL (owner and application role) and a Redis that belong to the tests alone."""
    if os.environ.get("TEST_DATABASE_URL"):
        url = os.environ["TEST_DATABASE_URL"]
        yield {"app": url, "owner": url, "redis": os.environ["TEST_REDIS_URL"]}
        return
    from embedded import servers as embedded_servers

    with embedded_servers.running(fsync=False) as urls:
        yield {"app": urls.app, "owner": urls.owner, "redis": urls.redis}


@pytest.fixture(scope="session")
def settings(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    """Settings of the test installation."""
    var = tmp_path_factory.mktemp("var")
    return config.load(
        {
            "PATHWAYS_ENV": "test", "DATABASE_URL": servers["app"], "MIGRATION_DATABASE_URL": servers["owner"],
            "REDIS_URL": servers["redis"], "SMTP_URL": "smtp://127.0.0.1:9", "VAR_DIR": str(var),
            "SECRET_KEY": SECRET_KEY, "BASE_URL": "http://127.0.0.1:8000",
            "CLOCK_FILE": str(var / "clock"), "MAIL_DOMAIN": "pathways.example",
        }
    )  # fmt: skip


@pytest.fixture(scope="session")
def schema(settings: config.Settings) -> None:
    """Migrate once, from nothing."""
    engine = create_engine(settings.migration_database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        connection.execute(text("GRANT USAGE ON SCHEMA public TO public"))
    from app.prepare import upgrade

    upgrade(settings)
    engine.dispose()


@pytest.fixture(scope="session")
def base_app(settings: config.Settings, schema: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One app for all tests; its tables hold the reference data."""
    app = create_app(_testing(settings))
    compiled = tmp_path_factory.getbasetemp().parent / "templates"  # what one process compiled, the others need not
    compiled.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    from importlib.util import find_spec

    with app.app_context():
        if find_spec("app.practices.reference"):
            from app.practices.reference import load_all

            load_all(NOW)
        db.session.commit()
        db.session.remove()
        catalogue.version()  # looked at once, so that no test's page is the one that does
    yield app
    with app.app_context():
        db.engine.dispose()


def _testing(settings: config.Settings) -> config.Settings:
    import dataclasses

    return dataclasses.replace(settings, extra={"TESTING": True, "WORDINGS_EVERY": 86400.0})


@pytest.fixture
def app(base_app: Flask) -> Iterator[Flask]:
    """The app, with every change of this test rolled back: one connection in an outer transaction."""
    with base_app.app_context():
        engine = db.engine
    with engine.connect() as connection, connection.begin() as outer:
        with _bound_to(base_app, connection):
            yield base_app
        outer.rollback()


@contextmanager
def _bound_to(app: Flask, connection: Any) -> Iterator[None]:
    """Let every session of the app use this connection; its commits are savepoints."""
    engines = db._app_engines[app]
    kept = engines[None]
    engines[None] = connection
    factory = db.session.session_factory
    before = dict(factory.kw)
    factory.configure(join_transaction_mode="create_savepoint")
    try:
        yield
    finally:
        with app.app_context():
            db.session.remove()
        factory.kw.clear()
        factory.kw.update(before)
        engines[None] = kept


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The database session inside an app context; commit before you use the client."""
    with app.app_context():
        yield db.session  # type: ignore[misc]
        db.session.remove()


@pytest.fixture
def committed_app(base_app: Flask, settings: config.Settings) -> Iterator[Flask]:
    """The app with real commits, for threads, workers and other processes; its rows are deleted afterwards."""
    yield base_app
    keep = ("grounds", "objectives", "regions", "alembic_version", "reference_values", "tools", "catalogue_entries")
    with base_app.app_context():
        db.session.remove()
        names = [t.name for t in Base.metadata.sorted_tables if t.name not in keep and t.name != "organisations"]
        db.engine.dispose()
    owner = create_engine(settings.migration_database_url)  # the application may not empty the audit log
    with owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(names)} CASCADE"))
        connection.execute(text("DELETE FROM catalogue_entries WHERE kind <> 'tool'"))
        connection.execute(text("DELETE FROM organisations WHERE kind <> 'state' OR code LIKE 'X%'"))
    owner.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts, signed out."""
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    """The moment of the test."""
    return NOW


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Freeze the platform's clock at NOW; tests marked ``real_clock`` keep the real one."""
    if request.node.get_closest_marker("real_clock") is None:
        from app.core import clock

        monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture(autouse=True)
def _only_loopback() -> Iterator[None]:
    """Fail the test that asked for the network, even where its code lived with the refusal."""
    loopback.tried.clear()
    yield
    tried, loopback.tried[:] = list(loopback.tried), []
    assert not tried, f"the test asked for the network: {', '.join(tried)}"


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., FlaskClient]:
    """Answer a client that is signed in as this person, with these roles granted first."""

    def signed_in(person: Person, *roles: Role) -> FlaskClient:
        from app.accounts.models import RoleGrant

        with app.app_context():
            for role in roles:
                db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=NOW))
            token = sessions.begin(db.session.merge(person), "password", NOW)
            db.session.commit()
            db.session.remove()
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return browser

    return signed_in


@pytest.fixture
def outbox(app: Flask) -> Callable[..., list[Message]]:
    """The messages written so far, oldest first, of one kind or of all."""

    def messages(kind: str | None = None) -> list[Message]:
        with app.app_context():
            query = select(Message).order_by(Message.created_at, Message.id)
            rows = list(db.session.scalars(query.where(Message.kind == kind) if kind else query))
            db.session.expunge_all()
            return rows

    return messages


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every SQL statement sent while the fixture is in use; clear the list before you count."""
    seen: list[str] = []
    with app.app_context():
        connection = db._app_engines[app][None]

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def within(app):
    """Database work in a context of its own, committed; requests never share it with the test."""

    @contextmanager
    def work():
        with app.app_context():
            yield db.session
            db.session.commit()
            db.session.remove()

    return work


def csrf_of(html: str) -> str:
    """The CSRF token of the first form in a page."""
    import re

    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html) or re.search(r'value="([^"]+)"[^>]*name="csrf_token"', html)
    assert found, "the page has no form with a token"
    return found[1]


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this test process (pytest-xdist), or ``main``."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")
