"""Run as a program of its own: an address on standard input, busy spans or a word of trouble on standard output.

Time, memory and the answer have an end, whatever stands at the address; and nothing of a file but its spans leaves here.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))  # run by its path, it knows no other way to the app

import app.core.zones  # noqa: E402, F401 - the pinned zone data and no other
from app.calendars.addresses import Refused  # noqa: E402
from app.calendars.fetching import Net, fetch  # noqa: E402
from app.calendars.intervals import busy  # noqa: E402

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 15


def read(told: dict[str, Any], net: Net | None = None) -> dict[str, Any]:
    """What stands at the address: ``spans``, or ``same`` where it has not changed, or ``trouble``."""
    try:
        found = fetch(told["address"], etag=told["etag"], modified=told["modified"], net=net)
        if found.body is None:
            return {"same": True}
        since, until = datetime.fromisoformat(told["since"]), datetime.fromisoformat(told["until"])
        spans = busy(found.body, zone=told["zone"], since=since, until=until)
    except Refused as refused:
        return {"trouble": refused.word}
    except (MemoryError, RecursionError):
        return {"trouble": "many"}
    return {
        "spans": [[start.isoformat(), end.isoformat()] for start, end in spans], "etag": found.etag, "modified": found.modified
    }  # fmt: skip


def main() -> None:
    """Read what the parent asks, and answer."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    json.dump(read(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
