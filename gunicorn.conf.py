"""Read by gunicorn from the folder it starts in, whatever its command line says."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # gunicorn reads this file before it looks for the app here

import logs  # noqa: E402

logs.named("web")
logs.catch_all()
logconfig_dict = logs.for_gunicorn()


def when_ready(_arbiter: Any) -> None:
    """What ``--preload`` has loaded stays out of every collection: one that walks it makes each process copy all of it.

    Nothing here may ask the database: a connection that was open at the fork would belong to every process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 10)  # a page makes some thousand objects and leaves none: the usual 700 look at them five times
