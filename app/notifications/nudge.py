"""After commit, tell the worker there is something to send. It may fail: with Redis away the sweep and NOTIFY remain."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import Any

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

import logs
from app.extensions import celery, db

log = logging.getLogger(__name__)

DISPATCH = "notifications.dispatch"
EVERY = 1.0
"""Seconds between two nudges of a process. PostgreSQL tells of each row on its commit; a worker that does not hear it is
told once a second that there is something, and looks again a second later for what came in between (``courier``)."""
_PAUSE = 15.0
_closed_until = 0.0
_nudged_at = float("-inf")
_lock = threading.Lock()
_connection: Any = None
_producer: Any = None


def after_commit() -> None:
    """Send a nudge when the present transaction is committed: one, however many letters it wrote, and one a second at most."""
    session = db.session()
    session.info["outbox_nudge"] = True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    # The hook also fires when a savepoint is released: nothing is visible to the worker then.
    if session.info.get("outbox_nudge") and not session.in_nested_transaction():
        session.info.pop("outbox_nudge")
        _nudge()


def _nudge() -> None:
    global _nudged_at
    now = time.monotonic()
    if now - _nudged_at >= EVERY:
        _nudged_at = now
        send()


@event.listens_for(Session, "after_soft_rollback")
def _rolled_back(session: Session, previous_transaction: Any) -> None:
    if not previous_transaction.nested:
        session.info.pop("outbox_nudge", None)


def send(task: str = DISPATCH, *about: str) -> bool:
    """Name the task to the broker, once, within 0.3 s; after a failure nobody tries for 15 s."""
    global _closed_until
    if time.monotonic() < _closed_until:
        return False
    try:
        with _lock:
            if time.monotonic() < _closed_until:  # another thread found out while this one waited
                return False
            headers = {"request_id": logs.request_id.get()}  # so that the worker's lines name the request that asked
            celery.send_task(task, about, headers=headers, producer=_producer_on(_broker()), retry=False, ignore_result=True)
    except Exception as problem:  # noqa: BLE001 - whatever the broker's client raises, the request goes on
        _closed_until = time.monotonic() + _PAUSE
        _forget()
        log.warning("no wake-up sent, the sweep will find the rows: %s", type(problem).__name__)
        return False
    return True


def _broker() -> Any:
    """A connection of our own with short limits, so that a silent Redis cannot hold a request."""
    global _connection
    if _connection is None:
        url = current_app.config["SETTINGS"].celery_broker_url
        short = {
            "socket_timeout": 0.3,
            "socket_connect_timeout": 0.3,
            "max_retries": 0,
            "retry_on_timeout": False,
        }
        _connection = celery.connection_for_write(url, connect_timeout=0.3, transport_options=short)
    return _connection


def _producer_on(connection: Any) -> Any:
    """A producer is kept with its connection: a new one opens a channel, and that asks the broker how it is."""
    global _producer
    if _producer is None or _producer.connection is not connection:
        _producer = celery.amqp.Producer(connection, auto_declare=False)
    return _producer


def _forget() -> None:
    global _connection, _producer
    _producer = None
    if _connection is not None:
        with suppress(Exception):  # it is broken already
            _connection.release()
        _connection = None
