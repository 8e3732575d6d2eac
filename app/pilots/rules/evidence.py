"""What shows that a milestone is done: a link or a file, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.pilots.models import Evidence, Milestone, Visibility
from app.pilots.queries import SUBJECT
from app.pilots.rules.common import line, lock


@dataclass(frozen=True)
class Shown:
    """A link, an upload or a stored file, what it is, and for whom."""

    title: str
    visibility: Visibility
    url: str = ""
    upload: FileStorage | None = None
    stored: StoredFile | None = None
    submission_key: str | None = None


def add_evidence(milestone: Milestone, shown: Shown, *, by: Person | None, now: datetime) -> Evidence:
    """Keep it with the milestone. The same form sent twice adds one."""
    before = _made_by(shown.submission_key)
    if before is not None:
        return before
    given = bool(shown.url) + (shown.upload is not None or shown.stored is not None)
    if given != 1:
        raise RuleBroken(_l("Give either a link or a file."), field="url")
    stored = shown.stored or (_kept(milestone, shown, by, now) if shown.upload is not None else None)
    title = shown.title or (stored.original_name if stored else shown.url)
    try:
        with db.session.begin_nested():
            evidence = Evidence(
                id=uuid7(now), milestone_id=milestone.id, title=title, url=shown.url or None, file_id=stored.id if stored else None,
                visibility=shown.visibility.value, added_by=by.id if by else None, added_at=now,
                submission_key=shown.submission_key,
            )  # fmt: skip
            db.session.add(evidence)
            db.session.flush()
    except IntegrityError:
        before = _made_by(shown.submission_key)
        if before is None:
            raise
        if stored is not None:
            files.discard(stored)
        return before
    if stored is not None:
        stored.visibility = shown.visibility.value
    changes = {"evidence": (None, title), "visibility": (None, shown.visibility)}
    line("evidence_added", milestone.pilot, by=by, now=now, changes=changes, about=milestone)
    return evidence


def _kept(milestone: Milestone, shown: Shown, by: Person | None, now: datetime) -> StoredFile:
    assert shown.upload is not None
    return files.store(shown.upload, "evidence", SUBJECT, milestone.id, by, now, field="file")


def _made_by(key: str | None) -> Evidence | None:
    return db.session.scalar(select(Evidence).where(Evidence.submission_key == key)) if key else None


def remove_evidence(milestone: Milestone, evidence: Evidence, *, by: Person, now: datetime) -> None:
    """Take it away, file and all, because it was wrong or held what it should not. What is done keeps one piece at least."""
    lock(milestone)
    held = db.session.scalar(select(func.count()).select_from(Evidence).where(Evidence.milestone_id == milestone.id)) or 0
    if milestone.done_on is not None and held <= 1:
        raise RuleBroken(_l("This is all that shows the milestone is done. Add something else first, or open the milestone again."))
    stored, title = evidence.file, evidence.title
    db.session.delete(evidence)
    db.session.flush()
    if stored is not None:
        files.discard(stored)
    line("evidence_removed", milestone.pilot, by=by, now=now, changes={"evidence": (title, None)}, about=milestone)
    db.session.flush()
