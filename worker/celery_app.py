"""The entry point of Celery's worker: builds the app, binds the tasks to its context."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging

import logs
from app import create_app
from app.extensions import celery
from worker import signs
from worker.schedule import CONF, NOT_DONE

logs.start("worker")


@setup_logging.connect  # type: ignore[untyped-decorator]
def leave_the_lines_alone(**_: object) -> None:
    """Celery would bring handlers of its own; with a receiver here it does not."""


flask_app = create_app()


class ContextTask(Task):  # type: ignore[misc]
    """Every task runs inside the app's context; its session ends with it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in a fresh context; what is logged names the request that asked for it, if one did."""
        headers = getattr(self.request, "headers", None) or {}
        with flask_app.app_context(), logs.about(request=str(headers.get("request_id") or "")):
            done = self.run(*args, **kwargs)
            if self.name in signs.PERIODIC and done != NOT_DONE:
                signs.note(self.name)
            return done


celery.Task = ContextTask
celery.conf.update(**CONF)
app: Celery = celery

from worker import tasks  # noqa: E402,F401 - registers every task on the bound app
