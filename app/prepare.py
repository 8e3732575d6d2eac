"""Bring an installation up to date in one process: migrations, reference data, demonstration on the first start."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from app.core import clock
from app.core.migrations import head, known
from app.core.signing import settings as current_settings
from app.extensions import db
from config import Settings

HERE = Path(__file__).resolve().parent.parent


class Newer(Exception):  # noqa: N818 - a state of affairs, no error: this release may well run on such a database
    """A newer release has migrated the database; its last migration is the argument."""


def upgrade(settings: Settings) -> bool:
    """Run what is missing as the owner of the schema, then let the application role use its tables.

    ``False`` when there was nothing to do, which is found out without loading the migration tool: later starts are quick.
    A database that a newer release has migrated is left alone: ``Newer``.
    """
    engine = create_engine(settings.migration_database_url)
    try:
        with engine.connect() as connection:
            there = stands_at(connection)
            connection.rollback()
            if there == head() is not None:
                return False
            if there and there not in known():
                raise Newer(there)
            _migrate(connection)
        with engine.begin() as connection:
            if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'pathways_app'")).scalar():
                for grant in GRANTS:
                    connection.execute(text(grant))
    finally:
        engine.dispose()
    return True


def stands_at(connection: Connection) -> str | None:
    """The migration that the database itself names; ``None`` before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    alembic = Config()
    alembic.set_main_option("script_location", str(HERE / "migrations"))
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "head")


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().partition("\n")[0]


GRANTS = (
    "GRANT USAGE ON SCHEMA public TO pathways_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pathways_app",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO pathways_app",
    # the audit log only grows
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM pathways_app",
    "REVOKE UPDATE, DELETE, TRUNCATE ON milestone_revisions FROM pathways_app",
    # which migrations ran is the owner's to say
    "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version FROM pathways_app",
)


def judge_texts() -> None:
    """After a migration: what texts say and lack, written anew by the present rules."""
    from app.texts import indexing

    indexing.judge_all()
    db.session.commit()


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate, load reference data, and on the first start of a demonstration its network."""
    from app.calendars.rules.overrides import load_reference
    from app.practices.reference import load_all
    from app.wordings import reviews

    settings = current_settings()
    try:
        is_new = upgrade(settings)
    except Newer as newer:  # back to the release before: its words must not replace newer ones either
        click.echo(f"A newer release has migrated the database ({newer}, here {head()}). It is left as it is.")
        return
    except OperationalError as error:
        raise click.ClickException(f"The database did not let us in or did not answer: {_first_line(error)}") from None
    now = clock.now()
    load_all(now)
    load_reference(now)
    if is_new:
        judge_texts()
    reviews.judge()
    db.session.commit()
    if settings.demo:
        from app.demo.load import load_demo

        with current_app.test_request_context(base_url=settings.base_url):
            load_demo(now)
            db.session.commit()
    click.echo("The database is up to date.")
