"""A draft of the form: begun without an account, kept at each step and while typing, found again by its link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from app.accounts.models import Person
from app.core.errors import LinkOver, RuleBroken
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.interests import messages
from app.interests.models import Call, Endorsement, Expression, Status
from app.interests.queries import by_submission_key

KEEP = timedelta(days=30)
"""How long a draft that nobody touches is kept."""


def start(call: Call, *, language: str, zone: str, now: datetime, key: str | None = None, by: Person | None = None) -> Expression:
    """Begin a draft for an open call; the same form sent twice begins one. What we know of the sender is filled in."""
    refuse_unless_open(call, now)
    known = by_submission_key(key)
    if known is not None:
        return known
    draft = Expression(call_id=call.id, call=call, language=language, contact_zone=zone, submission_key=key)
    draft.draft_expires_at = now + KEEP
    if by is not None:
        draft.contact_given_name, draft.contact_family_name = by.given_name, by.family_name
        draft.contact_email, draft.contact_phone = by.email or "", by.phone or ""
        draft.contact_post = by.posts.get(language, "")
    try:
        with db.session.begin_nested():
            db.session.add(draft)
            db.session.flush()
    except IntegrityError:  # the other click of a double click was faster
        known = by_submission_key(key)
        if known is None:
            raise
        return known
    return draft


def refuse_unless_open(call: Call, now: datetime) -> None:
    """A call that is not open says so in its own sentence."""
    if call.is_open(now):
        return
    if call.is_closed(now):
        raise RuleBroken(_("This call is closed. Write to the secretariat if you would still like to take part."))
    if call.published:
        raise RuleBroken(_("This call is not open yet. Come back when it opens."))
    raise RuleBroken(_("This call was taken off the site. Write to the secretariat if you would like to take part."))


def keep_step(draft: Expression, fields: dict[str, Any], *, step: int, now: datetime) -> None:
    """Keep what one step says and open the next one."""
    _keep(draft, fields, now)
    draft.step = max(draft.step, min(step + 1, 4))
    db.session.flush()


def keep_typing(draft: Expression, fields: dict[str, Any], *, now: datetime) -> None:
    """Keep what is there so far, while somebody types or although something else has to be fixed."""
    _keep(draft, fields, now)
    db.session.flush()


def attach_endorsement(draft: Expression, upload: FileStorage, *, now: datetime) -> StoredFile:
    """Keep the letter; it replaces an earlier one and stays although other fields have to be fixed."""
    _lock(draft, now)
    stored = files.store(upload, "endorsement", "expression", draft.id, None, now, field="file")
    _forget_file(draft)
    draft.endorsement_file_id, draft.endorsement = stored.id, Endorsement.UPLOADED
    db.session.flush()
    return stored


def remove_endorsement(draft: Expression, *, now: datetime) -> None:
    """Take the letter out of a draft."""
    _lock(draft, now)
    _forget_file(draft)
    draft.endorsement = Endorsement.NONE
    db.session.flush()


def mail_resume_link(draft: Expression, email: str, *, now: datetime) -> None:
    """Mail the way back to the draft."""
    _lock(draft, now)
    if not email:
        raise RuleBroken(_("Enter the e-mail address that we send the link to."), field="contact_email")
    draft.contact_email = email
    draft.draft_expires_at = now + KEEP
    db.session.flush()
    messages.resume_link(draft, now)


def refuse_unless_draft(draft: Expression, now: datetime) -> None:
    """A draft that was sent, or kept too long, says so in its own sentence."""
    if draft.status is not Status.DRAFT:
        raise LinkOver(_("This expression of interest was sent already. It cannot be changed with this link any more."))
    if draft.draft_expires_at is not None and draft.draft_expires_at <= now:
        raise LinkOver(_("This draft was kept for 30 days without a change, and then deleted. Begin a new one."))


def _lock(draft: Expression, now: datetime) -> None:
    db.session.flush()
    db.session.refresh(draft, with_for_update={"of": Expression})
    refuse_unless_draft(draft, now)


def _keep(draft: Expression, fields: dict[str, Any], now: datetime) -> None:
    _lock(draft, now)
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.draft_expires_at = now + KEEP


def _forget_file(draft: Expression) -> None:
    former = db.session.get(StoredFile, draft.endorsement_file_id) if draft.endorsement_file_id else None
    draft.endorsement_file_id = None
    if former is not None:
        db.session.flush()
        files.discard(former)
