"""The entry point of beat: it names tasks by the clock and runs none, so it does without the app and its memory."""

from __future__ import annotations

from celery import Celery

from config import load
from worker.schedule import CONF

app = Celery("pathways")
app.conf.update(broker_url=load().celery_broker_url, **CONF)
