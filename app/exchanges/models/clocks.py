"""What a change of clock rules did to sessions and to people."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Id
from app.exchanges.models.planned import PeerSession


class Cause(StrEnum):
    """What a change of clock rules did to a session."""

    ANCHOR = "anchor"  # the wall time in the session's zone is another moment
    GAP = "gap"  # ... never happens any more
    FOLD = "fold"  # ... happens twice now
    PEOPLE = "people"  # the moment stands; clocks of people who are invited show another hour


class Decision(StrEnum):
    """What became of it."""

    WALL = "wall"  # what clocks show was kept; in a gap the next time that happens, of two the first
    SECOND = "second"  # of two, the second
    INSTANT = "instant"  # the moment was kept
    EDITED = "edited"  # somebody gave the session another time
    CANCELLED = "cancelled"
    UNDONE = "undone"  # a later release took the change back
    LAPSED = "lapsed"  # the session began, and nobody had decided


class ClockChange(Id, Base):
    """One session that a release of the zone data moved, or whose people it moved; a record that stays."""

    __tablename__ = "clock_changes"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))
    cause: Mapped[Cause]
    from_version: Mapped[str]
    to_version: Mapped[str]
    found_at: Mapped[datetime]
    zone: Mapped[str]  # of the session, and what stood there when it was found
    local_start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    was_at: Mapped[datetime]
    wall_at: Mapped[datetime | None]  # the moment if the wall time is kept
    second_at: Mapped[datetime | None]  # the second of the two, for a fold
    decision: Mapped[Decision | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # nobody: by what the session keeps

    peer_session: Mapped[PeerSession] = relationship()

    __table_args__ = (
        Index("uq_clock_changes_open", "peer_session_id", unique=True, postgresql_where=text("decision IS NULL")),
        Index("ix_clock_changes_session", "peer_session_id", "id"),
        Index("ix_clock_changes_found", "found_at", "id"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
    )

    @property
    def is_open(self) -> bool:
        """Has somebody still to decide?"""
        return self.decision is None


class Touch(StrEnum):
    """How a change of clock rules reaches one person."""

    MOVED = "moved"  # the session moved, and it is another hour for them
    OWN = "own"  # the session stands; their own clocks show another hour
    SAME = "same"  # the session moved with their clocks: the hour is the same, the calendar entry was not


class ClockMove(Base):
    """One person whose hour, or whose calendar entry, a change of clock rules touched."""

    __tablename__ = "clock_moves"

    change_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("clock_changes.id"), primary_key=True)
    invitation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invitations.id"), primary_key=True)
    touch: Mapped[Touch]
    zone: Mapped[str]
    was: Mapped[datetime] = mapped_column(DateTime(timezone=False))  # what the person's clocks were to show
    becomes: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    message_key: Mapped[str | None]  # of the mail that says so; none where no mail reaches the person

    __table_args__ = (Index("ix_clock_moves_invitation", "invitation_id"),)
