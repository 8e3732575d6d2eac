"""How fast this machine is just now: what all other figures have to be read beside."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from flask import Flask
from werkzeug.test import EnvironBuilder

from bench.figures import Figure

CALLS, ROUNDS = 1000, 5


def measure() -> Iterator[Figure]:
    """CPU of the smallest request there is: Flask says one word, without a server. 54 us on the machine of the limits."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")
    environ = EnvironBuilder().get_environ()
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            list(app.wsgi_app(dict(environ), lambda *_told: None))  # type: ignore[arg-type,misc]
        rounds.append((time.process_time() - start) / CALLS * 1_000_000)
    yield Figure("machine: the smallest request", statistics.median(rounds), "CPU-us")
