"""CPU time of processes, as the operating system counts it."""

from __future__ import annotations

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
