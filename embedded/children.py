"""One child process: its lock, its log and its end."""

import errno
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded import Trouble
from embedded.place import Place, say

LOG_LIMIT = 5_000_000


class Child:
    """A program that runs beside us, never twice for one data folder.

    The child inherits a locked file that holds its process id. A supervisor that was killed leaves children
    behind; while any of them lives its lock is taken, and the id in it is certainly theirs, not a recycled one.
    """

    def __init__(self, place: Place, name: str, argv: Sequence[str], *, env: Mapping[str, str] | None = None,
                 drop: bool = False, stop_by: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
        self.place, self.name, self.argv, self.env = place, name, argv, env
        self.stop_by, self.patience = stop_by, patience
        self.drop = place.drop if drop else {}
        self.log = place.data / "log" / f"{name}.log"
        self.stale: Path | None = None
        self.log_start = 0
        self.started = self.again_at = 0.0
        self.failures = 0
        self.process: subprocess.Popen[bytes] | None = None

    def reclaim(self) -> int:
        """Take the lock; end first whatever an earlier, killed supervisor left running under it."""
        fd = os.open(self.place.data / "run" / f"{self.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        since = told = time.monotonic()
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fd
            except BlockingIOError:
                now = time.monotonic()
                if now - told > 5:
                    say(f"waiting for an earlier {self.name} to end")
                    told = now
                pid = os.pread(fd, 20, 0).decode()
                _signal_group(int(pid or 0), signal.SIGKILL if now - since > self.patience else self.stop_by)
                time.sleep(0.2)

    def start(self, stdin: int = subprocess.DEVNULL) -> None:
        """Start the program in its own session, so that Ctrl-C reaches only us and we choose the order of the end."""
        fd = self.reclaim()
        if self.stale:  # under the lock: nobody lives who could own it, even when its process id is in use again
            self.stale.unlink(missing_ok=True)
        self.shorten_log()
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=stdin, stdout=log, stderr=log, pass_fds=(fd,), env=self.env,
                cwd="/" if self.drop else self.place.checkout, start_new_session=True, umask=0o077, **self.drop)
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(self.process.pid).encode(), 0)
        os.close(fd)
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
        self.shorten_log()
        now = time.monotonic()
        if self.is_running():
            self.failures = 0 if now - self.started > 60 else self.failures
        elif not self.again_at:
            delay = min(30.0, 0.5 * 2**self.failures)
            self.failures, self.again_at = self.failures + 1, now + delay
            say(f"{self.trouble()}; starting it again in {delay:g} s")
        elif now >= self.again_at:
            self.start()

    def stop(self) -> None:
        """Ask the program to end, wait, and insist after its patience."""
        if not self.is_running():
            return
        assert self.process
        _signal_group(self.process.pid, self.stop_by)
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def trouble(self) -> Trouble:
        """Why it ended, from what it wrote since its start."""
        with open(self.log, "rb") as log:
            log.seek(max(self.log_start, self.log.stat().st_size - 20_000))
            lines = log.read().decode(errors="replace").strip().splitlines()
        if any(os.strerror(errno.ENOSPC) in line for line in lines):
            return disk_full(self.place.data)
        last = lines[-1].strip() if lines else "it said nothing"
        return Trouble(f"{self.name} stopped: {last} (more in {self.log})")

    def shorten_log(self) -> None:
        """Keep the log under a bound; the program appends, so truncating is safe."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            tail = self.log.read_bytes()[-LOG_LIMIT // 5:]
            os.truncate(self.log, 0)
            with self.log.open("ab") as log:
                log.write(tail)
            self.log_start = 0


def disk_full(folder: Path) -> Trouble:
    """The sentence for a full disk."""
    return Trouble(f"The disk that holds {folder} is full: free some space and start again; nothing that was saved is lost.")


def _signal_group(pid: int, number: signal.Signals) -> None:
    if pid > 1:
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            pass  # gone already, or only a zombie on its way out
