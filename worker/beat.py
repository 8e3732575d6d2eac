"""The entry point of beat: it names tasks by the clock and runs none, so it does without the app and its memory.

``python -m worker.beat FILE`` starts it, the file being where it keeps when it named what; also ``celery -A worker.beat beat``.
"""

from __future__ import annotations

import sys

from celery import Celery
from celery.signals import setup_logging

import logs
from config import load
from worker.schedule import CONF

app = Celery("pathways")
app.conf.update(broker_url=load().celery_broker_url, **CONF)


@setup_logging.connect  # type: ignore[untyped-decorator]
def leave_the_lines_alone(**_: object) -> None:
    """Celery would bring handlers of its own; with a receiver here it does not."""


if __name__ == "__main__":
    logs.start("beat")
    app.Beat(schedule=sys.argv[1], quiet=True).run()
