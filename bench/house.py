"""The house that is measured: servers, web process, worker and sink, started as ``make run`` starts them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text

import config
from bench import cpu
from embedded import servers

CHECKOUT = Path(__file__).resolve().parent.parent
OPTIONS = ["-k", "gthread", "--threads", "4", "--preload", "--no-control-socket", "--keep-alive", "30"]
"""As in ``make run``."""


@dataclass
class House:
    """What the figures need to know of it."""

    env: dict[str, str]
    folder: Path
    app: Flask  # the same app in this process: for rows, signed links, and counting statements
    ending: ExitStack
    sink_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def web(self, target: str = "app:create_app()", workers: int = 1) -> Web:
        """Start gunicorn on this application: one process that answers, so that its CPU is the CPU of the requests."""
        port = free_port()
        command = [sys.executable, "-OO", "-m", "gunicorn", *OPTIONS, "-w", str(workers), "-b", f"127.0.0.1:{port}", target]
        process = self._start(target.partition(":")[0], command)
        wait_for(port, process)
        return Web(port, process.pid)

    def worker(self) -> int:
        """Start the worker; answers its process id."""
        return self._start("worker", [sys.executable, "-OO", "-m", "worker", "4", "WARNING"]).pid

    def beat(self) -> int:
        """Start beat; answers its process id."""
        schedule = str(self.folder / "beat")
        return self._start("beat", [sys.executable, "-OO", "-m", "worker.beat", schedule]).pid

    def stop(self, pid: int) -> None:
        """End one of the processes before the others."""
        for process in self.processes.values():
            if process.pid == pid:
                end(process)

    def postgres_cpu(self) -> float:
        """Seconds of PostgreSQL and all its backends."""
        return cpu.of_tree(self.postgres_pid())

    def postgres_pid(self) -> int:
        """PostgreSQL's first process."""
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])

    def _start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        log = (self.folder / "log" / f"bench-{name}.log").open("ab")
        process = subprocess.Popen(command, cwd=CHECKOUT, env=self.env, stdout=log, stderr=log, start_new_session=True)
        log.close()
        self.processes[f"{name}-{process.pid}"] = process
        self.ending.callback(end, process)
        return process


@dataclass(frozen=True)
class Web:
    """A running web process."""

    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds its one working process has used."""
        return cpu.of_workers(self.pid)


@contextmanager
def house() -> Iterator[House]:
    """Open the house, and leave nothing behind."""
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp(prefix="pathways-bench-", dir="/tmp"))
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        urls = ending.enter_context(servers.running(folder))
        sink_port = free_port()
        env = _environment(urls, folder, sink_port)
        sink = subprocess.Popen([sys.executable, "-m", "bench.sink", str(sink_port)], cwd=CHECKOUT, env=env)
        ending.callback(end, sink)
        wait_for(sink_port, sink)
        settings = config.load(env)
        _make_schema(settings)
        yield House(env, folder, _app(settings, ending), ending, sink_port)


def _environment(urls: servers.Urls, folder: Path, sink_port: int) -> dict[str, str]:
    ours = {
        "DATABASE_URL": urls.app, "MIGRATION_DATABASE_URL": urls.owner, "REDIS_URL": urls.redis,
        "SMTP_URL": f"smtp://127.0.0.1:{sink_port}", "BASE_URL": "http://127.0.0.1:8000", "PATHWAYS_ENV": "development",
        "SECRET_KEY": "a-secret-of-the-figures-with-more-than-32-characters", "VAR_DIR": str(folder / "mail"),
        "MAIL_DOMAIN": "pathways.example", "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT),
        "MALLOC_ARENA_MAX": "1",
    }  # fmt: skip
    return os.environ | ours


def _make_schema(settings: config.Settings) -> None:
    from app.prepare import upgrade

    upgrade(settings)


def _app(settings: config.Settings, ending: ExitStack) -> Flask:
    import logging

    from app import create_app
    from app.core import clock
    from app.extensions import db
    from app.practices.reference import load_all

    app = create_app(settings)
    logging.getLogger().setLevel(logging.WARNING)
    with app.app_context():
        load_all(clock.now())
        db.session.commit()
        ending.callback(db.engine.dispose)
    return app


def analyze(settings: config.Settings) -> None:
    """Let the planner know the rows that were just written; autovacuum would, within the minute."""
    engine = create_engine(settings.migration_database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to end, and insist after ten seconds."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A loopback port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Wait until the process listens."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"bench: {process.args!r} ended with {process.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise SystemExit(f"bench: nothing listens on port {port}")
