"""Who is invited, what they answered, who holds a seat."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core.db import Base, Id, Json, Timestamps
from app.core.tokens import fresh_nonce
from app.exchanges.models.planned import PeerSession


class Answer(StrEnum):
    """An answer to an invitation."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Seat(StrEnum):
    """Has the person a seat?"""

    NONE = "none"
    HELD = "held"
    WAITING = "waiting"


class Capacity(StrEnum):
    """In what capacity a person is written to."""

    PARTICIPANT = "participant"
    OBSERVER = "observer"
    INFORMATION = "information"  # a copy without a question


class Invitation(Id, Timestamps, Base):
    """One person, one session: what was sent, what was answered, whether a seat is held."""

    __tablename__ = "invitations"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))  # the State or body it went to
    capacity: Mapped[Capacity] = mapped_column(default=Capacity.PARTICIPANT)
    invited_at: Mapped[datetime]
    invited_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    invited_because: Mapped[str] = mapped_column(default="by_hand")  # by_hand, state, organisation, expression, delegate
    delegate_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invitations.id"))  # whom the State replaced
    uninvited_at: Mapped[datetime | None]

    answer: Mapped[Answer | None]
    answered_at: Mapped[datetime | None]
    answered_version: Mapped[int | None]  # the session's schedule_version the answer speaks of
    wants_notes: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(default="")
    seat: Mapped[Seat] = mapped_column(default=Seat.NONE)
    waiting_since: Mapped[datetime | None]

    seat_since: Mapped[datetime | None]

    sequence: Mapped[int] = mapped_column(default=0)  # of the last calendar object for this person; never falls
    sequence_raise: Mapped[int] = mapped_column(default=0)  # how far it runs ahead of the session's: uninvited, invited again
    dtstamp: Mapped[datetime | None]  # of the last calendar object; strictly rising
    requested: Mapped[bool] = mapped_column(default=False)  # a REQUEST was written for this person
    reply_sequence: Mapped[int | None]  # of the last answer by mail that was applied
    reply_dtstamp: Mapped[datetime | None]
    thread_root: Mapped[str | None]  # Message-ID of the first mail
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)  # answer page
    join_nonce: Mapped[str] = mapped_column(default=fresh_nonce)  # personal join address
    code_digest: Mapped[str | None] = mapped_column(unique=True)  # of the short code to the answer page

    peer_session: Mapped[PeerSession] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def asks(self) -> bool:
        """Is the person asked to answer? Information copies are not."""
        return self.capacity is not Capacity.INFORMATION

    @property
    def has_seat(self) -> bool:
        """Is a seat held?"""
        return self.seat is Seat.HELD

    @property
    def may_join(self) -> bool:
        """Does the personal join address lead to the meeting? After Yes, with a seat."""
        return self.answer is Answer.YES and self.has_seat and self.uninvited_at is None

    __table_args__ = (
        UniqueConstraint("peer_session_id", "person_id"),
        Index("ix_invitations_person", "person_id", "peer_session_id"),
        Index("ix_invitations_organisation", "organisation_id", "peer_session_id"),
        Index("ix_invitations_seat", "peer_session_id", "seat", "waiting_since", "id"),
        Index(
            "ix_invitations_unanswered", "peer_session_id",
            postgresql_where=text("answer IS NULL AND uninvited_at IS NULL"),
        ),
        CheckConstraint("seat <> 'waiting' OR waiting_since IS NOT NULL", name="waiting_since"),
        CheckConstraint("seat <> 'held' OR (uninvited_at IS NULL AND capacity <> 'information')", name="seat_of_the_invited"),
    )  # fmt: skip


class Route(StrEnum):
    """The way an answer came; all are equal."""

    PAGE = "page"
    MAIL = "mail"
    STATE = "state"  # a verified focal point answered for the delegation
    SECRETARIAT = "secretariat"  # entered on behalf: note verbale, e-mail, phone


class AnswerRecord(Id, Base):
    """Every answer ever given, also those for a former time."""

    __tablename__ = "answer_records"

    invitation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invitations.id"))
    answer: Mapped[Answer]
    at: Mapped[datetime]
    route: Mapped[Route]
    schedule_version: Mapped[int]
    wants_notes: Mapped[bool] = mapped_column(default=False)
    comment: Mapped[str] = mapped_column(default="")
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    source: Mapped[Json | None]  # kind, number, date of what came by other means
    source_date: Mapped[date | None]
    inbound_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inbound_mails.id"))
    former_time: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_answer_records_invitation", "invitation_id", "at"),
        Index("ix_answer_records_source_date", "source_date", "id", postgresql_where=text("source_date IS NOT NULL")),
    )
