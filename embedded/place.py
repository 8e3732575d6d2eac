"""The data folder: whose it is, that only one of us works there, and its secrets."""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

ROLES = ("pathways_owner", "pathways_app")
SOCKET_FOLDER_LIMIT = 80  # a socket's whole name may have 103 bytes on macOS


class Trouble(Exception):  # noqa: N818 - it is shown to a person
    """Why the platform cannot start or go on, as one sentence for the person at the keyboard."""


class Place:
    """The data folder: locked, 0700, owned by the user whom the two servers run as."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.data, self.checkout, self.user = folder.absolute(), checkout, _servers_user(checkout)
        ids = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        self.drop: dict[str, Any] = {"cwd": "/", "umask": 0o077, **ids}
        ours = (self.data / "lock").exists() or "PATHWAYS_DATA" not in os.environ
        if not ours and self.data.is_dir() and any(self.data.iterdir()):
            raise Trouble(f"{self.data} is not empty and not ours: set PATHWAYS_DATA to a new or empty folder")
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.chmod(0o700)
        self.give(self.data)
        if not self.can_run("/bin/sh", "-c", 'cd -- "$0"', self.data):
            who = self.user.pw_name if self.user else "this user"
            raise Trouble(f"The databases run as {who}, who cannot reach {self.data}: set PATHWAYS_DATA to a folder that"
                          " this user can reach, such as /var/lib/pathways")
        self._lock()
        for name in ("run", "log", "mail", "redis"):
            (self.data / name).mkdir(mode=0o700, exist_ok=True)
            self.give(self.data / name)
        self.sockets = self.data / "run"
        if len(os.fsencode(self.sockets)) > SOCKET_FOLDER_LIMIT:
            self.sockets = Path(tempfile.mkdtemp(prefix="pathways-", dir="/tmp"))
            self.give(self.sockets)

    def _lock(self) -> None:
        self.lock = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.give(self.data / "lock")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"The platform already runs on {self.data} (process {os.pread(self.lock, 20, 0).decode()}): stop that"
                          " one first, or set PATHWAYS_DATA to another folder") from None
        os.truncate(self.lock, 0)
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Let the next one in."""
        if self.sockets.parent != self.data:
            shutil.rmtree(self.sockets, ignore_errors=True)
        os.close(self.lock)

    def give(self, path: Path) -> None:
        """Hand a file or folder to the servers' user, so that this user can also start the platform later."""
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid, follow_symlinks=False)

    def can_run(self, *argv: str | Path) -> bool:
        """Whether the servers' user can run this."""
        with suppress(OSError):
            return subprocess.run(argv, capture_output=True, **self.drop).returncode == 0
        return False

    def write(self, path: Path, text: str) -> None:
        """Write a private file whole or not at all."""
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(text)
        self.give(part)
        part.replace(path)

    def secrets(self) -> dict[str, str]:
        """The passwords and the secret key of this folder, made at the first start."""
        path = self.data / "secrets.json"
        if not path.exists():
            self.write(path, json.dumps({name: secrets.token_urlsafe(32) for name in ("SECRET_KEY", *ROLES)}))
        kept: dict[str, str] = json.loads(path.read_text())
        return kept


def say(line: object) -> None:
    """Tell the person at the keyboard how far we are."""
    print(f"pathways: {line}", flush=True)


def disk_full(folder: Path) -> Trouble:
    """The sentence for a full disk."""
    return Trouble(f"The disk that holds {folder} is full: free some space; what was saved is not lost")


def _servers_user(checkout: Path) -> pwd.struct_passwd | None:
    """Whom root hands the servers to: PATHWAYS_USER, else the checkout's owner, else nobody. None if we are not root."""
    if os.geteuid() != 0:
        return None
    name = os.environ.get("PATHWAYS_USER")
    with suppress(KeyError):
        user = pwd.getpwnam(name) if name else pwd.getpwuid(checkout.stat().st_uid)
        if user.pw_uid:
            return user
    if name:
        raise Trouble(f"PATHWAYS_USER={name} is not an ordinary user of this machine, and PostgreSQL does not run as root")
    return pwd.getpwnam("nobody")
