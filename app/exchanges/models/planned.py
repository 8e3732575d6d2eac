"""Exchanges, their sessions, and when those remind."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
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
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation
from app.core import clock
from app.core.db import Base, Id, Json, Texts, Timestamps

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


class ListShown(StrEnum):
    """Who may see which States and organisations are invited to an exchange."""

    HOSTS = "hosts"  # the secretariat and the hosts
    INVITED = "invited"  # and those who are invited themselves
    PUBLIC = "public"  # everyone who may see the exchange


class Exchange(Id, Timestamps, Base):
    """A theme that governments exchange on, in one or more sessions."""

    __tablename__ = "exchanges"

    themes: Mapped[Texts]
    purposes: Mapped[Texts] = mapped_column(default=dict)
    grounds: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=list, server_default="{}")  # it is held in, as a whole
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC)
    list_shown: Mapped[ListShown] = mapped_column(default=ListShown.HOSTS, server_default="hosts")
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


class Registration(StrEnum):
    """How people come by a place in a session."""

    INVITATION = "invitation"  # only who is invited
    APPROVAL = "approval"  # anyone may ask; somebody decides
    OPEN = "open"  # anyone may ask, and has a seat at once while there is room


class Line(StrEnum):
    """In what order those on a waiting list get a seat."""

    FIRST = "first"  # first come
    FAIR = "fair"  # who is of a State with fewer seats goes first, then first come


DELEGATES_UNTIL = timedelta(hours=1)
"""Until so long before the start a State may send another person."""


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
    day_off_seen: Mapped[Json | None]  # who wanted it on a day off of many all the same: schedule_version, person, when, States
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
    sitting_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("peer_sessions.id"))  # the first sitting, whose page it shares
    twice: Mapped[bool] = mapped_column(default=False, server_default="false")  # it is held in two sittings; both rows say so
    # Who comes by which way, and in what order: of two sittings those of the first hold for both.
    registration: Mapped[Registration] = mapped_column(default=Registration.INVITATION, server_default="invitation")
    hosts_approve: Mapped[bool] = mapped_column(default=False, server_default="false")
    quota: Mapped[int | None]  # the most seats a State or organisation may have, unless ``place_quotas`` says otherwise
    line: Mapped[Line] = mapped_column(default=Line.FIRST, server_default="first")
    offer_hours: Mapped[int | None]  # a free seat is offered for so long; given at once where there is none
    delegation_whole: Mapped[bool] = mapped_column(default=False, server_default="false")  # those of a State who wait: all or none
    version: Mapped[int] = mapped_column(default=1)

    exchange: Mapped[Exchange] = relationship(back_populates="sessions")
    reminder_rules: Mapped[list[ReminderRule]] = relationship(order_by="ReminderRule.minutes_before.desc()")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_peer_sessions_starts", "status", "starts_at", "id"),
        Index("ix_peer_sessions_exchange", "exchange_id"),
        Index("ix_peer_sessions_sitting", "sitting_of", unique=True),
        CheckConstraint("minutes BETWEEN 5 AND 1440", name="minutes"),
        CheckConstraint("capacity BETWEEN 1 AND 100000", name="capacity"),
        CheckConstraint("fold IN (0, 1)", name="fold"),
        CheckConstraint("quota BETWEEN 1 AND 100000", name="quota"),
        CheckConstraint("offer_hours BETWEEN 1 AND 336", name="offer_hours"),
        CheckConstraint("sitting_of IS NULL OR twice", name="sitting"),
    )

    @property
    def is_open(self) -> bool:
        """Is it scheduled: neither a draft nor cancelled?"""
        return self.status is SessionStatus.SCHEDULED

    @property
    def ends_at(self) -> datetime:
        """The instant it ends."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def meeting_id(self) -> uuid.UUID:
        """The session both sittings are of: what they share hangs on it."""
        return self.sitting_of or self.id

    @property
    def delegates_until(self) -> datetime:
        """Until then a State may send another person."""
        return self.starts_at - DELEGATES_UNTIL

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
