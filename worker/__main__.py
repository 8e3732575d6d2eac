"""``python -m worker [threads] [log level]``: Celery's worker without its command line, which brings an interactive prompt along.

``celery -A worker.celery_app worker -P threads -c 4 --without-gossip --without-mingle`` is the same worker with more memory.
"""

from __future__ import annotations

import logging
import sys

from worker.celery_app import app


def main(threads: str = "4", level: str = "") -> int:
    """Run until told to end; the exit code is the worker's. ``level`` stands above LOG_LEVEL."""
    if level:
        logging.getLogger().setLevel(level)
    worker = app.Worker(
        pool_cls="threads", concurrency=int(threads), without_gossip=True, without_mingle=True, quiet=True
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
