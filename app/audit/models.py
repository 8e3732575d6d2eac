"""The audit log. Rows are added, never changed; the hash columns stay empty until the chain is switched on."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, Json


class AuditEntry(Id, Base):
    """One change of one record: who, on whose behalf, when, from where, before and after."""

    __tablename__ = "audit_entries"

    at: Mapped[datetime]
    actor_id: Mapped[uuid.UUID | None]  # a person; no key down here, since people live upstairs
    actor_name: Mapped[str]  # as it was then: history still names those who left
    on_behalf_of: Mapped[str | None]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID]
    action: Mapped[str]  # machine word, such as "expression.accepted"; pages translate it
    changes: Mapped[Json] = mapped_column(default=dict)  # field -> [before, after]
    note: Mapped[str | None]
    address: Mapped[str | None]  # client address
    request_id: Mapped[str | None]
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    row_hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("ix_audit_entries_object", "object_kind", "object_id", "at"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_kind", "object_kind", "at", "id"),
        Index("ix_audit_entries_actor", "actor_id", "at", "id"),
    )
