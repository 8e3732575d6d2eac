"""One child process: its lock, its log, its restarts and its end."""

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from embedded.place import Place, Trouble, disk_full, say

BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
DISK_IS_FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT), "Check free disk space")
POSTSCRIPTS = ("(Background", "[SQL", "[parameters", "initdb: removing")  # what follows the line that says why
LOG_LIMIT = 5_000_000
SETTLED = 60  # seconds after which a start counts as a success


class Child:
    """A program that runs beside us, never twice for one data folder; without an environment it is one of the two servers.

    The child inherits a locked file that holds its process id. A supervisor that was killed leaves children
    behind; while any of them lives its lock is taken, and the id in it is certainly theirs, not a recycled one.
    """

    def __init__(self, place: Place, name: str, argv: Sequence[str | Path] = (), env: Mapping[str, str] | None = None,
                 marks: Sequence[Path] = (), stop_by: signal.Signals = signal.SIGTERM) -> None:
        self.place, self.name, self.argv, self.marks, self.stop_by = place, name, argv, marks, stop_by
        self.env, self.drop = env or BARE, {"cwd": place.checkout, "umask": 0o077} if env else place.drop
        self.log, self.log_start = place.data / "log" / f"{name}.log", 0
        self.patience, self.failures, self.started, self.again_at = 20 if env else 60, 0, 0.0, 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.asked = False

    def reclaim(self) -> int:
        """Take the lock; end first whatever an earlier, killed supervisor left running under it."""
        lock = os.open(self.place.data / "run" / f"{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        asked = 0.0
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                if not asked or time.monotonic() - asked > self.patience:
                    say(f"ending the {self.name} of an earlier start")
                    _signal_group(int(os.pread(lock, 20, 0) or 0), signal.SIGKILL if asked else self.stop_by)
                    asked = time.monotonic()
                time.sleep(0.1)

    def start(self, stdin: int = subprocess.DEVNULL) -> None:
        """Start the program in its own session: Ctrl-C reaches only us, and we choose the order of the end."""
        lock = self.reclaim()
        for mark in self.marks:  # we hold the lock: whoever left them is gone, though its process id may be in use again
            mark.unlink(missing_ok=True)
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(self.argv, stdin=stdin, stdout=log, stderr=log, env=self.env, pass_fds=(lock,),
                                            start_new_session=True, **self.drop)
        os.truncate(lock, 0)
        os.pwrite(lock, str(self.process.pid).encode(), 0)
        os.close(lock)
        self.place.give(self.log)
        self.started, self.again_at = time.monotonic(), 0.0

    def is_running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def run(self, text: str = "") -> None:
        """Run the program to its end, with a text to read; its failure is ours."""
        self.start(stdin=subprocess.PIPE)
        assert self.process
        self.process.communicate(text.encode())
        if self.process.returncode:
            raise self.trouble()

    def tend(self) -> None:
        """Start the program again if it died, later each time it dies young; keep its log short."""
        now = time.monotonic()
        if self.is_running():
            if now - self.started > SETTLED:
                self.failures = 0
            if self.log.stat().st_size > LOG_LIMIT:  # the program appends, so its log can be cut under it
                os.truncate(self.log, 0)
                self.log_start = 0
        elif not self.again_at:
            delay = min(30.0, 0.5 * 2**self.failures)
            self.failures, self.again_at = self.failures + 1, now + delay
            say(f"{self.trouble()}; starting it again in {delay:g} s")
        elif now >= self.again_at:
            self.start()

    def ask_to_end(self) -> None:
        """Ask the program to end, once: to Celery and gunicorn a second time means at once."""
        if self.process and self.is_running() and not self.asked:
            self.asked = True
            _signal_group(self.process.pid, self.stop_by)

    def stop(self) -> None:
        """Ask the program to end, wait, and insist when the patience is over."""
        self.ask_to_end()
        if self.process and self.is_running():
            try:
                self.process.wait(self.patience)
            except subprocess.TimeoutExpired:
                _signal_group(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def trouble(self) -> Trouble:
        """Why it ended: a full disk, a signal, or what it wrote since its start."""
        lines = self.log.read_bytes()[self.log_start :].decode(errors="replace").strip().splitlines() or ["it said nothing"]
        nothing_left = shutil.disk_usage(self.place.data).free < 65_536  # then its last words are not in the log either
        if nothing_left or any(sign in line for line in lines for sign in DISK_IS_FULL):
            return disk_full(self.place.data)
        if self.process and (code := self.process.poll()) and code < 0:
            return Trouble(f"{self.name} stopped: ended from outside by {signal.Signals(-code).name} (its log: {self.log})")
        told = [line.strip() for line in lines if not line.startswith(POSTSCRIPTS)] or lines
        return Trouble(f"{self.name} stopped: {told[-1]} (more in {self.log})")


def _signal_group(pid: int, number: signal.Signals) -> None:
    if pid > 1:
        with suppress(ProcessLookupError, PermissionError):  # gone already, or a zombie on its way out
            os.killpg(pid, number)
