"""Cold start of the web process: from starting the program until the first answer, libraries compiled as an image has them."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

from bench import cpu
from bench.figures import Figure
from bench.house import CHECKOUT, OPTIONS, House, end, free_port

STARTS, LIMIT = 5, 1.5


def measure(house: House) -> Iterator[Figure]:
    """The quickest of a few starts: what else the machine does only makes them longer."""
    cache = house.folder / "compiled"
    env = {name: value for name, value in house.env.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(cache)
    found = [_start(house, env) for _ in range(STARTS + 1)][1:]  # the first one compiles
    shutil.rmtree(cache, ignore_errors=True)
    yield Figure("start: web, until the first answer", min(took for took, _used in found), "s", LIMIT)
    yield Figure("start: web, CPU of it", min(used for _took, used in found), "CPU-s")


def _start(house: House, env: dict[str, str]) -> tuple[float, float]:
    """Seconds from the start to the answer of the home page, and CPU of master and worker until then."""
    port = free_port()
    command = [sys.executable, "-OO", "-m", "gunicorn", *OPTIONS, "-w", "2", "-b", f"127.0.0.1:{port}", "app:create_app()"]
    with (house.folder / "log" / "bench-start.log").open("ab") as log:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=CHECKOUT, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise SystemExit(f"bench: the web process ended with {process.returncode}")
            time.sleep(0.01)
        return time.monotonic() - start, cpu.of_tree(process.pid)
    finally:
        end(process)


def _answers(port: int) -> bool:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/live", headers={"Host": "127.0.0.1:8000"})
        return connection.getresponse().status == 200
    return False
