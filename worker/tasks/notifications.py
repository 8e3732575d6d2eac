"""Wake-ups of the outbox and the mailbox. A lost one costs seconds: the courier's own sweep finds every due row."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import Task, shared_task
from celery.signals import worker_init, worker_shutdown
from flask import current_app

from app.core import clock
from app.core.signing import settings
from app.extensions import db
from app.heartbeats.models import BEAT
from app.notifications import claims, courier, imap
from worker import keeper, signs
from worker.schedule import NOT_DONE, SIGN_LASTS


@shared_task(name="notifications.dispatch")  # type: ignore[untyped-decorator]
def dispatch() -> int:
    """Wake this process's courier; without one, send here what is due."""
    if courier.nudged():
        return 0
    return courier.dispatch_here(current_app._get_current_object())  # type: ignore[attr-defined]


@shared_task(name="notifications.sweep")  # type: ignore[untyped-decorator]
def sweep() -> int:
    """Free what dead senders held, end what is over, and wake senders for the rest."""
    connection = claims.connect(db.engine)
    try:
        due = claims.sweep(connection, clock.now())
    finally:
        connection.close()
    if due:
        dispatch()
    return due or 0


@shared_task(name="notifications.poll_mailbox")  # type: ignore[untyped-decorator]
def poll_mailbox() -> int | str:
    """Fetch answers that came by mail."""
    if not settings().imap_url:
        return NOT_DONE
    polled = imap.poll(settings().imap_url)
    return polled.stored if polled.reached else NOT_DONE


@shared_task(name="notifications.beat", bind=True)  # type: ignore[untyped-decorator]
def beat(self: Task) -> None:
    """Note when beat sent this. It says when it ends, which is a minute later."""
    ends = getattr(self.request, "expires", None)
    sent = datetime.fromisoformat(ends) - timedelta(seconds=SIGN_LASTS) if isinstance(ends, str) else None
    signs.note(BEAT, at=sent)


@worker_init.connect  # type: ignore[untyped-decorator]
def start_courier(sender: object = None, **_: object) -> None:
    """Deliver from the start of the process on, whether the broker can be reached or not."""
    from worker.celery_app import flask_app

    courier.start(flask_app, senders=4)
    keeper.start(flask_app)


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def stop_courier(**_: object) -> None:
    """Finish the mails in hand and give the rest back."""
    keeper.stop()
    courier.stop()
