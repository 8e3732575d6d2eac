"""Bring an installation up to date in one process: migrations, reference data, demonstration on the first start."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import create_engine, text

from app.core import clock
from app.core.signing import settings as current_settings
from app.extensions import db
from config import Settings

HERE = Path(__file__).resolve().parent.parent


def upgrade(settings: Settings) -> None:
    """Run the migrations as the owner of the schema, then let the application role use its tables."""
    alembic = Config()
    alembic.set_main_option("script_location", str(HERE / "migrations"))
    engine = create_engine(settings.migration_database_url)
    try:
        with engine.connect() as connection:
            alembic.attributes["connection"] = connection
            command.upgrade(alembic, "head")
        with engine.begin() as connection:
            role = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'pathways_app'")).scalar()
            if role:
                for grant in GRANTS:
                    connection.execute(text(grant))
    finally:
        engine.dispose()


GRANTS = (
    "GRANT USAGE ON SCHEMA public TO pathways_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pathways_app",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO pathways_app",
    # the audit log only grows
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM pathways_app",
)


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate, load reference data, and on the first start of a demonstration its network."""
    from app.practices.reference import load_all

    settings = current_settings()
    upgrade(settings)
    now = clock.now()
    load_all(now)
    db.session.commit()
    if settings.demo:
        from app.demo.load import load_demo

        with current_app.test_request_context(base_url=settings.base_url):
            load_demo(now)
            db.session.commit()
    click.echo("The database is up to date.")
