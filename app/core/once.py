"""The same form sent twice does one thing: a double click, an impatient reload, a proxy that tries again.

Each form carries a key. The first sending writes it, with the address it led to, in the transaction of what it did;
a second one waits for that transaction and is led to the same address. Somebody who goes back and changes the form
means something else, so the content is part of what counts as the same.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Index, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.signing import opened

KEEP = timedelta(days=2)
"""How long a repeated sending is known: longer than any page stays open and waits."""
_NOT_CONTENT = frozenset({"csrf_token"})


class SentForm(Base):
    """A form that did its work, and where that led."""

    __tablename__ = "sent_forms"

    key: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    led_to: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]

    __table_args__ = (Index("ix_sent_forms_at", "at"),)


class Sending:
    """One sending of a form: ask ``before`` first, do the work, then ``leads_to``; all before the commit.

    A rollback forgets it, so a form that was refused can be sent again.
    """

    def __init__(self, form: Any, now: datetime) -> None:
        self.key = key_of(form["submission_key"].data)
        self.before = self._claim(now) if self.key is not None else None

    def _claim(self, now: datetime) -> str | None:
        """Write the key; when it is there already, answer where its first sending led. Waits for one under way."""
        fresh = insert(SentForm).values(key=self.key, led_to="", at=now).on_conflict_do_nothing()
        if _session().scalar(fresh.returning(SentForm.key)) is not None:
            return None
        found: str | None = _session().scalar(select(SentForm.led_to).where(SentForm.key == self.key))
        return found

    def leads_to(self, address: str) -> ResponseReturnValue:
        """Remember where this led, and go there. The address of a page behind a link is given with its mark, and kept so."""
        if self.key is not None:
            _session().execute(update(SentForm).where(SentForm.key == self.key).values(led_to=address))
        return redirect(opened(address), 303)

    def again(self) -> ResponseReturnValue:
        """Where the first sending led, saying that nothing was done twice."""
        flash(_("You sent this form twice. It was saved once."))
        return redirect(opened(self.before) if self.before else request.path, 303)


def key_of(value: str | None) -> uuid.UUID | None:
    """What tells one sending from another: the form's key, where it went and what it says. ``None`` without a key."""
    try:
        key = uuid.UUID(value or "")
    except ValueError:
        return None
    content = hashlib.sha256(request.path.partition("/")[2].partition("/")[2].encode())  # in whatever language
    for name, values in sorted(request.form.lists()):
        if name not in _NOT_CONTENT:
            content.update(repr((name, values)).encode())
    for name, upload in sorted(request.files.items(multi=True)):
        content.update(repr((name, upload.filename, hashlib.sha256(upload.stream.read()).hexdigest())).encode())
        upload.stream.seek(0)
    return uuid.uuid5(key, content.hexdigest())


def key_text(form: Any) -> str | None:
    """The same for records that keep the key of the form that made them."""
    key = key_of(form["submission_key"].data)
    return str(key) if key is not None else None


def clear_what_is_over(now: datetime) -> None:
    """Forget forms sent long ago."""
    _session().execute(delete(SentForm).where(SentForm.at < now - KEEP))


def _session() -> Any:
    """The request's session, asked of the app: nothing down here knows the extensions."""
    return current_app.extensions["sqlalchemy"].session
