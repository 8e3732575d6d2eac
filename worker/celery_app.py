"""The entry point of Celery's worker and beat: builds the app, binds the tasks to its context."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task

from app import create_app
from app.extensions import celery
from worker.schedule import beat_schedule

flask_app = create_app()


class ContextTask(Task):  # type: ignore[misc]
    """Every task runs inside the app's context; its session ends with it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in a fresh context."""
        with flask_app.app_context():
            return self.run(*args, **kwargs)


celery.Task = ContextTask
celery.conf.update(
    task_serializer="json", accept_content=["json"], result_backend=None, task_ignore_result=True,
    task_acks_late=False,  # a lost task is no lost mail: the row is the intent, the sweep finds it
    worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True, broker_connection_timeout=2,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600},
    worker_hijack_root_logger=False, timezone="UTC", enable_utc=True, beat_schedule=beat_schedule,
)  # fmt: skip
app: Celery = celery

from worker import tasks  # noqa: E402,F401 - registers every task on the bound app
