"""A later start finds out cheaply that there is nothing to migrate, and finds the same head as the migration tool."""

from __future__ import annotations

import dataclasses
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app import prepare
from app.core import migrations


def test_the_head_read_from_the_files_is_the_migration_tools_own():
    config = Config()
    config.set_main_option("script_location", str(prepare.HERE / "migrations"))
    assert [prepare.head()] == ScriptDirectory.from_config(config).get_heads()


def test_several_ends_are_no_head(tmp_path, monkeypatch):
    monkeypatch.setattr(migrations, "VERSIONS", tmp_path)
    (tmp_path / "1.py").write_text('revision = "0001"\ndown_revision = None\n')
    assert prepare.head() == "0001"
    (tmp_path / "2.py").write_text('revision: str = "0002"\ndown_revision: str | None = "0001"\n')
    assert prepare.head() == "0002"
    (tmp_path / "3.py").write_text("revision = '0003'\ndown_revision = '0001'\n")
    assert prepare.head() is None


def test_a_database_that_does_not_answer_is_one_sentence(base_app, settings):
    nowhere = dataclasses.replace(settings, migration_database_url="postgresql+psycopg://nobody@127.0.0.1:1/pathways")
    kept = base_app.config["SETTINGS"]
    base_app.config["SETTINGS"] = nowhere
    try:
        done = base_app.test_cli_runner().invoke(prepare.prepare)
    finally:
        base_app.config["SETTINGS"] = kept
    assert done.exit_code == 1
    assert done.output.startswith("Error: The database did not let us in or did not answer: ")
    assert (done.output.count("\n"), "Connection refused" in done.output) == (1, True)


def test_the_release_before_leaves_a_newer_database_as_it_is(base_app, settings, schema, monkeypatch):
    files = [file for file in migrations.VERSIONS.glob("*.py") if not file.name.startswith(f"{prepare.head()}_")]
    newest = prepare.head()

    class Before:
        @staticmethod
        def glob(_pattern):
            return files

    monkeypatch.setattr(migrations, "VERSIONS", Before)
    with pytest.raises(prepare.Newer, match=f"^{newest}$"):
        prepare.upgrade(settings)
    monkeypatch.setattr("app.practices.reference.load_all", lambda _now: pytest.fail("its reference data are older"))
    done = base_app.test_cli_runner().invoke(prepare.prepare)
    assert (done.exit_code, done.output) == (
        0, f"A newer release has migrated the database ({newest}, here {prepare.head()}). It is left as it is.\n"
    )  # fmt: skip


def test_a_migrated_database_has_nothing_to_do(settings, schema, monkeypatch):
    monkeypatch.setitem(sys.modules, "alembic.command", None)  # importing it now would fail
    assert prepare.upgrade(settings) is False
