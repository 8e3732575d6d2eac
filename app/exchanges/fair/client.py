"""Plan in a process of its own, from a task: the solver's memory ends with it, and it can be stopped."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from app.exchanges.fair.places import Series
from app.exchanges.fair.plan import Answer, Progress
from app.exchanges.fair.scale import Refused
from app.exchanges.fair.wire import packed, read

PROGRAM = Path(__file__).resolve().with_name("__main__.py")
_LOOK, _PATIENCE, _LONGEST = 0.5, 15.0, 900.0
"""Seconds between two looks at whether to stop, for ending in good order, and in all."""


class NotPlanned(RuntimeError):
    """The process failed and left nothing; its words are in the log."""


@dataclass
class _Heard:
    """What the process said so far."""

    best: Answer | None = None
    done: Answer | None = None

    def line(self, line: str, told: Callable[[Progress], None], kept: Callable[[Answer], None]) -> None:
        said = json.loads(line)
        if "progress" in said:
            told(read(Progress, said["progress"]))
        elif "kept" in said:
            self.best = read(Answer, said["kept"])
            kept(self.best)
        elif "done" in said:
            self.done = read(Answer, said["done"])
        else:
            raise Refused(said["refused"]["where"], said["refused"]["why"])


def plan(
    series: Series,
    *,
    told: Callable[[Progress], None] = lambda progress: None,
    kept: Callable[[Answer], None] = lambda answer: None,
    stop: Callable[[], bool] = lambda: False,
    seconds: float = _LONGEST,
) -> Answer:
    """The plans of a series; ``kept`` gets the best plans so far, ``stop`` is asked twice a second.

    Stopped, or after so many seconds, it gives the best plans so far, marked as ``stopped``. ``Refused`` when the series cannot
    be planned, ``NotPlanned`` when the process failed before it had any plan.
    """
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            [sys.executable, "-I", str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True
        )
        heard = _Heard()
        with process:
            try:
                _follow(process, packed(series), heard, told, kept, stop, seconds)
            finally:
                process.kill()  # it has ended, or does not end, or whoever asked was interrupted
        if heard.done is not None:
            return heard.done
        if heard.best is not None:
            return replace(heard.best, stopped=True)
        words.seek(0)
        raise NotPlanned(words.read()[-2000:])


def _follow(
    process: subprocess.Popen[str],
    asked: str,
    heard: _Heard,
    told: Callable[[Progress], None],
    kept: Callable[[Answer], None],
    stop: Callable[[], bool],
    seconds: float,
) -> None:
    """Hear the process out; ask it to end when it is to stop, and wait no longer than patience goes."""
    assert process.stdin is not None and process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True).start()
    try:
        process.stdin.write(asked)
        process.stdin.close()
    except BrokenPipeError:
        return  # it failed at once: its words tell why
    end, asked_to_end = time.monotonic() + seconds, False
    while time.monotonic() < end:
        if not asked_to_end and (stop() or time.monotonic() > end - _LOOK):
            process.terminate()
            asked_to_end, end = True, time.monotonic() + _PATIENCE
        try:
            line = lines.get(timeout=_LOOK)
        except queue.Empty:
            continue
        if line is None:
            return
        heard.line(line, told, kept)


def _listen(stream: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)
