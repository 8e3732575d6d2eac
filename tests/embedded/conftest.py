"""A folder for servers, short enough for sockets, in which root's ordinary user can work."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _frozen():
    """These tests wait for real processes; the platform's clock is not theirs."""


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(prefix="pw-", dir="/tmp"))
    made.chmod(0o755)
    yield made / "var"
    shutil.rmtree(made)
