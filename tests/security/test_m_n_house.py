"""M and N. Machines at the door, and the house itself: database, broker, log."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from sqlalchemy import create_engine, text

from app.accounts.models import Role
from tests.accounts.conftest import form_of
from tests.factories.accounts import make_person
from tests.factories.interests import make_call
from tests.security.test_c_d_doors import ROOT


def test_m_the_door_does_not_exist_there_is_no_challenge_to_replay_and_a_replayed_form_begins_one_draft(app, within, client):
    from app.interests.models import Expression

    with within():
        call = make_call()
    page = client.get(f"/en/calls/{call.id}")
    assert "captcha" not in page.get_data(as_text=True).lower()
    fields = form_of(page, f"/en/calls/{call.id}/apply")
    places = {client.post(f"/en/calls/{call.id}/apply", data=fields).headers["Location"] for _ in range(5)}
    assert len(places) == 1
    with within() as session:
        assert session.query(Expression).count() == 1


def test_n_celery_takes_and_sends_json_only_and_keeps_no_results(settings):
    told = "import worker.celery_app as w; c = w.app.conf; print(c.accept_content, c.task_serializer, c.result_backend, c.result_serializer)"
    env = {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "VIRTUAL_ENV", "LANG")}, "PATHWAYS_ENV": "test",
        "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "VAR_DIR": str(settings.var_dir),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", told], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[0] == "['json'] json None json", done.stderr[-2000:]


def test_n_a_pickled_message_is_refused_by_what_the_worker_takes():
    import pickle

    from kombu.exceptions import ContentDisallowed
    from kombu.serialization import loads

    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps(()), "application/x-python-serialize", "binary", accept={"json"})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries",
        "DROP TABLE audit_entries", "ALTER TABLE audit_entries DISABLE TRIGGER ALL", "DROP TRIGGER audit_entries_only_grow ON audit_entries",
        "ALTER TABLE people ADD COLUMN x int", "DROP TABLE people", "TRUNCATE people", "CREATE TABLE mine (id int)",
        "UPDATE alembic_version SET version_num = 'x'", "DELETE FROM alembic_version", "SET session_replication_role = replica",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "COPY (SELECT 1) TO PROGRAM 'true'", "SET ROLE pathways_owner",
    ],
)  # fmt: skip
def test_n_the_applications_role_can_neither_change_the_log_nor_the_schema(settings, schema, statement):
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection, pytest.raises(Exception) as refused:  # noqa: PT011 - asked below
            connection.execute(text(statement))
        assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.WrongObjectType), refused.value
    finally:
        engine.dispose()


def test_n_even_the_owner_does_not_change_a_line_of_the_log_by_mistake(settings, schema):
    engine = create_engine(settings.migration_database_url)
    try:
        with engine.connect() as connection:
            connection.execute(
                text(
                    "INSERT INTO audit_entries (id, at, actor_name, object_kind, object_id, action, changes)"
                    " VALUES (gen_random_uuid(), now(), '', 'x', gen_random_uuid(), 'x.y', '{}')"
                )
            )
            for statement in ("UPDATE audit_entries SET action = 'z'", "DELETE FROM audit_entries"):
                with pytest.raises(Exception, match="audit"), connection.begin_nested():  # noqa: PT011 - asked by its words
                    connection.execute(text(statement))
            connection.rollback()
    finally:
        engine.dispose()


def test_n_the_web_server_keeps_no_log_of_addresses_and_shows_no_console():
    """Addresses of signed links are keys: the web process is started without an access log."""
    from embedded.__main__ import PROGRAMS

    assert "access-log" not in PROGRAMS["web"] and "--reload" not in PROGRAMS["web"] and "127.0.0.1" in PROGRAMS["web"]
    assert "pickle" not in PROGRAMS["worker"]


def test_n_no_page_tells_a_secret_of_the_settings(app, within, sign_in, settings):
    from tests.security.world import make_world, pages

    with within():
        _, _, ids, links = make_world("Words")
        root = make_person("Root")
    browser = sign_in(root, Role.ADMINISTRATOR)
    secrets = [settings.secret_keys[0], settings.database_url, settings.redis_url, str(settings.var_dir)]
    for address in pages(app, ids, links):
        with browser.get(address) as answer:
            told = answer.get_data()
            assert not [s for s in secrets if s.encode() in told], address
            assert "Werkzeug" not in answer.headers.get("Server", "") and "X-Powered-By" not in answer.headers
