"""Run as a program of its own: a series on standard input, news and plans on standard output, line by line (``wire``).

Asked to end (SIGTERM), or left alone by who started it, it ends soon with the best plans so far.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # run by its path, it knows no other way to the app

from app.exchanges.fair.places import Series  # noqa: E402
from app.exchanges.fair.planner import plans  # noqa: E402
from app.exchanges.fair.scale import Refused  # noqa: E402
from app.exchanges.fair.wire import packed, unpacked  # noqa: E402

_MEEK = 5
"""People who wait for a page come before a plan."""


def main() -> int:
    """Read, plan, tell."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    os.nice(_MEEK)
    parent = os.getppid()
    try:
        answer = plans(
            unpacked(Series, sys.stdin.read()),
            told=lambda progress: _say(progress=progress),
            kept=lambda answer: _say(kept=answer),
            stop=lambda: bool(asked) or os.getppid() != parent,
        )
    except Refused as refused:
        _say(refused={"where": refused.where, "why": refused.why})
        return 3
    _say(done=answer)
    return 0


def _say(**told: object) -> None:
    sys.stdout.write(packed(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
