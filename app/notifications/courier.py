"""The threads of a worker process that deliver: a listener, a sweeper, and senders that sleep until they are woken.

They stand beside Celery and need no broker. A NOTIFY wakes one sender at once; each full batch wakes another; the
sweep every 15 seconds, in every process, wakes as many as the backlog needs, whatever was lost before. One sender more
is kept free of mail to many, so that a sign-in link or an answer never waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg
from flask import Flask

from app.core import clock
from app.extensions import db
from app.heartbeats import rules as heartbeats
from app.heartbeats.models import SWEEP
from app.notifications import claims, nudge
from app.notifications.claims import BATCH, Claimant
from app.notifications.delivery import Breaker, Sender
from app.notifications.models import Priority
from app.notifications.pauses import Waiting
from app.notifications.revisions import Known
from app.notifications.transport import IDLE_SECONDS, Transport, for_url

log = logging.getLogger(__name__)

SWEEP_SECONDS = 15.0
LOOK_SECONDS = 2.0
"""So often the sender that is kept free looks whether another one hangs."""
AFTER_SECONDS = 0.3
"""So long the others may take a new row first."""
HEARD_SECONDS = 1.0
"""So long after a NOTIFY the broker's nudge is no news: it tells of the same rows, a moment later."""
_current: Courier | None = None


class Courier:
    """Starts, wakes and stops the delivering threads of one process."""

    def __init__(self, app: Flask, senders: int = 4, make_transport: Callable[[], Transport] | None = None) -> None:
        settings = app.config["SETTINGS"]
        self.app = app
        self.senders = senders
        self.last_sweep: float | None = None
        self._heard = float("-inf")  # when PostgreSQL last told of a row
        self._make_transport = make_transport or (lambda: for_url(settings.smtp_url, settings.mail_domain))
        self._breaker, self._waiting_on, self._known = Breaker(), Waiting(), Known()
        self._news = threading.Event()  # for the sender that is kept free
        self._due = threading.Semaphore(0)
        self._waiting = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._soon = threading.Event()  # sweep in a second, not only in its turn
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start all threads; they connect by themselves, and again when the database comes back."""
        jobs = [("listen", self._listen), ("sweep", self._sweep)]
        jobs += [(f"send-{n}", self._send) for n in range(self.senders)]
        jobs += [("send-urgent", self._send_what_cannot_wait)]
        for name, job in jobs:
            thread = threading.Thread(target=self._forever, args=(job,), name=f"outbox-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)
        self.wake()

    def wake(self, count: int = 1) -> None:
        """Let so many sleeping senders look; more than all of them is never kept waiting."""
        self._news.set()
        with self._lock:
            more = min(count, self.senders - self._waiting)
            self._waiting += max(more, 0)
        for _ in range(max(more, 0)):
            self._due.release()

    def nudged(self) -> None:
        """The broker says there is something to send. A listener that is there has been told on the row's commit.

        Where none listens, senders look at once, and the sweep a second later: whoever nudges does so once a second.
        """
        if time.monotonic() - self._heard > HEARD_SECONDS:
            self.wake()
            self._soon.set()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the mails in hand, give the rest back, and end."""
        self._stop.set()
        self._soon.set()
        self._news.set()
        for _ in range(self.senders):
            self._due.release()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.1, until - time.monotonic()))

    def _forever(self, job: Callable[[], None]) -> None:
        """Run a job again when the database has gone away under it, after a second."""
        while not self._stop.is_set():
            try:
                with self.app.app_context():
                    job()
            except psycopg.Error as problem:
                log.warning("%s: the database is away (%s)", threading.current_thread().name, type(problem).__name__)
            except Exception:
                log.exception("%s failed, and starts again", threading.current_thread().name)
            self._stop.wait(1.0)

    def _listen(self) -> None:
        connection = claims.connect(db.engine)
        try:
            connection.execute("LISTEN outbox")
            self.wake()  # what was told while nobody listened
            while not self._stop.is_set():
                for _ in connection.notifies(timeout=1.0, stop_after=1):
                    self._heard = time.monotonic()
                    self.wake()
        finally:
            connection.close()

    def _sweep(self) -> None:
        connection = claims.connect(db.engine)
        try:
            while not self._stop.is_set():
                due = claims.sweep(connection, clock.now())
                if due is None:  # another process sweeps; how much is due concerns this one all the same
                    due = claims.backlog(connection, clock.now())
                else:
                    heartbeats.beat(connection, SWEEP)
                self.last_sweep = time.monotonic()
                if due:
                    self.wake(min(self.senders, -(-due // BATCH)))
                if self._soon.wait(SWEEP_SECONDS):
                    self._stop.wait(nudge.EVERY)
                    self._soon.clear()
        finally:
            connection.close()

    def _send(self) -> None:
        transport = self._make_transport()
        sender: Sender | None = None  # kept from one wake-up to the next: what it knows of sessions and shared facts stays good
        try:
            while not self._stop.is_set():
                if not self._due.acquire(timeout=IDLE_SECONDS):
                    transport.close()  # idle: hold neither the relay's connection nor the database's
                    _let_go(sender)
                    sender = None
                    continue
                with self._lock:
                    self._waiting = max(0, self._waiting - 1)
                if self._stop.is_set():
                    break
                sender = sender or self._sender(transport)
                with self.app.app_context():
                    sender.drain()
        finally:
            transport.close()
            _let_go(sender)

    def _send_what_cannot_wait(self) -> None:
        """One sender more that never touches mail to many: it looks a moment after the others, for what they left.

        It also takes from a sender that hangs in one mail what that one holds besides.
        """
        transport = self._make_transport()
        sender = self._sender(transport, below=Priority.BULK)
        try:
            while not self._stop.is_set():
                told = self._news.wait(LOOK_SECONDS)
                self._news.clear()
                freed = sum(sender.claimant.take_from(held) for held in self._waiting_on.held_up() if held[1])
                if freed:
                    self.wake()
                if told or freed:
                    self._stop.wait(AFTER_SECONDS)
                    with self.app.app_context():
                        sender.drain()
                elif transport.is_idle():
                    transport.close()
        finally:
            transport.close()
            _let_go(sender)

    def _sender(self, transport: Transport, below: int = claims.ANY_LANE) -> Sender:
        claimant = Claimant(claims.connect(db.engine))
        return Sender(claimant, transport, self._breaker, self._waiting_on, self._known, self._stop.is_set, self.wake, below)


def _let_go(sender: Sender | None) -> None:
    if sender is not None:
        with suppress(psycopg.Error):
            sender.claimant.close()


def start(app: Flask, senders: int = 4) -> Courier:
    """Start this process's courier, once."""
    global _current
    if _current is None:
        _current = Courier(app, senders)
        _current.start()
    return _current


def stop() -> None:
    """Stop this process's courier, if there is one."""
    global _current
    if _current is not None:
        _current.stop()
        _current = None


def silent_for() -> float:
    """Seconds since this process's courier last looked through the outbox; none when it has no courier."""
    there = _current.last_sweep if _current is not None else None
    return time.monotonic() - there if there is not None else 0.0


def nudged() -> bool:
    """Tell this process's courier that there is something to send; ``False`` when it has none."""
    if _current is None:
        return False
    _current.nudged()
    return True


def dispatch_here(app: Flask) -> int:
    """Send what is due in the calling thread: for commands and tests, and for a task in a process without a courier."""
    settings = app.config["SETTINGS"]
    transport = for_url(settings.smtp_url, settings.mail_domain)
    claimant = Claimant(claims.connect(db.engine))
    try:
        return Sender(claimant, transport).drain()
    finally:
        transport.close()
        claimant.close()
