"""A real worker whose keeper looks often and is impatient: ``python -m tests.operations.deaf_worker QUEUE``."""

import sys

from worker import keeper

keeper.FIRST_LOOK, keeper.EVERY, keeper.DEAF = 0.3, 0.3, 1.5

from worker.__main__ import main  # noqa: E402
from worker.celery_app import app  # noqa: E402

app.conf.task_default_queue = sys.argv[1]
raise SystemExit(main("2"))
