"""Read by gunicorn from the folder it starts in, whatever its command line says."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # gunicorn reads this file before it looks for the app here

from gunicorn.glogging import Logger  # noqa: E402

import logs  # noqa: E402

logs.start("web")


class Lines(Logger):  # type: ignore[misc]
    """The server's own lines go where all lines go; its errors name addresses of requests and of people."""

    def setup(self, cfg: Any) -> None:
        """No handler of its own."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def access(self, *_: Any) -> None:
        """Never, whatever the command line says: addresses hold keys. The app writes a line for each request."""


logger_class = Lines


def when_ready(arbiter: Any) -> None:
    """What ``--preload`` has loaded stays out of every collection: one that walks it makes each process copy all of it."""
    app = arbiter.app.wsgi() if arbiter.cfg.preload_app else None
    if "SETTINGS" in getattr(app, "config", ()):  # it is ours
        from app.warm import warm

        warm(app)
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)  # a page makes some thousand objects and leaves none: the usual 700 look at them five times
