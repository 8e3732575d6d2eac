"""A few words on how it goes, and for whom they are."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Person
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.extensions import db
from app.pilots.models import Pilot, Update, Visibility
from app.pilots.rules.common import line


def write_update(
    pilot: Pilot, text: str, *, visibility: Visibility, by: Person, now: datetime, submission_key: str | None = None
) -> Update:
    """Keep it with its author and hour; its words stay out of the log. The same form sent twice writes one."""
    before = _made_by(submission_key)
    if before is not None:
        return before
    if not text:
        raise RuleBroken(_l("Write the update first."), field="text")
    try:
        with db.session.begin_nested():
            update = Update(
                id=uuid7(now), pilot_id=pilot.id, author_id=by.id, at=now, text=text, visibility=visibility.value,
                submission_key=submission_key,
            )  # fmt: skip
            db.session.add(update)
            db.session.flush()
    except IntegrityError:
        before = _made_by(submission_key)
        if before is None:
            raise
        return before
    line("update_written", pilot, by=by, now=now, changes={"visibility": (None, visibility)})
    return update


def _made_by(key: str | None) -> Update | None:
    return db.session.scalar(select(Update).where(Update.submission_key == key)) if key else None
