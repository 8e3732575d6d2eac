"""Imports and archives, each in a process of its own: what it needs of memory ends with it."""

from __future__ import annotations

import logging
import subprocess
import sys

from celery import shared_task

from app.core import clock
from app.extensions import db
from app.transfers import archiving, queries

log = logging.getLogger(__name__)
_SECONDS = 3600


@shared_task(name="transfers.work")
def work(import_id: str) -> None:
    """Check an upload, or carry it out."""
    _run("import", "work", import_id)


@shared_task(name="transfers.archive")
def archive(archive_id: str) -> None:
    """Make an archive."""
    _run("archive", "make", archive_id)


@shared_task(name="transfers.sweep")
def sweep() -> None:
    """Take up what nobody works on: its wake-up was lost, or its process died."""
    now = clock.now()
    waiting, asked = queries.left_lying(now), queries.archives_to_make(now)
    archiving.clear_what_is_over(now)
    db.session.commit()
    for row_id in waiting:
        _run("import", "work", str(row_id))
    for row_id in asked:
        _run("archive", "make", str(row_id))


def _run(*words: str) -> None:
    """One command of ours, with the worker's own environment."""
    done = subprocess.run([sys.executable, "-m", "flask", "--app", "app", *words], check=False, timeout=_SECONDS)
    if done.returncode:
        log.error("%s %s ended with %s", words[0], words[1], done.returncode)
