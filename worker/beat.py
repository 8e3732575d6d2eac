"""The entry point of beat: it names tasks by the clock and runs none, so it does without the app and its memory.

``python -m worker.beat FILE`` starts it, the file being where it keeps when it named what; also ``celery -A worker.beat beat``.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from celery import Celery
from celery.signals import beat_init, setup_logging
from kombu.exceptions import KombuError

import logs
from config import load
from worker.schedule import CONF, beat_schedule

app = Celery("pathways")
app.conf.update(broker_url=load().celery_broker_url, **CONF)


@setup_logging.connect  # type: ignore[untyped-decorator]
def leave_the_lines_alone(**_: object) -> None:
    """Celery would bring handlers of its own; with a receiver here it does not."""


@beat_init.connect  # type: ignore[untyped-decorator]
def be_heard(**_: object) -> None:
    """A sign of life at once, and not only when the first half minute is over."""
    entry = beat_schedule["beat"]
    with suppress(KombuError, OSError):  # the broker is away: the schedule says it again
        app.send_task(entry["task"], retry=False, ignore_result=True, **entry["options"])


if __name__ == "__main__":
    logs.start("beat")
    app.Beat(schedule=sys.argv[1], quiet=True).run()
