"""``python -m bench.chaos [name …]``: break the platform on purpose, print who got how many copies; 1 when short.

``SEED`` chooses the moments and victims, ``WRITE=1`` puts the table into docs/reliability.md.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from bench.chaos import calendar, killing, relaying, report, restoring
from bench.chaos.client import Unexpected
from bench.chaos.mailing import Row
from bench.chaos.stage import Stage, stage

SCENARIOS: dict[str, Callable[[Stage], Row]] = {
    "kills": killing.kills,
    "redis-flushed": killing.redis_flushed,
    "redis-killed": killing.redis_killed,
    "postgres-killed": killing.postgres_killed,
    "smtp-away": relaying.away,
    "smtp-choosy": relaying.choosy,
    "smtp-mute": relaying.no_greeting,
    "smtp-hanging": relaying.no_reply,
    "smtp-cut": relaying.cut,
    "redis-absent": killing.redis_absent,
    "restore": restoring.restore,
    "calendar": calendar.sixty_days,
}
SECONDS = 15 * 60.0


def main(names: list[str]) -> int:
    """Run them on one stage, one after the other."""
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        sys.stderr.write(f"chaos: no fault is called {unknown[0]}; there are: {', '.join(SCENARIOS)}\n")
        return 2
    seed = int(os.environ.get("SEED") or 1)
    chosen = names or list(SCENARIOS)
    print(f"chaos: seed {seed} (SEED=…), {len(chosen)} faults, at most {SECONDS / 60:.0f} minutes", flush=True)
    start, done, short = time.monotonic(), list[Row](), 0
    with stage(seed, SECONDS) as there:
        there.start()
        for name in chosen:
            began = time.monotonic()
            row = _tried(there, name)
            if row is None:
                short += 1
                continue
            done.append(row)
            for figure in row.checks():
                short += figure.is_short
                print(figure.line(), flush=True)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    took = time.monotonic() - start
    print(report.table(done))
    print(f"{short} short" if short else "all ok", f"({took:.0f} s)", flush=True)
    if os.environ.get("WRITE"):
        report.write(done, seed=seed, took=took, names=names)
    return 1 if short or took > SECONDS else 0


def _tried(there: Stage, name: str) -> Row | None:
    """The line of one fault; ``None``, and the platform started anew, when it could not even be made."""
    try:
        row = SCENARIOS[name](there)
    except Unexpected as problem:
        print(f"{name}: short: {problem}", flush=True)
        there.stop()
        there.start()
        return None
    row.name = name
    return row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
