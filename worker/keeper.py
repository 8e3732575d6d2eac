"""A thread of each worker process that trusts neither beat nor the broker.

What beat did not name in time, or what the broker lost, it starts itself: of all workers one, told apart by the row of the
task in the database. And it ends its own process, for whoever supervises it to start anew, when the process lives and works
no more: a sweep that has been silent for minutes, or a consumer that takes nothing from a queue that has something.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import timedelta
from typing import Any

import psycopg
from celery.signals import task_postrun, task_prerun, task_received
from flask import Flask
from kombu.exceptions import ChannelError, KombuError

from app.extensions import celery, db
from app.heartbeats import rules as heartbeats
from app.notifications import claims, courier
from worker.schedule import beat_schedule
from worker.signs import PERIODIC

log = logging.getLogger(__name__)

FIRST_LOOK = 30.0
"""Seconds from the start to the first look: beat, where there is one, starts in the meantime."""
EVERY = 15.0
GRACE = 45.0
"""So many seconds a task may be late before a worker takes it over."""
SILENT = 300.0
"""A sweep comes each 15 seconds, and waits at most a minute for the database."""
DEAF = 90.0
"""So long a consumer may take nothing while the queue has something and a thread is free."""
_SHORT = {"socket_timeout": 5, "socket_connect_timeout": 2, "max_retries": 0}
ENDING = 60.0
"""So long the process may take to end by itself."""


class Ears:
    """What the consumer of this process has taken, and how many tasks are in hand."""

    def __init__(self) -> None:
        self.heard = time.monotonic()
        self.busy = 0
        self._lock = threading.Lock()
        task_received.connect(self._received)
        task_prerun.connect(self._begins)
        task_postrun.connect(self._ends)

    def _received(self, **_: Any) -> None:
        self.heard = time.monotonic()

    def _begins(self, **_: Any) -> None:
        with self._lock:
            self.busy += 1

    def _ends(self, **_: Any) -> None:
        self.heard = time.monotonic()
        with self._lock:
            self.busy -= 1


class Keeper:
    """Looks each quarter of a minute."""

    def __init__(self, app: Flask, threads: int = 4) -> None:
        self.app, self.threads = app, threads
        self.ears = Ears()
        self._stop = threading.Event()
        self._running: set[str] = set()
        self._connection: psycopg.Connection[Any] | None = None

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._look_again_and_again, name="keeper", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _look_again_and_again(self) -> None:
        self._stop.wait(FIRST_LOOK)
        while not self._stop.is_set():
            try:
                with self.app.app_context():
                    self.look()
            except psycopg.Error as problem:
                self._forget()
                log.warning("the keeper cannot look: the database is away (%s)", type(problem).__name__)
            except Exception:
                log.exception("the keeper failed, and looks again")
            self._stop.wait(EVERY)
        self._forget()

    def look(self) -> None:
        """Take over what is late; end the process if it does not work any more."""
        if self._connection is None:
            self._connection = claims.connect(db.engine)
        for entry in beat_schedule.values():
            name = entry["task"]
            if name in PERIODIC and name not in self._running:
                late = timedelta(seconds=_period(entry["schedule"]) + GRACE)
                if heartbeats.take_over(self._connection, name, late):
                    self._running.add(name)
                    threading.Thread(target=self._run, args=(name,), name=f"keeper-{name}", daemon=True).start()
        if why := self.why_end():
            log.critical("this worker lives and works no more (%s): it ends, to be started anew", why)
            end()

    def why_end(self) -> str:
        """Which part of this process has stopped; empty when it works. The database answers: it was just asked."""
        if courier.silent_for() > SILENT:
            return "the sweep is silent"
        deaf = time.monotonic() - self.ears.heard > DEAF and self.ears.busy < self.threads
        return "the consumer takes nothing" if deaf and _waiting() else ""

    def _run(self, name: str) -> None:
        log.info("beat did not name %s in time: a worker does it", name, extra={"task": name})
        try:
            celery.tasks[name]()
        except Exception:
            log.exception("%s failed", name, extra={"task": name})
        finally:
            self._running.discard(name)

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _period(schedule: Any) -> float:
    """How often a task is due, in seconds."""
    every = getattr(schedule, "run_every", schedule)
    return every.total_seconds() if isinstance(every, timedelta) else float(every)


def _waiting() -> int:
    """How many tasks wait in the queue; none when the broker cannot be asked: then deafness is not this process's fault."""
    try:
        with celery.connection_for_read(connect_timeout=2, transport_options=_SHORT) as connection:
            found = connection.default_channel.queue_declare(celery.conf.task_default_queue, passive=True)
            return int(found.message_count)
    except ChannelError:  # an empty queue is not there
        return 0
    except (KombuError, OSError) as problem:
        log.info("the broker cannot be asked: %s", type(problem).__name__)
        return 0


def end() -> None:
    """Ask this process to end as its supervisor would, and insist."""
    os.kill(os.getpid(), signal.SIGTERM)
    insist = threading.Timer(ENDING, os._exit, (70,))
    insist.daemon = True
    insist.start()


_current: Keeper | None = None


def start(app: Flask) -> None:
    """Start this process's keeper, once."""
    global _current
    if _current is None:
        _current = Keeper(app)
        _current.start()


def stop() -> None:
    """Stop it, if there is one."""
    global _current
    if _current is not None:
        _current.stop()
        _current = None
