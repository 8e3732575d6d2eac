"""Wordings typed by the installation, the number that tells processes of a change, and the register of read templates."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, uuid7


class Wording(Base):
    """A sentence as this installation says it in one language. The sentence is named by what stands in the code."""

    __tablename__ = "wordings"

    sentence: Mapped[str] = mapped_column(primary_key=True)  # its short name: a digest of context and words
    language: Mapped[str] = mapped_column(primary_key=True)
    context: Mapped[str] = mapped_column(default="")
    words: Mapped[str]  # as the code holds it
    plural: Mapped[str] = mapped_column(default="")
    forms: Mapped[list[str]] = mapped_column(JSONB)  # one, or one for each plural form of the language
    instead_of: Mapped[list[str]] = mapped_column(JSONB)  # what the platform said when this was typed
    at: Mapped[datetime]
    by: Mapped[uuid.UUID | None]  # a person; no key down here, since people live upstairs
    by_name: Mapped[str]


class WordingVersion(Base):
    """One row whose number rises with every change: a process that remembers another one reads the wordings anew."""

    __tablename__ = "wording_versions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    version: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("id = 1", name="single"),)


class TemplateReview(Base):
    """One template in one language: what it is made of today, and what it was made of when somebody read it."""

    __tablename__ = "template_reviews"

    id: Mapped[uuid.UUID] = mapped_column(default=uuid7, unique=True)  # as the audit log names it
    sort: Mapped[str] = mapped_column(primary_key=True)  # "mail", "letter"
    name: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    reviewed_digest: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[uuid.UUID | None]
    reviewed_name: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name="reviewed"),
        Index("ix_template_reviews_unread", "sort", postgresql_where=text("reviewed_digest IS DISTINCT FROM digest")),
    )

    @property
    def is_reviewed(self) -> bool:
        """Has somebody read it as it is today?"""
        return self.reviewed_digest == self.digest

    @property
    def was_reviewed(self) -> bool:
        """Did somebody read a former text?"""
        return self.reviewed_digest is not None and not self.is_reviewed
