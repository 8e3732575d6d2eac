"""Programs that make files and end: their libraries are large, and a web process or a worker lives for weeks."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

_SECONDS = 60


class NotMade(RuntimeError):
    """The program failed; its words are in the log."""


def files_of(program: Path, told: bytes, count: int, begins: bytes) -> list[bytes]:
    """What the program makes of what it is told: so many files, each of which begins so."""
    done = subprocess.run([sys.executable, "-I", str(program)], input=told, capture_output=True, timeout=_SECONDS, check=False)
    made = _apart(done.stdout) if done.returncode == 0 else []
    if len(made) != count or not all(one.startswith(begins) for one in made):
        raise NotMade(done.stderr.decode(errors="replace")[-2000:])
    return made


def _apart(stream: bytes) -> list[bytes]:
    """The files of a stream in which each stands after its length."""
    found, at = [], 0
    while at + 4 <= len(stream):
        (size,) = struct.unpack_from(">I", stream, at)
        found.append(stream[at + 4 : at + 4 + size])
        at += 4 + size
    return found
