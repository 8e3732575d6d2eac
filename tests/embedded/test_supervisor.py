"""`python -m embedded`, as `make run` calls it: the whole platform starts, survives, and stops."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from embedded.servers import CHECKOUT

PROGRAMS = ("redis", "postgres", "mail", "web", "worker", "beat")


class Run:
    """One call of the supervisor in a data folder, with its output line by line."""

    def __init__(self, folder: Path, ports: dict[str, str]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PATHWAYS_USER") if name in os.environ}
        env = {**kept, **ports, "PATHWAYS_DATA": str(folder), "PYTHONUNBUFFERED": "1"}
        self.folder, self.ports, self.lines, self.began = folder, ports, [], time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "embedded"], cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.reader = threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")))
        self.reader.start()

    def until(self, wanted: str, seconds: float = 90) -> list[str]:
        end = time.monotonic() + seconds
        while not any(wanted in line for line in self.lines):
            assert self.process.poll() is None, self.lines
            assert time.monotonic() < end, self.lines
            time.sleep(0.05)
        return self.lines

    def end(self, number: signal.Signals | None = None, seconds: float = 60) -> int:
        if number:
            self.process.send_signal(number)
        code = self.process.wait(seconds)
        self.reader.join(1 if number == signal.SIGKILL else 10)
        return code

    def page(self, port: str = "PORT", seconds: float = 30) -> int:
        """The status of the first page, once there is an answer."""
        end = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/", timeout=10) as response:
                    return response.status
            except urllib.error.HTTPError as error:
                if time.monotonic() > end:
                    return error.code
            except OSError:
                assert time.monotonic() < end
            time.sleep(0.1)

    def pids(self) -> dict[str, int]:
        # a lock is empty for the blink between a start and the writing of its number
        return {name: int((self.folder / "run" / f"{name}.lock").read_text() or 0) for name in PROGRAMS}


def free_ports(count: int) -> list[str]:
    with ExitStack() as held:
        return [str(held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]) for _ in range(count)]


@pytest.fixture
def ports():
    return dict(zip(("PORT", "MAIL_PORT", "MAIL_WEB_PORT"), free_ports(3), strict=True))


@pytest.fixture
def run(folder, ports):
    """Start the supervisor; whatever still runs at the end is stopped."""
    started = []

    def start(**other: str) -> Run:
        started.append(Run(folder, {**ports, **other}))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)
        one.reader.join(10)
        one.process.stdout.close()


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("name", ["PORT", "MAIL_PORT", "MAIL_WEB_PORT"])
def test_a_taken_port_is_one_sentence_and_nothing_starts(run, folder, ports, name):
    with socket.create_server(("127.0.0.1", int(ports[name]))):
        one = run()
        assert one.end() == 1
    wanted = f"Port {ports[name]} is taken by another program: choose another, such as make run {name}=18000"
    assert one.lines == [f"pathways: {wanted}\n"]
    assert not (folder / "postgres").exists()


@pytest.mark.parametrize("port", ["99999", "eight", "-1"])
def test_a_port_that_is_none_is_one_sentence(run, port):
    one = run(PORT=port)
    assert one.end() == 1
    assert one.lines == [f"pathways: Port {port} cannot be used: choose another, such as make run PORT=18000\n"]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no /dev/full")
def test_a_full_disk_is_one_sentence_and_nothing_starts(run, folder):
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "secrets.part").symlink_to("/dev/full")
    one = run()
    assert one.end() == 1
    assert one.lines[-1] == f"pathways: The disk that holds {folder} is full: free some space; what was saved is not lost\n"
    assert not (folder / "postgres").exists()


def test_a_folder_of_another_user_is_one_sentence(folder):
    """Root may everything, so the refusal is made here: what the system says to a user who may not."""
    code = (
        "import os\ndef refuse(*rest, **more):\n    raise PermissionError(13, 'Permission denied')\n"
        "os.mkdir = refuse\nfrom embedded.__main__ import main\nmain()\n"
    )
    env = {"PATHWAYS_DATA": str(folder), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "",
        f"pathways: This user may not work in {folder}: start as the user who made it, or set PATHWAYS_DATA to another folder\n",
    )  # fmt: skip


@pytest.mark.slow
def test_the_platform_starts_survives_kills_and_stops_with_all_data(run, folder, ports):
    first = run()
    lines = first.until("press Ctrl-C")
    assert f"pathways: the platform is at http://127.0.0.1:{ports['PORT']}\n" in lines
    assert f"pathways: its mails are at http://127.0.0.1:{ports['MAIL_WEB_PORT']}\n" in lines
    assert (first.page(), first.page("MAIL_WEB_PORT")) == (200, 200)
    secrets = (folder / "secrets.json").read_text()
    environment = (folder / "env").read_text()
    assert re.findall(r"^(\w+)=", environment, re.M)[:3] == ["DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"]

    second = run(**dict(zip(ports, free_ports(3), strict=True)))
    assert second.end() == 1
    assert second.lines == [
        f"pathways: The platform already runs on {folder} (process {first.process.pid}): stop that one first,"
        " or set PATHWAYS_DATA to another folder\n"
    ]

    before = first.pids()
    for name in PROGRAMS:
        os.kill(before[name], signal.SIGKILL)
    for name in PROGRAMS:
        first.until(f"{name} stopped", 15)
    end = time.monotonic() + 40
    while not all(is_alive(pid) and pid != before[name] for name, pid in first.pids().items()):
        assert time.monotonic() < end, first.lines
        time.sleep(0.2)
    assert (first.page(), first.page("MAIL_WEB_PORT")) == (200, 200)

    orphans = first.pids()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert all(is_alive(pid) for pid in orphans.values())
    third = run()
    third.until("press Ctrl-C")
    assert third.page() == 200
    assert not any(is_alive(pid) for pid in orphans.values())
    assert (folder / "secrets.json").read_text() == secrets

    last = third.pids()
    assert third.end(signal.SIGINT) == 0
    assert third.lines[-1] == "pathways: stopped; the data stay\n"
    assert not any(is_alive(pid) for pid in last.values())
    assert not (folder / "env").exists()
    for port in ports.values():
        socket.create_server(("127.0.0.1", int(port))).close()
