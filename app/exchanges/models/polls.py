"""Date polls: times to choose from, who is asked, and what each person says to each time."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core import clock
from app.core.db import Base, Id, Json, Texts, Timestamps
from app.core.tokens import fresh_nonce
from app.exchanges.models.invited import Route
from app.exchanges.models.planned import Exchange, PeerSession


class Vote(StrEnum):
    """What somebody says to one time."""

    YES = "yes"
    IF_NEEDED = "if_needed"
    NO = "no"


class Poll(Id, Timestamps, Base):
    """A question about the time of one session: of a draft, or of one that is still to be made in an exchange."""

    __tablename__ = "polls"

    exchange_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exchanges.id"))
    peer_session_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("peer_sessions.id"))  # the draft, or what came of it
    titles: Mapped[Texts]
    minutes: Mapped[int]
    zone: Mapped[str]  # of the deadline, and of times that are added unless another one is chosen
    deadline_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    deadline_fold: Mapped[int] = mapped_column(SmallInteger, default=0)
    deadline_at: Mapped[datetime]
    deadline_set_at: Mapped[datetime] = mapped_column(default=clock.now)  # a reminder whose moment was before is not made up for
    remind: Mapped[list[int]] = mapped_column(ARRAY(Integer()), default=list)  # minutes before the deadline
    tzdb_version: Mapped[str]  # the release of the zone data by which its moments were last worked out
    round: Mapped[int] = mapped_column(default=1)  # rises when times are added
    opening: Mapped[int] = mapped_column(default=1)  # rises when it is opened again: mails speak of one
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    illustrative: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    exchange: Mapped[Exchange] = relationship()
    peer_session: Mapped[PeerSession | None] = relationship()
    all_slots: Mapped[list[PollSlot]] = relationship(order_by="(PollSlot.starts_at, PollSlot.id)")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_polls_open", "deadline_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_polls_exchange", "exchange_id"),
        Index("ix_polls_session", "peer_session_id"),
        CheckConstraint("minutes BETWEEN 5 AND 1440", name="minutes"),
        CheckConstraint("deadline_fold IN (0, 1)", name="deadline_fold"),
    )

    @property
    def is_open(self) -> bool:
        """Has nobody closed it yet?"""
        return self.closed_at is None

    @property
    def slots(self) -> list[PollSlot]:
        """The times that are asked about, soonest first."""
        return sorted((slot for slot in self.all_slots if slot.withdrawn_at is None), key=lambda slot: slot.starts_at)

    @property
    def chosen(self) -> PollSlot | None:
        """The time it was closed with."""
        return next((slot for slot in self.all_slots if slot.chosen), None)

    def to_answer(self, now: datetime) -> list[PollSlot]:
        """The times that can still be chosen, soonest first."""
        return [slot for slot in self.slots if slot.starts_at > now]

    def takes_answers(self, now: datetime) -> bool:
        """May people still answer by themselves?"""
        return self.is_open and now < self.deadline_at and bool(self.to_answer(now))


class PollSlot(Id, Base):
    """One time to choose: a wall time in a zone, and its moment. One that is withdrawn keeps what people said to it."""

    __tablename__ = "poll_slots"

    poll_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("polls.id"))
    local_start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str]
    fold: Mapped[int] = mapped_column(SmallInteger, default=0)
    starts_at: Mapped[datetime]
    round: Mapped[int] = mapped_column(default=1)
    added_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    chosen: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_poll_slots_poll", "poll_id", "starts_at", "id"),
        Index("uq_poll_slots_chosen", "poll_id", unique=True, postgresql_where=text("chosen")),
        CheckConstraint("fold IN (0, 1)", name="fold"),
    )


class PollAsked(Id, Timestamps, Base):
    """One person who is asked, for which State or organisation, and where the answer stands."""

    __tablename__ = "poll_asked"

    poll_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("polls.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    because: Mapped[str] = mapped_column(default="by_hand")  # as of an invitation, which it becomes
    asked_at: Mapped[datetime]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    asked_round: Mapped[int] = mapped_column(default=1)  # the last round of times the person was written to about
    withdrawn_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answered_round: Mapped[int | None]  # the round of times the last answer speaks of
    comment: Mapped[str] = mapped_column(default="")
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    code_digest: Mapped[str | None] = mapped_column(unique=True)

    poll: Mapped[Poll] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()
    votes: Mapped[list[PollVote]] = relationship()

    __table_args__ = (
        UniqueConstraint("poll_id", "person_id"),
        Index("ix_poll_asked_person", "person_id", "poll_id"),
        Index("ix_poll_asked_organisation", "organisation_id", "poll_id"),
    )

    @property
    def said(self) -> dict[uuid.UUID, Vote]:
        """What the person said to each time."""
        return {vote.slot_id: vote.vote for vote in self.votes}

    def has_said_all(self, poll: Poll, now: datetime) -> bool:
        """Is there an answer to every time that can still be chosen?"""
        said = self.said
        return self.answered_at is not None and all(slot.id in said for slot in poll.to_answer(now))


class PollVote(Base):
    """What one person says to one time."""

    __tablename__ = "poll_votes"

    asked_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("poll_asked.id"), primary_key=True)
    slot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("poll_slots.id"), primary_key=True)
    vote: Mapped[Vote]

    __table_args__ = (Index("ix_poll_votes_slot", "slot_id"),)


class PollAnswer(Id, Base):
    """Every answer ever given to a poll, and by which way it came."""

    __tablename__ = "poll_answers"

    asked_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("poll_asked.id"))
    at: Mapped[datetime]
    route: Mapped[Route]
    votes: Mapped[Json]  # a time's id to what was said
    comment: Mapped[str] = mapped_column(default="")
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    source: Mapped[Json | None]  # kind, number, date of what came by other means

    __table_args__ = (Index("ix_poll_answers_asked", "asked_id", "at"),)
