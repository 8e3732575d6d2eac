"""CPU time of processes, as the operating system counts it."""

from __future__ import annotations

import sys
import time
from contextlib import suppress

import psutil


def of_tree(pid: int) -> float:
    """Seconds of user and system time of a process, its children, and those children that have ended."""
    root = psutil.Process(pid)
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def of_workers(pid: int) -> float:
    """Seconds of the children alone: gunicorn's master only watches."""
    total = 0.0
    for process in psutil.Process(pid).children():
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def each(pid: int) -> dict[int, float]:
    """Seconds of a process and of each of its children, to the nanosecond where the system tells: a tick of its usual
    counters is as long as a page takes."""
    found: dict[int, float] = {}
    root = psutil.Process(pid)
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            found[process.pid] = _finely(process)
    return found


def since(before: dict[int, float], after: dict[int, float]) -> float:
    """What they used meanwhile; one that ended has taken its seconds along."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def _finely(process: psutil.Process) -> float:
    if sys.platform == "linux":
        with suppress(OSError):
            return time.clock_gettime(~process.pid << 3 | 2)  # how Linux names the clock of another process
    times = process.cpu_times()
    return float(times.user + times.system)
