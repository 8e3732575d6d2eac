"""Alembic's environment: the tables of every room, run as the schema's owner, with bounded waits for locks."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from app import models  # noqa: F401 - fills the metadata
from app.core.db import Base
from config import load

target = Base.metadata


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=target, compare_type=True)
    with context.begin_transaction():
        context.get_bind().execute(text("SET LOCAL lock_timeout = '2s'"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
    given.commit()
else:
    engine = create_engine(load().migration_database_url)
    with engine.connect() as opened:
        _run(opened)
        opened.commit()
