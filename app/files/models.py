"""A stored file. Its bytes lie in ``VAR_DIR/files`` under its id, never under the name it came with."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, Timestamps


class ScanState(StrEnum):
    """What a virus scanner said; ``not_scanned`` where none is set up."""

    NOT_SCANNED = "not_scanned"
    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"


class StoredFile(Id, Timestamps, Base):
    """One uploaded or received file."""

    __tablename__ = "stored_files"

    sha256: Mapped[str]
    size: Mapped[int]  # bytes
    media_type: Mapped[str]  # by content, from the allow-list
    original_name: Mapped[str]  # cleaned; for the download's name only
    object_kind: Mapped[str]  # what it belongs to
    object_id: Mapped[uuid.UUID | None]
    purpose: Mapped[str]  # "endorsement", "designation-letter", "source-scan"
    visibility: Mapped[str] = mapped_column(default="secretariat")
    version: Mapped[int] = mapped_column(default=1)
    scan_state: Mapped[ScanState] = mapped_column(default=ScanState.NOT_SCANNED)
    uploaded_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        Index("ix_stored_files_object", "object_kind", "object_id"),
        CheckConstraint("size >= 0", name="size"),
    )
