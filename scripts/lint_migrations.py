"""Lint each migration as the SQL it sends: rendered without a database, one file a revision, for PostgreSQL 15.

The rules and why some are off stand in ``.squawk.toml``. Revisions up to ``SETTLED`` made the first release's tables, which
nobody used yet; every later one runs beside the release before it.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTLED = "0015"


def main() -> int:
    """Render what is newer than ``SETTLED``, or what the caller names, and let the linter read it."""
    sys.path.insert(0, str(ROOT))
    wanted = [(before, name) for before, name in _steps() if name > SETTLED or name in sys.argv[1:]]
    if not wanted:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for before, name in wanted:
            files.append(Path(folder) / f"{name}.sql")
            files[-1].write_text(rendered(before, name), encoding="utf-8")
        squawk = Path(sys.executable).with_name("squawk")
        return subprocess.run([squawk, "--config", ROOT / ".squawk.toml", *files], check=False).returncode


def _steps() -> list[tuple[str, str]]:
    """Each revision with the one before it, oldest first."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(ROOT / "migrations"))
    return [(str(one.down_revision or "base"), one.revision) for one in reversed(list(script.walk_revisions()))]


def rendered(before: str, name: str) -> str:
    """The SQL of one revision."""
    from alembic import command
    from alembic.config import Config

    said = io.StringIO()
    settings = Config(output_buffer=said)
    settings.set_main_option("script_location", str(ROOT / "migrations"))
    with contextlib.redirect_stderr(io.StringIO()):
        command.upgrade(settings, f"{before}:{name}", sql=True)
    return said.getvalue()


if __name__ == "__main__":
    sys.exit(main())
