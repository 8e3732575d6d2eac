"""The entry point of Celery's worker: builds the app, binds the tasks to its context."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task

from app import create_app
from app.extensions import celery
from worker.schedule import CONF

flask_app = create_app()


class ContextTask(Task):  # type: ignore[misc]
    """Every task runs inside the app's context; its session ends with it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in a fresh context."""
        with flask_app.app_context():
            return self.run(*args, **kwargs)


celery.Task = ContextTask
celery.conf.update(**CONF)
app: Celery = celery

from worker import tasks  # noqa: E402,F401 - registers every task on the bound app
