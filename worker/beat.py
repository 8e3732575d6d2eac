"""The entry point of beat: it names tasks by the clock and runs none, so it does without the app and its memory.

``python -m worker.beat FILE`` starts it, the file being where it keeps when it named what; also ``celery -A worker.beat beat``.
"""

from __future__ import annotations

import sys

from celery import Celery

from config import load
from worker.schedule import CONF

app = Celery("pathways")
app.conf.update(broker_url=load().celery_broker_url, **CONF)


if __name__ == "__main__":
    app.Beat(schedule=sys.argv[1], loglevel="WARNING").run()
