"""A backup restored for real: the data are those of the backup, the files too, and no mail leaves until somebody says go."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import uuid
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from app import backup
from app.prepare import head, known, upgrade
from app.proof import drop
from tests.journeys.platform import ROOT
from tests.operations.commands import flask

pytestmark = [pytest.mark.slow, pytest.mark.real_clock]


def _urls(servers, name):
    """The addresses of a database for its owner and for the application."""
    return [make_url(servers[who]).set(database=name).render_as_string(hide_password=False) for who in ("owner", "app")]


@pytest.fixture(scope="module")
def migrated(servers, settings):
    """The name of a database with the present tables and nothing in them, to copy: migrating each anew costs seconds."""
    name = f"migrated_{uuid.uuid4().hex[:8]}"
    outside = create_engine(servers["owner"], isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    url, app_url = _urls(servers, name)
    upgrade(dataclasses.replace(settings, migration_database_url=url, database_url=app_url))
    try:
        yield name
    finally:
        drop(outside, name)
        outside.dispose()


@pytest.fixture
def house(servers, migrated, tmp_path):
    """A database and a folder of files of their own, and a way to run commands on them."""
    name = f"restore_{uuid.uuid4().hex[:8]}"
    outside = create_engine(servers["owner"], isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {migrated}"))
    url, app_url = _urls(servers, name)
    env = os.environ | {
        "PATHWAYS_ENV": "test", "DATABASE_URL": app_url, "MIGRATION_DATABASE_URL": url, "REDIS_URL": servers["redis"],
        "SMTP_URL": "memory:", "VAR_DIR": str(tmp_path / "var"), "SECRET_KEY": "x" * 40, "MAIL_DOMAIN": "pathways.example",
    }  # fmt: skip

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return flask(*words, env=env)

    engine = create_engine(url)
    run.engine, run.var = engine, tmp_path / "var"
    run.application = create_engine(app_url)
    try:
        yield run
    finally:
        engine.dispose()
        run.application.dispose()
        drop(outside, name)
        outside.dispose()


def ask(house, statement, **values):
    with house.engine.begin() as connection:
        found = connection.execute(text(statement), values)
        rows = found.all() if found.returns_rows else []
    house.engine.dispose()
    return rows


@pytest.mark.line("D5")
def test_a_restore_brings_back_data_and_files_and_freezes_the_outbox(house, tmp_path):
    assert house("accounts", "create-secretariat", "first@m.example").returncode == 0
    assert house("mail", "test", "early@m.example", "--wait", "0").returncode == 1, "it waits"
    ask(house, """INSERT INTO messages SELECT (jsonb_populate_record(m, '{"key": "k", "address": "hand@m.example"}'
        || jsonb_build_object('id', gen_random_uuid()))).* FROM messages m""")  # fmt: skip
    ask(house, """UPDATE messages SET state = 'sending', lease_token = gen_random_uuid(), lease_until = now(), claimant = 7
        WHERE address = 'hand@m.example'""")  # fmt: skip
    stored = uuid.uuid4()
    ask(house, """INSERT INTO stored_files (id, sha256, size, media_type, original_name, object_kind, purpose, visibility, version,
        scan_state, created_at, updated_at) VALUES (:id, '', 4, 'application/pdf', 'a.pdf', 'x', 'x', 'secretariat', 1, 'not_scanned',
        now(), now())""", id=stored)  # fmt: skip
    place = house.var / "files" / stored.hex[-2:] / stored.hex
    place.parent.mkdir(parents=True)
    place.write_bytes(b"kept")
    ask(house, """INSERT INTO sign_ins (id, person_id, token_hash, created_at, last_seen_at, expires_at, method)
        SELECT gen_random_uuid(), id, 'x', now(), now(), now() + interval '7 days', 'password' FROM people""")  # fmt: skip
    ask(house, """INSERT INTO exchanges (id, themes, purposes, grounds, visibility, made_for_session, illustrative, version, created_at,
        updated_at) VALUES (:id, '{}', '{}', '{}', 'public', true, false, 1, now(), now())""", id=stored)  # fmt: skip
    ask(house, """INSERT INTO peer_sessions (id, exchange_id, uid, status, titles, purposes, agendas, local_start, zone, fold, starts_at,
        scheduled_at, minutes, tzdb_version, capacity, languages, join_url, dial_in, test_url, visibility, grounds, invite_accepted,
        schedule_version, sequence, revision, illustrative, version, created_at, updated_at) VALUES (:id, :id, 'u', 'scheduled', '{}',
        '{}', '{}', now() + interval '9 days', 'UTC', 0, now() + interval '9 days', now(), 60, 'x', 9, '{}', '', '', '', 'public', '{}',
        false, 1, 3, 1, false, 1, now(), now())""", id=stored)  # fmt: skip
    folder = tmp_path / "backup"
    done = house("backup", str(folder))
    assert done.returncode == 0, done.stderr
    assert {p.name for p in folder.iterdir()} == {"database.dump", "files.tar", "manifest.json"}
    assert house("backup", str(folder)).returncode == 1, "a backup is not overwritten"

    # life goes on: the mail leaves, another person comes, the file changes
    assert house("mail", "send").returncode == 0
    assert ask(house, "SELECT address, state FROM messages ORDER BY address") == [
        ("early@m.example", "sent"), ("hand@m.example", "sending"),
    ]  # fmt: skip
    assert house("accounts", "create-secretariat", "second@m.example").returncode == 0
    place.write_bytes(b"changed")
    ask(house, "UPDATE sign_ins SET ended_at = now(), ended_why = 'signed out'")

    with house.engine.connect():
        refused = house("restore", str(folder), "--yes")
    assert refused.returncode == 1 and "Stop web, worker and beat first." in refused.stderr
    house.engine.dispose()
    done = house("restore", str(folder), "--yes")
    assert done.returncode == 0, done.stderr
    assert "The outbox is frozen" in done.stdout and "not in the backup" not in done.stdout
    assert ask(house, "SELECT email FROM people") == [("first@m.example",)]
    assert ask(house, "SELECT count(*) FROM sign_ins WHERE ended_at IS NULL") == [(0,)], "no session lives again"
    assert place.read_bytes() == b"kept"
    assert ask(house, "SELECT sequence FROM peer_sessions") == [(1003,)], "it rises above whatever was sent since"
    (before,) = house.var.glob("files-before-*")
    assert (before / stored.hex[-2:] / stored.hex).read_bytes() == b"changed", "nothing is thrown away"

    # the mail that left after the backup was made waits again: nobody may send it twice
    assert ask(house, "SELECT state, restored_hold, lease_token FROM messages") == [("queued", True, None)] * 2, "in nobody's hands"
    assert house("mail", "send").stdout.startswith("0 ")
    fresh = house("mail", "test", "new@m.example", "--here")
    assert fresh.returncode == 1 and "The outbox is frozen" in fresh.stderr
    assert ask(house, "SELECT state FROM messages") == [("queued",)] * 3
    assert house("outbox", "health").returncode == 1
    assert house("outbox", "go").returncode == 1, "somebody has to choose"
    assert house("outbox", "go", "--cancel-held").returncode == 0
    assert house("mail", "send").returncode == 0
    assert ask(house, "SELECT address, state FROM messages ORDER BY address") == [
        ("early@m.example", "cancelled"), ("hand@m.example", "cancelled"), ("new@m.example", "sent"),
    ]  # fmt: skip
    with pytest.raises(ProgrammingError, match="permission denied"), house.application.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))


def test_a_backup_that_changed_is_not_restored(house, tmp_path):
    folder = tmp_path / "backup"
    assert house("backup", str(folder)).returncode == 0
    assert house("accounts", "create-secretariat", "first@m.example").returncode == 0
    (folder / "files.tar").write_bytes(b"other")
    refused = house("restore", str(folder), "--yes")
    assert refused.returncode == 1 and "Nothing was restored." in refused.stderr
    (folder / "database.dump").write_bytes(b"of a program that ours cannot read")
    told = json.loads((folder / "manifest.json").read_text())
    told["sha256"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in told["sha256"]}
    (folder / "manifest.json").write_text(json.dumps(told))
    refused = house("restore", str(folder), "--yes")
    assert refused.returncode == 1 and refused.stderr.endswith("Nothing was restored.\n"), "it is tried before the data go"
    assert ask(house, "SELECT count(*) FROM people") == [(1,)]
    (folder / "manifest.json").unlink()
    assert "not a whole backup" in house("restore", str(folder), "--yes").stderr


def test_a_backup_names_the_migration_of_its_data_and_is_brought_up_to_date(house, tmp_path):
    before = known()[head()]
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert house("accounts", "create-secretariat", "first@m.example").returncode == 0
    with house.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, before)
    house.engine.dispose()
    folder = tmp_path / "backup"  # by the new release, before its prepare
    assert house("backup", str(folder)).returncode == 0
    told = json.loads((folder / "manifest.json").read_text())
    assert told["migration"] == before
    done = house("restore", str(folder), "--yes")
    assert done.returncode == 0, done.stderr
    assert ask(house, "SELECT version_num, (SELECT email FROM people) FROM alembic_version") == [(head(), "first@m.example")]
    (folder / "manifest.json").write_text(json.dumps(told | {"migration": "9999"}))
    refused = house("restore", str(folder), "--yes")
    assert refused.returncode == 1 and "The backup is of a newer release (9999)." in refused.stderr
    assert ask(house, "SELECT count(*) FROM people") == [(1,)], "nothing was touched"


def test_a_freeze_that_lasted_in_the_backup_gives_way_to_the_one_of_the_restore(house, tmp_path):
    assert house("outbox", "freeze", "--reason", "old").returncode == 0
    folder = Path(tmp_path / "backup")
    assert house("backup", str(folder)).returncode == 0
    done = house("restore", str(folder), "--yes")
    assert done.returncode == 0, done.stderr
    assert ask(house, "SELECT reason, ended_at IS NULL FROM outbox_freezes ORDER BY frozen_at") == [
        ("old", False),
        ("restored", True),
    ]


@pytest.mark.parametrize(("client", "server", "does"), [
    (15, 15, True), (16, 15, False), (17, 15, False), (17, 16, False), (17, 17, True), (18, 17, True), (17, 18, False),
])  # fmt: skip
def test_only_a_program_whose_dump_goes_back_into_the_server_is_used(tmp_path, monkeypatch, client, server, does):
    program = tmp_path / "pg_dump"
    program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {client}.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(backup, "_WHEEL", "nowhere")
    if does:
        assert backup._program("pg_dump", server) == str(program)
    else:
        with pytest.raises(backup.Cannot, match=f"Install postgresql-client-{server}"):
            backup._program("pg_dump", server)
