"""Where the data live, to whom they belong, and that only one of us works there."""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from embedded import Trouble

SOCKET_PATH_LIMIT = 80  # a socket's whole name may have 103 bytes on macOS


def say(line: str) -> None:
    """Tell the person at the keyboard how far we are."""
    print(f"pathways: {line}", flush=True)


class Place:
    """The data folder, locked, 0700, owned by the user whom the two servers run as."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.data, self.checkout = folder.absolute(), checkout
        self.account = _account_for_servers(checkout)
        self.drop: dict[str, Any] = {}
        if self.account:
            self.drop = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        self._make_ours()
        self._lock = self._take_lock()
        for name in ("run", "log", "mail", "redis"):
            (self.data / name).mkdir(mode=0o700, exist_ok=True)
            self.give(self.data / name)
        self.sockets = self.data / "run"
        if len(os.fsencode(self.sockets)) > SOCKET_PATH_LIMIT:
            self.sockets = Path(tempfile.mkdtemp(prefix="pathways-", dir="/tmp"))
            self.give(self.sockets)

    def give(self, path: Path) -> None:
        """Hand a file or folder to the servers' user, so that a later start without root can use it too."""
        if self.account and not path.is_symlink():
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def close(self) -> None:
        """Let the next one in."""
        if self.sockets.parent != self.data:
            shutil.rmtree(self.sockets, ignore_errors=True)
        os.close(self._lock)

    def secrets(self) -> dict[str, str]:
        """The passwords and the secret key of this folder, made at the first start."""
        path = self.data / "secrets.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(32) for name in ("SECRET_KEY", "pathways_owner", "pathways_app")}
            self.write(path, json.dumps(made))
        kept: dict[str, str] = json.loads(path.read_text())
        return kept

    def write(self, path: Path, text: str) -> None:
        """Write a private file whole or not at all."""
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self.give(part)
        part.rename(path)

    def can_run(self, *argv: str | Path) -> bool:
        """Whether the servers' user can run this."""
        try:
            return subprocess.run(argv, cwd="/", capture_output=True, **self.drop).returncode == 0
        except OSError:
            return False

    def _make_ours(self) -> None:
        marked = (self.data / "lock").exists()
        if self.data.is_dir() and any(self.data.iterdir()) and not marked and "PATHWAYS_DATA" in os.environ:
            raise Trouble(f"{self.data} is not empty and not ours: set PATHWAYS_DATA to a new or empty folder.")
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.give(self.data)
        self.data.chmod(0o700)
        if not self.can_run("/bin/sh", "-c", 'cd -- "$0"', self.data):
            name = self.account.pw_name if self.account else "This user"
            raise Trouble(f"{name}, as whom the databases run, cannot reach {self.data}: set PATHWAYS_DATA to a folder"
                          " that this user can reach, such as /var/lib/pathways.")

    def _take_lock(self) -> int:
        lock = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.give(self.data / "lock")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(lock, 20, 0).decode()
            raise Trouble(f"The platform already runs on {self.data} (process {pid}): stop that one first,"
                          " or set PATHWAYS_DATA to another folder.") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        return lock


def _account_for_servers(checkout: Path) -> pwd.struct_passwd | None:
    """Whom root hands the servers to: PATHWAYS_USER, else the checkout's owner, else nobody. None if we are not root."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("PATHWAYS_USER")
    try:
        account = pwd.getpwnam(name) if name else pwd.getpwuid(checkout.stat().st_uid)
    except KeyError:
        if name:
            raise Trouble(f"There is no user {name} on this machine: set PATHWAYS_USER to one that exists.") from None
        account = pwd.getpwnam("nobody")
    if account.pw_uid == 0 and name:
        raise Trouble("PostgreSQL does not run as root: set PATHWAYS_USER to an ordinary user.")
    return account if account.pw_uid else pwd.getpwnam("nobody")
