"""F13: where nothing more can be written an upload is refused with a sentence, and no half file stays."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.journeys.platform import ROOT


@pytest.mark.slow
def test_f13_an_upload_onto_a_full_disk_is_refused_and_leaves_no_half_file(live, settings, tmp_path):
    env = {
        "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "PATHWAYS_ENV": "test", "VAR_DIR": str(tmp_path),
        "SECRET_KEY": settings.secret_keys[0], "PYTHONTZPATH": "",
    }  # fmt: skip

    def kept(size):
        line = [sys.executable, "-m", "tests.faults.full_disk", str(size)]
        done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    said, rows = kept(200_000)
    assert said.startswith("refused file The server has no room") and rows == "0"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert kept(1_000) == ["kept", "1"]  # what fits is kept: the service came back by itself
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
