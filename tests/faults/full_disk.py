"""Keeps an upload where no file may grow beyond 64 kB: ``python -m tests.faults.full_disk SIZE``; prints what came of it."""

from __future__ import annotations

import io
import resource
import signal
import sys
import uuid

from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from app import create_app
from app.core import clock
from app.core.errors import RuleBroken
from app.extensions import db
from app.files import rules
from app.files.models import StoredFile
from tests.files import samples

app = create_app()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
with app.test_request_context("/en/", base_url="http://127.0.0.1:8000"):
    data = samples.PDF + b"\n" * int(sys.argv[1])
    try:
        rules.store(FileStorage(io.BytesIO(data), "letter.pdf"), "endorsement", "expression", uuid.uuid4(), None, clock.now())
        db.session.commit()
        print("kept")
    except RuleBroken as refused:
        db.session.rollback()
        print("refused", refused.field, refused.message)
    print(db.session.scalar(select(func.count()).select_from(StoredFile)))
