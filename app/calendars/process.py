"""Programs that end: the lists of holidays are a large library, and an address of somebody else's is read in a room of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
_LISTING_SECONDS = 120
_FEED_SECONDS = 35
_MOST_SAID = 4 * 1024 * 1024


class NotListed(RuntimeError):
    """The program failed; its last words are in the log."""


@contextmanager
def listing(first_year: int, last_year: int) -> Iterator[tuple[dict[str, Any], Iterator[bytes]]]:
    """The release and its subdivisions, and the rows as COPY reads them, piece by piece."""
    running = subprocess.Popen(
        [sys.executable, "-I", str(HERE / "listing_program.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdin is not None and running.stdout is not None and running.stderr is not None
    try:
        running.stdin.write(json.dumps({"first": first_year, "last": last_year}).encode())
        running.stdin.close()
        head = running.stdout.readline()
        if not head:
            raise NotListed(running.stderr.read().decode(errors="replace")[-2000:])
        yield json.loads(head), _pieces(running.stdout)
        if running.wait(timeout=_LISTING_SECONDS) != 0:
            raise NotListed(running.stderr.read().decode(errors="replace")[-2000:])
    finally:
        running.kill()
        running.wait()
        running.stdout.close()
        running.stderr.close()


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(65_536):
        yield piece


def read_feed(told: dict[str, Any]) -> dict[str, Any]:
    """What stands at an address, asked by a program that ends, whatever happens there."""
    program = [sys.executable, "-I", str(HERE / "feed_program.py")]
    try:
        done = subprocess.run(program, input=json.dumps(told).encode(), capture_output=True, timeout=_FEED_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"trouble": "slow"}
    if done.returncode != 0 or len(done.stdout) > _MOST_SAID:
        return {"trouble": "many"}  # it met its own limits of time or memory
    found: dict[str, Any] = json.loads(done.stdout)
    return found
