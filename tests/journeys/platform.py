"""The whole platform as processes: web, worker and beat on the tests' own servers, and a mailbox that takes every mail."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from aiosmtpd.controller import Controller
from icalendar import Calendar

ROOT = Path(__file__).resolve().parent.parent.parent


class Mailbox:
    """An SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert len(envelope.rcpt_tos) == 1, "one mail, one recipient"
        self.mails.append((envelope.rcpt_tos[0], message))
        return "250 kept"

    def wait(
        self, to: str, wanted: Callable[[EmailMessage], bool] = lambda m: True, after: int = 0, seconds: float = 20
    ) -> EmailMessage:
        """The first mail to this address, from the ``after``-th on, that is wanted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for recipient, message in self.mails[after:]:
                if recipient == to and wanted(message):
                    return message
            time.sleep(0.05)
        told = [(r, m["Subject"]) for r, m in self.mails]
        raise AssertionError(f"no such mail to {to} in {seconds} s; there are {told}")

    def to(self, address: str) -> list[EmailMessage]:
        """All mails to one address."""
        return [m for r, m in self.mails if r == address]


def free_port() -> int:
    """A port nobody uses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def entry_of(message: EmailMessage) -> tuple[str, Any]:
    """Method and VEVENT of the calendar part."""
    parts = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    assert len(parts) == 1
    calendar = Calendar.from_ical(parts[0].get_payload(decode=True))
    assert parts[0].get_param("method") == calendar["METHOD"]
    return str(calendar["METHOD"]), calendar.walk("VEVENT")[0]


def link_in(message: EmailMessage, part: str) -> str:
    """The first address in the text that holds this."""
    found = [u for u in re.findall(r"https?://[^\s<>\"]+", text_of(message)) if part in u]
    assert found, f"no link to {part} in:\n{text_of(message)}"
    assert len(found[0]) <= 200
    return found[0]


class Platform:
    """Web, worker and beat, each a real process."""

    def __init__(self, settings: Any, var: Path) -> None:
        self.mailbox, self.var, self.port = Mailbox(), var, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "VIRTUAL_ENV")},
            "PATHWAYS_ENV": "demo", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url,
            "MIGRATION_DATABASE_URL": settings.migration_database_url, "BASE_URL": self.base, "VAR_DIR": str(var),
            "SECRET_KEY": settings.secret_keys[0], "CLOCK_FILE": str(var / "clock"), "MAIL_DOMAIN": "pathways.example",
            "SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.controller.port}", "PYTHONTZPATH": "", "UPDATE_DELAY_SECONDS": "1",
            "LOG_FORMAT": "json",
        }  # fmt: skip
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start everything and wait for the first page."""
        self.mailbox.controller.start()
        python = sys.executable
        for name, line in {
            "web": [python, "-OO", "-m", "gunicorn", "-k", "gthread", "--threads", "4", "-b", f"127.0.0.1:{self.port}", "app:create_app()"],
            "worker": [python, "-OO", "-m", "worker", "2"],
            "beat": [python, "-OO", "-m", "worker.beat", str(self.var / "beat")],
        }.items():  # fmt: skip
            log = (self.var / f"{name}.log").open("wb")
            self.processes.append(subprocess.Popen(line, env=self.env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True))
            log.close()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with suppress(OSError), urlopen(self.base + "/live", timeout=2) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError((self.var / "web.log").read_text()[-3000:])

    def flask(self, *words: str, stdin: bytes = b"") -> str:
        """Run a flask command as an operator would."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            env=self.env,
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def stop(self) -> None:
        """End our own processes, in order."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self.mailbox.controller.stop()


    def lines(self) -> list[dict[str, Any]]:
        """What web, worker and beat wrote: objects, and in none of them an address or a name of somebody who was written to."""
        told = "".join(log.read_text() for log in sorted(self.var.glob("*.log")))
        people = {to.display_name for _, mail in self.mailbox.mails for to in mail["To"].addresses} - {""}
        tokens = {word for _, mail in self.mailbox.mails for word in re.findall(r"[\w-]{54}", text_of(mail))}
        held = [word for word in ({to for to, _ in self.mailbox.mails} | people | tokens) if word in told]
        assert not held and self.mailbox.mails
        said = [line for line in told.splitlines() if line and not line.startswith("worker: Warm shutdown")]  # Celery's last words
        return [json.loads(line) for line in said]


@contextmanager
def running(settings: Any, var: Path) -> Iterator[Platform]:
    """The platform, for as long as the block lasts."""
    platform = Platform(settings, var)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()
