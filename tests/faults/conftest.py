"""Real processes on the tests' own servers, for faults that only a process can have."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from app.extensions import db
from tests.conftest import csrf_of
from tests.journeys.platform import ROOT, free_port
from tests.notifications.relay import relay as running_relay


@pytest.fixture
def live(committed_app):
    """The app with real commits, inside its context."""
    with committed_app.app_context():
        yield committed_app
        db.session.remove()


@pytest.fixture
def relay():
    with running_relay() as server:
        yield server


@pytest.fixture
def start(settings, tmp_path):
    """Start programs with these settings; all are ended afterwards."""
    started = []

    def starter(*line, **env):
        own = {
            **os.environ, "DATABASE_URL": settings.database_url, "MIGRATION_DATABASE_URL": settings.migration_database_url,
            "REDIS_URL": settings.redis_url, "PATHWAYS_ENV": "test", "SECRET_KEY": settings.secret_keys[0],
            "BASE_URL": settings.base_url, "MAIL_DOMAIN": "pathways.example", "VAR_DIR": str(tmp_path), "PYTHONTZPATH": "", **env,
        }  # fmt: skip
        log = (tmp_path / f"{len(started)}.log").open("wb")
        started.append(subprocess.Popen([sys.executable, *line], cwd=ROOT, env=own, stdout=log, stderr=log))
        log.close()
        return started[-1]

    yield starter
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def web(start, tmp_path):
    """Start a web process; answers its port once it serves."""

    def starter(target="app:create_app()", **env):
        port = free_port()
        process = start("-m", "gunicorn", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{port}", target, **env)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            assert process.poll() is None, [log.read_text()[-2000:] for log in tmp_path.glob("*.log")]
            with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/live", timeout=2):
                return port
            time.sleep(0.05)
        raise AssertionError("the web process does not answer")

    return starter


class Form:
    """A page's form, kept as a browser keeps it: it can be sent twice."""

    def __init__(self, port, path):
        self.port, self.path = port, path
        with self._asked("GET", None, {}) as response:
            page = response.read().decode()
            assert response.status == 200, page
            self.cookie = response.headers.get("Set-Cookie", "").partition(";")[0]
        self.token = csrf_of(page)

    def send(self, fields, **headers):
        """The answer's status; ``None`` when the connection ended without one."""
        body = urlencode({"csrf_token": self.token, **fields})
        more = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded", **headers}
        try:
            with self._asked("POST", body, more) as response:
                response.read()
                return response.status
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return None

    @contextmanager
    def _asked(self, method, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, self.path, body, {"Host": "127.0.0.1:8000", **headers})
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()


def wait_for(is_so, seconds=20):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"not so after {seconds} s")
