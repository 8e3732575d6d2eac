"""A table that somebody uploaded and what became of it; an archive of an exchange and until when it can be fetched."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core.db import Base, Id, Json, Timestamps
from app.exchanges.models import Exchange
from app.files.models import StoredFile


class Kind(StrEnum):
    """What a table holds."""

    PEOPLE = "people"
    ORGANISATIONS = "organisations"
    PARTICIPANTS = "participants"
    EXPRESSIONS = "expressions"
    CALENDARS = "calendars"  # corrections of them


class ImportState(StrEnum):
    """Where an import stands. Nothing is changed before ``done``, and then everything is."""

    CHECKING = "checking"
    REFUSED = "refused"  # something is wrong with the file, and the page says what and where
    CHECKED = "checked"  # waits for somebody who confirms what it would do
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


BUSY = (ImportState.CHECKING, ImportState.RUNNING)


class Import(Id, Timestamps, Base):
    """One uploaded table. Who works on it holds ``run`` and shows a sign of life; a dead one's work is taken up again."""

    __tablename__ = "imports"

    kind: Mapped[Kind]
    state: Mapped[ImportState] = mapped_column(default=ImportState.CHECKING)
    file_name: Mapped[str]
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    options: Mapped[Json] = mapped_column(default=dict)  # update: bool; session, call: ids
    language: Mapped[str]  # of the sentences about its rows
    rows: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    report: Mapped[Json] = mapped_column(default=dict)  # counts, problems, rows: the first of each
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    run: Mapped[uuid.UUID | None]
    alive_at: Mapped[datetime | None]
    stop_asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    by: Mapped[Person] = relationship()

    __table_args__ = (
        Index("ix_imports_created", "created_at", "id"),
        Index("ix_imports_busy", "state", postgresql_where=sql("state IN ('checking', 'running')")),
        CheckConstraint("rows >= 0 AND rows_done >= 0", name="rows"),
    )

    @property
    def is_busy(self) -> bool:
        """Is it being worked on, or about to be?"""
        return self.state in BUSY

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are new, updated, left, wrong."""
        found: dict[str, int] = self.report.get("counts", {})
        return found


class ArchiveState(StrEnum):
    """Where an archive stands."""

    ASKED = "asked"
    READY = "ready"
    FAILED = "failed"


class Archive(Id, Timestamps, Base):
    """All that there is of an exchange that is over, in one file, for a while."""

    __tablename__ = "archives"

    exchange_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exchanges.id"))
    language: Mapped[str]
    state: Mapped[ArchiveState] = mapped_column(default=ArchiveState.ASKED)
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    expires_at: Mapped[datetime]

    exchange: Mapped[Exchange] = relationship()
    file: Mapped[StoredFile | None] = relationship()

    __table_args__ = (
        Index("ix_archives_exchange", "exchange_id", "created_at"),
        CheckConstraint("state <> 'ready' OR file_id IS NOT NULL", name="file"),
    )
