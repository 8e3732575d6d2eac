"""Alembic's environment: the tables of every room, run as the schema's owner, with bounded waits for locks."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from app import models  # noqa: F401 - fills the metadata
from app.core.db import Base
from config import load

target = Base.metadata
BOUNDS = ("SET LOCAL lock_timeout = '2s'", "SET LOCAL statement_timeout = '15min'")
"""What waits for a lock gives way to the pages; what takes longer than this holds a lock for too long."""


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=target, compare_type=True)
    with context.begin_transaction():
        for bound in BOUNDS:
            context.get_bind().execute(text(bound))
        context.run_migrations()


def _write() -> None:
    """Only write down what would be sent: no database is asked."""
    context.configure(dialect_name="postgresql", target_metadata=target, literal_binds=True)
    with context.begin_transaction():
        for bound in BOUNDS:
            context.execute(bound)
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    _write()
elif given is not None:
    _run(given)
    given.commit()
else:
    engine = create_engine(load().migration_database_url)
    with engine.connect() as opened:
        _run(opened)
        opened.commit()
