"""What lives for weeks stays small: large libraries are loaded by processes that end, and beat runs without the app."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from app.documents.blocks import Document, Paragraph
from app.documents.word import to_docx as written_here
from app.documents.writer import letters_to_docx, to_docx
from tests.journeys.platform import ROOT

HEAVY = (
    "docx", "lxml", "openpyxl", "typst", "alembic", "flask_migrate", "mako", "ortools", "pandas", "numpy", "holidays",
    "recurring_ical_events",
)  # fmt: skip
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def loaded(code):
    """The names of modules that a fresh process holds after this."""
    told = f"import sys, json; sys.path.insert(0, '.'); {code}; print(json.dumps(sorted(sys.modules)))"
    env = {"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("code", ["import app; app.create_app()", "import worker.celery_app"])
def test_web_and_worker_start_without_what_makes_files_and_migrates(code):
    assert not loaded(code) & set(HEAVY)


def test_beat_knows_its_tasks_and_nothing_of_the_app():
    modules = loaded("import worker.beat; assert len(worker.beat.app.conf.beat_schedule) > 5")
    assert not {m for m in modules if m == "app" or m.startswith(("app.", "flask", "sqlalchemy"))}


@pytest.mark.parametrize("code", ["import worker.__main__", "import worker.beat; worker.beat.app.Beat"])
def test_worker_and_beat_start_without_a_prompt_for_people(code):
    modules = loaded(code)
    assert "celery.app.base" in modules and not {"click_repl", "prompt_toolkit", "pygments", "celery.bin.celery"} & modules


def test_what_beat_names_is_what_workers_know():
    # in a process of its own: the tasks of this one belong to the app under test
    loaded(
        "from worker import celery_app as w, schedule as s; assert {e['task'] for e in s.beat_schedule.values()} <= set(w.app.tasks)"
    )


def test_a_word_file_is_written_by_another_process_as_by_this_one():
    document = Document("A title", "", "ar", True, "Network", [Paragraph("نص")])
    assert to_docx(document, NOW) == written_here(document, NOW)
    assert letters_to_docx([], NOW) == []


def test_the_migration_tool_and_all_commands_are_there_when_asked_for(app):
    said = app.test_cli_runner().invoke(args=["--help"]).output
    assert all(name in said for name in ("accounts", "backup", "db", "outbox", "prepare", "restore"))
    assert "upgrade" in app.test_cli_runner().invoke(args=["db", "--help"]).output
    assert app.test_cli_runner().invoke(args=["no-such-command"]).exit_code == 2
