"""What a migration sends is read by a linter before it runs beside the release before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.platform import ROOT

SQUAWK = Path(sys.executable).with_name("squawk")


@pytest.fixture
def lint(tmp_path):
    def run(sql):
        file = tmp_path / "0099.sql"
        bounds = "SET LOCAL lock_timeout = '2s';\nSET LOCAL statement_timeout = '15min';\n"
        file.write_text(f"BEGIN;\n{bounds}{sql}\nCOMMIT;\n", encoding="utf-8")
        done = subprocess.run(
            [SQUAWK, "--config", ROOT / ".squawk.toml", "--reporter", "gcc", file], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("ALTER TABLE pilots DROP COLUMN code;", "ban-drop-column"),
        ("ALTER TABLE pilots RENAME COLUMN code TO name;", "renaming-column"),
        ("ALTER TABLE pilots ALTER COLUMN code TYPE integer;", "changing-column-type"),
        ("CREATE INDEX ix_pilots_code ON pilots (code);", "require-concurrent-index-creation"),
        ("ALTER TABLE pilots ADD CONSTRAINT ck CHECK (code <> '');", "constraint-missing-not-valid"),
        ("ALTER TABLE pilots ADD COLUMN x text NOT NULL;", "adding-required-field"),
    ],
)
def test_what_breaks_or_blocks_the_release_before_is_refused(lint, sql, rule):
    code, said = lint(sql)
    assert code == 1
    assert rule in said


def test_what_only_adds_passes(lint):
    made = "CREATE TABLE things (id UUID NOT NULL, n INTEGER NOT NULL, kind VARCHAR(40) NOT NULL, PRIMARY KEY (id));"
    assert lint(f"{made}\nALTER TABLE pilots ADD COLUMN x text DEFAULT 'a' NOT NULL;\nCREATE INDEX ix_n ON things (n);")[0] == 0


def test_a_migration_is_rendered_without_a_database_with_its_bounds():
    asked = "import sys; sys.path.insert(0, '.'); from scripts.lint_migrations import rendered; print(rendered('0014', '0015'))"
    env = {"PATH": "/usr/bin:/bin", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "REDIS_URL": "unix:///nonexistent"}
    sql = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert sql.index("SET LOCAL lock_timeout = '2s'") < sql.index("SET LOCAL statement_timeout") < sql.index("CREATE TABLE imports")


def test_every_migration_after_the_first_release_passes():
    done = subprocess.run([sys.executable, "scripts/lint_migrations.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
