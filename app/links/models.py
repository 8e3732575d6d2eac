"""Edges between records. An edge says one thing, once; whose records stand at its ends is known by kind and id alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Base, Id


class LinkType(StrEnum):
    """What an edge says, read from its start to its end."""

    ASKS_FOR = "asks_for"  # an expression of interest asks for a tool
    DISCUSSED = "discussed"  # a session discussed a practice, or a tool
    TESTS = "tests"  # a pilot tests a tool
    INSPIRED_BY = "inspired_by"  # a pilot is inspired by a practice
    COMES_FROM = "comes_from"  # a pilot comes from an expression of interest
    LED_TO = "led_to"  # a session led to a pilot
    ABOUT = "about"  # a resource is about a practice or a tool


@dataclass(frozen=True, slots=True)
class Ref:
    """A record, by the kind the audit log knows it by, and its id."""

    kind: str
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge as it is read: stored here, or told by a room that keeps the fact among its own data."""

    start: Ref
    type: LinkType
    end: Ref
    at: datetime | None  # when it was made; None where the room keeps no date


class Link(Id, Base):
    """A stored edge."""

    __tablename__ = "links"

    start_kind: Mapped[str]
    start_id: Mapped[uuid.UUID]
    type: Mapped[LinkType]
    end_kind: Mapped[str]
    end_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    by_id: Mapped[uuid.UUID | None]  # a person; no key down here, since people live upstairs

    __table_args__ = (
        UniqueConstraint("start_kind", "start_id", "type", "end_kind", "end_id"),
        Index("ix_links_end", "end_kind", "end_id", "type", "at"),
        CheckConstraint("start_kind <> end_kind OR start_id <> end_id", name="two_records"),
    )
