"""Exchanges, their sessions, who is invited, what they answered, who holds a seat."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core import clock
from app.core.db import Base, Id, Json, Texts, Timestamps
from app.core.tokens import fresh_nonce

exchange_hosts = Table(
    "exchange_hosts",
    Base.metadata,
    Column("exchange_id", ForeignKey("exchanges.id"), primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), primary_key=True),
)


class Visibility(StrEnum):
    """Who may see it."""

    PUBLIC = "public"
    INVITED = "invited"


class Exchange(Id, Timestamps, Base):
    """A theme that governments exchange on, in one or more sessions."""

    __tablename__ = "exchanges"

    themes: Mapped[Texts]
    purposes: Mapped[Texts] = mapped_column(default=dict)
    grounds: Mapped[list[str]] = mapped_column(default=list)
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC)
    made_for_session: Mapped[bool] = mapped_column(default=False)  # a single session made it by itself
    illustrative: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    hosts: Mapped[list[Organisation]] = relationship(  # States first; what has no code of a State, by name
        secondary=exchange_hosts, order_by="(Organisation.code, Organisation.sort_name, Organisation.id)"
    )
    sessions: Mapped[list[PeerSession]] = relationship(back_populates="exchange", order_by="PeerSession.starts_at")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_exchanges_created", "created_at", "id"),)


class SessionStatus(StrEnum):
    """Where a session stands. A draft is seen by the secretariat only and invites nobody."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class PeerSession(Id, Timestamps, Base):
    """One meeting of an exchange: a wall time in a zone for so many minutes, its seats, its calendar identity."""

    __tablename__ = "peer_sessions"

    exchange_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exchanges.id"))
    uid: Mapped[str] = mapped_column(unique=True)  # of its calendar entries; written once, never derived again
    status: Mapped[SessionStatus] = mapped_column(default=SessionStatus.DRAFT)
    titles: Mapped[Texts]
    purposes: Mapped[Texts] = mapped_column(default=dict)
    agendas: Mapped[Texts] = mapped_column(default=dict)  # Markdown per language
    local_start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str]
    fold: Mapped[int] = mapped_column(SmallInteger, default=0)
    starts_at: Mapped[datetime]
    scheduled_at: Mapped[datetime] = mapped_column(default=clock.now)  # when the present time was set
    minutes: Mapped[int]
    tzdb_version: Mapped[str]  # the release of the zone data by which the start was last worked out
    keeps_instant: Mapped[bool] = mapped_column(default=False, server_default="false")  # not the wall time, when clock rules change
    hour_in_doubt: Mapped[bool] = mapped_column(default=False, server_default="false")  # clock rules changed, nobody decided yet
    capacity: Mapped[int]
    languages: Mapped[list[str]] = mapped_column(default=list)
    join_url: Mapped[str] = mapped_column(default="")
    dial_in: Mapped[str] = mapped_column(default="")
    test_url: Mapped[str] = mapped_column(default="")
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC)
    grounds: Mapped[list[str]] = mapped_column(default=list)
    invite_accepted: Mapped[bool] = mapped_column(default=False)  # "also invite accepted expressions on these grounds"
    schedule_version: Mapped[int] = mapped_column(default=1)  # rises with time; reminders and answers speak of one
    sequence: Mapped[int] = mapped_column(default=0)  # rises with time and status (RFC 5546, 2.1.4)
    revision: Mapped[int] = mapped_column(default=1)  # rises with every change people are shown
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    illustrative: Mapped[bool] = mapped_column(default=False)
    submission_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    exchange: Mapped[Exchange] = relationship(back_populates="sessions")
    reminder_rules: Mapped[list[ReminderRule]] = relationship(order_by="ReminderRule.minutes_before.desc()")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_peer_sessions_starts", "status", "starts_at", "id"),
        Index("ix_peer_sessions_exchange", "exchange_id"),
        CheckConstraint("minutes BETWEEN 5 AND 1440", name="minutes"),
        CheckConstraint("capacity BETWEEN 1 AND 100000", name="capacity"),
        CheckConstraint("fold IN (0, 1)", name="fold"),
    )

    @property
    def is_open(self) -> bool:
        """Is it scheduled: neither a draft nor cancelled?"""
        return self.status is SessionStatus.SCHEDULED

    @property
    def ends_at(self) -> datetime:
        """The instant it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    def is_over(self, now: datetime) -> bool:
        """Has it ended?"""
        return self.ends_at <= now


class Audience(StrEnum):
    """Whom a reminder rule speaks to."""

    SEAT_HOLDERS = "seat_holders"
    NOT_ANSWERED = "not_answered"


class ReminderRule(Id, Base):
    """Remind so many minutes before the start; changeable per session."""

    __tablename__ = "reminder_rules"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))
    minutes_before: Mapped[int]
    audience: Mapped[Audience]

    __table_args__ = (
        UniqueConstraint("peer_session_id", "minutes_before", "audience"),
        CheckConstraint("minutes_before BETWEEN 5 AND 129600", name="minutes_before"),
    )


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
