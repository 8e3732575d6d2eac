"""``flask prove``: a backup is restored into a database made for it, compared with what it says of itself, opened, and dropped.

Nothing of the platform's own data is touched, and no worker knows that database, so no mail can leave. What was proven is
noted among the signs of life, where the desk and the monitors read it.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from app.accounts.access import declared
from app.backup import DUMP, FILES, Cannot, counts, empty, run_program, server, whole
from app.core.migrations import known
from app.core.signing import settings as current_settings
from app.extensions import db
from app.heartbeats import rules as heartbeats
from app.heartbeats.models import RESTORE
from app.prepare import stands_at, upgrade
from config import Settings

PAGES = 10
"""So many public pages have to open on the restored data."""


@click.command("prove")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", default="", help="An empty database made for this (postgresql://…); else one is made.")
@with_appcontext
def prove(folder: Path, into: str) -> None:
    """Restore the backup in FOLDER into a database made for it, compare, open pages, and note that it was proven."""
    settings = current_settings()
    told = whole(folder)
    if "counts" not in told:
        raise Cannot("This backup is of a release that did not write down how many rows it holds. Make a new one, and prove that.")
    if told["migration"] not in known():
        raise Cannot(f"The backup is of a newer release ({told['migration']}). Prove it with that one.")
    with _scratch(settings, into) as url:
        there = dataclasses.replace(settings, database_url=url, migration_database_url=url)
        engine = create_engine(url)
        try:
            _restored(there, engine, folder, told)
            missing = _missing_files(engine, folder)
        finally:
            engine.dispose()
        if missing:
            raise Cannot(f"{missing} files that the database speaks of are not in the backup. It is not proven.")
        upgrade(there)
        opened = _open_pages(url)
    rows = sum(told["counts"].values())
    _note({"made_at": told["made_at"], "rows": rows, "tables": len(told["counts"]), "pages": opened})
    click.echo(f"The backup of {told['made_at']} is proven: {rows} rows in {len(told['counts'])} tables, {opened} pages opened.")


@contextmanager
def _scratch(settings: Settings, into: str) -> Iterator[str]:
    """The address of an empty database; it is dropped afterwards, or emptied when it was named: it holds personal data."""
    if into:
        with _named(settings, into) as url:
            yield url
        return
    ours = make_url(settings.migration_database_url)
    name = f"proof_{secrets.token_hex(4)}"
    outside = create_engine(ours, isolation_level="AUTOCOMMIT")
    try:
        with outside.connect() as connection:
            try:
                connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
            except ProgrammingError:
                sentence = f"{ours.username} may not make a database: ALTER ROLE {ours.username} CREATEDB, or name one with --into."
                raise Cannot(sentence) from None
        try:
            yield ours.set(database=name).render_as_string(hide_password=False)
        finally:
            drop(outside, name)
    finally:
        outside.dispose()


def drop(outside: Engine, name: str) -> None:
    """Even ``FORCE`` may not end one of the server's own workers that cleans up in there: it is gone in a moment."""
    for patience in (0.2, 0.5, 1, 2, 4, None):
        try:
            with outside.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        except DBAPIError:
            if patience is None:
                raise
            time.sleep(patience)
        else:
            return


@contextmanager
def _named(settings: Settings, into: str) -> Iterator[str]:
    url = make_url(into).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if connection.execute(text("SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1")).scalar():
                raise Cannot(f"The database {url.database} is not empty. Name one that was made for this.")
        try:
            yield url.render_as_string(hide_password=False)
        finally:
            with engine.begin() as connection:
                empty(connection)
    except OperationalError:
        raise Cannot("The database of --into did not let us in or did not answer.") from None
    finally:
        engine.dispose()


def _restored(there: Settings, engine: Engine, folder: Path, told: dict[str, Any]) -> None:
    """Put the dump in, and compare migration and rows with the manifest."""
    name = make_url(there.migration_database_url).database
    flags = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={name}")
    run_program(there, server(engine), "pg_restore", *flags, str(folder / DUMP))
    with engine.connect() as connection:
        found, migration = counts(connection), stands_at(connection)
    wrong = sorted(name for name in found.keys() | told["counts"].keys() if found.get(name) != told["counts"].get(name))
    if wrong or migration != told["migration"]:
        raise Cannot(f"What was restored differs from what the backup says: {', '.join(wrong) or migration}. It is not proven.")


def _missing_files(engine: Engine, folder: Path) -> int:
    with tarfile.open(folder / FILES) as tar:
        packed = {Path(name).name for name in tar.getnames()}
    with engine.connect() as connection:
        ids = connection.execute(text("SELECT id FROM stored_files")).scalars()
        return sum(1 for id_ in ids if id_.hex not in packed)


def _open_pages(url: str) -> int:
    """Every public page without an id, as a visitor sees it on the restored data; answers how many opened."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings, quiet = current_settings(), logging.getLogger("app.requests")
    paths = [
        rule.rule.replace("<lang:lang>", settings.default_language)
        for rule in app.url_map.iter_rules()
        if rule.arguments <= {"lang"} and "GET" in (rule.methods or ()) and _is_public(app, rule.endpoint)
    ]
    engines = cast("dict[str | None, Engine]", db.engines)  # as the extension keeps them: this process looks elsewhere for a moment
    ours, quiet.disabled = engines[None], True
    engines[None] = create_engine(url)
    try:
        with ThreadPoolExecutor(1) as beside:  # outside of this command's context, which all requests would share otherwise
            answers = beside.submit(_statuses, app, paths).result()
    finally:
        engines[None].dispose()
        engines[None], quiet.disabled = ours, False
    broken = sorted(path for path, status in answers.items() if status >= 500)
    opened = sum(1 for status in answers.values() if status == 200)
    if broken or opened < PAGES:
        raise Cannot(f"Pages did not open on the restored data: {', '.join(broken) or f'only {opened} did'}. It is not proven.")
    return opened


def _statuses(app: Flask, paths: list[str]) -> dict[str, int]:
    client, base_url = app.test_client(), app.config["SETTINGS"].base_url
    return {path: client.get(path, base_url=base_url, buffered=True).status_code for path in paths}


def _is_public(app: Flask, endpoint: str) -> bool:
    access = declared(app, endpoint)
    return access is not None and access.kind == "public"


def _note(told: dict[str, Any]) -> None:
    connection = db.engine.raw_connection()
    try:
        heartbeats.beat(connection.driver_connection, RESTORE, told=told)  # type: ignore[arg-type]
        connection.commit()
    finally:
        connection.close()
