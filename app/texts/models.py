"""What is known of one text in one language, by kind and id of its record."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class TextMark(Base):
    """One text in one language: what it was when it was saved, what it was written from, who reviewed it.

    Texts themselves are not kept here, only their digests: when the record says something else by now, the mark is
    about a former text and counts for nothing.
    """

    __tablename__ = "text_marks"

    kind: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    source_language: Mapped[str]  # the language it was written from; its own where it is the source
    source_digest: Mapped[str]
    written_at: Mapped[datetime]
    written_by: Mapped[uuid.UUID | None]  # a person; no key down here, since people live upstairs
    written_name: Mapped[str]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[uuid.UUID | None]
    reviewed_name: Mapped[str | None]

    __table_args__ = (CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name="reviewed"),)


class TextGap(Base):
    """A record whose texts in one language lack, are out of date, or were reviewed by nobody. Kept in step by ``indexing``.

    Worked out once when something is saved, so that the list of all gaps costs the same however much is written.
    """

    __tablename__ = "text_gaps"

    kind: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    source_language: Mapped[str]
    until: Mapped[datetime]  # when nobody reads it any more: what is read soonest comes first

    __table_args__ = (
        Index("ix_text_gaps_until", "until", "kind", "object_id", "language"),
        Index("ix_text_gaps_language", "language", "until", "kind", "object_id"),
        Index("ix_text_gaps_kind", "kind", "until", "object_id", "language"),
        Index("ix_text_gaps_state", "state", "until", "kind", "object_id", "language"),
    )
