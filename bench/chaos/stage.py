"""The stage of the faults: the platform under its supervisor, the relay in its own process, and the hands that kill them."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from flask import Flask

import config
from bench.chaos import relay
from bench.chaos.client import Client, Unexpected
from bench.house import CHECKOUT, end, free_port, wait_for

WORKERS = ("worker", "second")
ABSENT = "unix:///nonexistent/redis.sock?db=0"


@dataclass
class Stage:
    """What the scenarios act on. One data folder for all of them, started anew as often as a scenario wants."""

    folder: Path
    seed: int
    deadline: float
    env: dict[str, str] = field(default_factory=dict)
    app: Flask | None = None
    web_port: int = field(default_factory=free_port)
    relay_port: int = field(default_factory=free_port)
    control_port: int = field(default_factory=free_port)
    _supervisor: subprocess.Popen[bytes] | None = None
    _relay: subprocess.Popen[bytes] | None = None
    _ways: dict[str, Any] = field(default_factory=dict)

    # --- the platform

    @property
    def data(self) -> Path:
        """The platform's data folder."""
        return self.folder / "data"

    def start(self, *, redis: bool = True, bare: bool = False) -> None:
        """Start the supervisor and wait for what it starts."""
        gone = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY", "VAR_DIR", "CLOCK_FILE")
        env = {name: value for name, value in os.environ.items() if name not in gone} | {
            "PATHWAYS_DATA": str(self.data), "PORT": str(self.web_port), "SMTP_URL": f"smtp://127.0.0.1:{self.relay_port}",
            "PATHWAYS_ENV": "test", "BASE_URL": "http://127.0.0.1:8000", "MAIL_DOMAIN": "pathways.example",
            "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "1",
        }  # fmt: skip
        if not redis:
            env["REDIS_URL"] = ABSENT
        line = [sys.executable, "-m", "bench.chaos.supervisor", *(["bare"] if bare else [])]
        with (self.folder / "supervisor.log").open("ab") as log:
            self._supervisor = subprocess.Popen(
                line, cwd=CHECKOUT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait(lambda: (self.data / "env").exists(), "the platform does not start")
        told = dict(word.partition("=")[::2] for word in shlex.split((self.data / "env").read_text()))
        self.env = env | told
        if bare:
            self._wait(lambda: "press Ctrl-C" in (self.folder / "supervisor.log").read_text().rpartition("starting the data")[2],
                       "the databases do not start")  # fmt: skip
            return
        wait_for(self.web_port, self._supervisor, 240)
        self._wait(lambda: all(self.pid(name) for name in (*WORKERS, "beat")), "the workers do not start")
        if self.app is None:
            self.app = self._app()

    def stop(self) -> None:
        """End the platform as Ctrl-C does."""
        if self._supervisor is not None:
            if self._supervisor.poll() is None:
                self._supervisor.send_signal(signal.SIGINT)
            try:
                self._supervisor.wait(60)
            except subprocess.TimeoutExpired:
                self._leave_nothing(self._supervisor.pid)
            self._supervisor = None

    def close(self) -> None:
        """Leave nothing running and nothing behind."""
        self.stop()
        self.relay_away()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _leave_nothing(self, pid: int) -> None:
        """The supervisor hangs: it and its own children, by their ids."""
        with suppress(psutil.NoSuchProcess):
            for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def pid(self, name: str) -> int:
        """The process of this name, if it lives and the supervisor of this stage is its parent; else 0."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            pid = int((self.data / "run" / f"{name}.lock").read_text())
            process = psutil.Process(pid)
            ours = self._supervisor is not None and process.ppid() == self._supervisor.pid
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                return pid
        return 0

    def kill(self, name: str) -> int:
        """``kill -9`` of a process with all of its group, once it is there. Answers its open connections to the relay."""
        self._wait(lambda: self.pid(name) > 0, f"{name} does not come back", 45)
        pid = self.pid(name)
        held = self.connections(pid)
        os.killpg(pid, signal.SIGKILL)
        return held

    def wait_for(self, name: str, seconds: float = 60) -> float:
        """Wait until a killed process is there again; answers how long that took."""
        start = time.monotonic()
        self._wait(lambda: self.pid(name) > 0, f"{name} does not come back", seconds)
        return time.monotonic() - start

    def connections(self, pid: int) -> int:
        """How many connections to the relay a process holds at this moment."""
        with suppress(psutil.NoSuchProcess):
            held = [one for one in psutil.Process(pid).net_connections("tcp") if one.status == psutil.CONN_ESTABLISHED]
            return sum(1 for one in held if one.raddr and one.raddr.port == self.relay_port)
        return 0

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of the platform's own commands, as an operator types it."""
        line = [sys.executable, "-m", "flask", "--app", "app", *words]
        return subprocess.run(line, cwd=CHECKOUT, env=self.env, capture_output=True, text=True, check=False, timeout=120)

    def client(self, cookies: dict[str, str] | None = None) -> Client:
        """Somebody at a desk."""
        return Client(lambda: self.web_port, cookies)

    def answers(self) -> bool:
        """Does the web answer now?"""
        with suppress(OSError):
            return self.client().get("/live").status == 200
        return False

    # --- its data

    @contextmanager
    def inside(self) -> Iterator[Flask]:
        """The app in this process, for rows and signed links; no connection stays behind."""
        from app.extensions import db

        assert self.app is not None
        with self.app.app_context():
            try:
                yield self.app
            finally:
                db.session.remove()
                db.engine.dispose()

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the database, as long as it takes to reach it."""
        url = self.env["DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
        until = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
                    return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def waiting(self) -> int:
        """How many mails are due and not out."""
        return int(self.ask("SELECT count(*) FROM messages WHERE state IN ('queued', 'sending') AND NOT restored_hold")[0][0])

    def _app(self) -> Flask:
        import logging

        from app import create_app
        from app.core import clock
        from app.extensions import db
        from app.practices.reference import load_all

        app = create_app(config.load(self.env))
        logging.getLogger().setLevel(logging.ERROR)
        with app.app_context():
            load_all(clock.now())
            db.session.commit()
            db.engine.dispose()
        return app

    # --- the relay

    def relay_here(self, **ways: Any) -> None:
        """Start the relay; it goes on in the ways it had, but for these."""
        self._ways |= ways
        log, clock = str(self.folder / "copies.jsonl"), str(self.data / "clock")
        line = [sys.executable, "-m", "bench.chaos.relay", str(self.relay_port), str(self.control_port), log, clock]
        self._relay = subprocess.Popen(line, cwd=CHECKOUT, stdin=subprocess.DEVNULL)
        wait_for(self.control_port, self._relay)
        self.ways(**self._ways)

    def relay_away(self) -> None:
        """Nobody listens there any more; open connections break."""
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()
            self._relay = None

    def ways(self, **ways: Any) -> dict[str, Any]:
        """Tell the relay how to behave; answers its counts."""
        self._ways |= ways
        return relay.ways(self.control_port, **ways)

    def copies(self) -> list[dict[str, Any]]:
        """Every copy the relay ever took."""
        return relay.told(self.folder / "copies.jsonl")

    # --- time

    def chance(self, word: str) -> random.Random:
        """The dice of a scenario: the same for the same seed, whichever scenarios run."""
        return random.Random(f"{self.seed} {word}")

    def _wait(self, is_so: Callable[[], bool], otherwise: str, seconds: float = 120) -> None:
        until = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > until or (self._supervisor is not None and self._supervisor.poll() is not None):
                raise Unexpected(otherwise)
            time.sleep(0.05)


@contextmanager
def stage(seed: int, seconds: float) -> Iterator[Stage]:
    """Set the stage, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="pathways-chaos-", dir="/tmp"))
    folder.chmod(0o755)  # the databases' user has to reach the folder inside, which is its own alone
    set_up = Stage(folder, seed, time.monotonic() + seconds)
    try:
        set_up.relay_here()
        yield set_up
    finally:
        if set_up.app is not None:
            with set_up.inside():
                pass
        set_up.close()


__all__ = ["ABSENT", "WORKERS", "Stage", "end", "stage"]
