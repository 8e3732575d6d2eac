"""Circulars, and for each that was sent who it is for."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import MailRoute, Organisation, Person
from app.core.db import Base, Id, Texts, Timestamps
from app.core.tokens import fresh_nonce
from app.exchanges.models import Exchange
from app.interests.models import Call


class Audience(StrEnum):
    """Whom a circular is for."""

    EXCHANGE = "exchange"
    CALL = "call"
    GROUND = "ground"
    WORKING_GROUP = "working_group"


class Part(StrEnum):
    """Which of those people. A call is narrowed by where its expressions stand, a ground by nothing more."""

    INVITED = "invited"  # of an exchange
    SEAT = "seat"
    NOT_ANSWERED = "not_answered"
    FOCAL_POINTS = "focal_points"  # of the working group
    CO_LEADS = "co_leads"
    EVERYONE = "everyone"


PARTS: dict[Audience, tuple[Part, ...]] = {
    Audience.EXCHANGE: (Part.INVITED, Part.SEAT, Part.NOT_ANSWERED),
    Audience.WORKING_GROUP: (Part.FOCAL_POINTS, Part.CO_LEADS, Part.EVERYONE),
}


class Visibility(StrEnum):
    """Who may read its page."""

    PUBLIC = "public"
    RECIPIENTS = "recipients"  # and the secretariat


class Circular(Id, Timestamps, Base):
    """One text to many people. A draft until it is sent; from then on nothing of it changes."""

    __tablename__ = "circulars"

    subjects: Mapped[Texts]
    texts: Mapped[Texts] = mapped_column(default=dict)  # Markdown per language
    fallback: Mapped[str]  # the language for those whose own is missing
    audience: Mapped[Audience]
    exchange_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("exchanges.id"))
    call_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("calls.id"))
    grounds: Mapped[list[str]] = mapped_column(default=list)
    chosen: Mapped[list[str]] = mapped_column(default=list)  # one Part; for a call, states of expressions
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.RECIPIENTS)
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("circulars.id"))
    not_before_local: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str]
    fold: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None]
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    taken_back_at: Mapped[datetime | None]  # before its hour: no mail of it left
    version: Mapped[int] = mapped_column(default=1)

    exchange: Mapped[Exchange | None] = relationship()
    call: Mapped[Call | None] = relationship()
    corrects: Mapped[Circular | None] = relationship(remote_side="Circular.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_circulars_created", "created_at", "id"),
        Index("ix_circulars_corrects", "corrects_id"),
        CheckConstraint("(audience = 'exchange') = (exchange_id IS NOT NULL)", name="exchange"),
        CheckConstraint("(audience = 'call') = (call_id IS NOT NULL)", name="call"),
        CheckConstraint("(not_before_local IS NULL) = (not_before IS NULL)", name="not_before"),
        CheckConstraint("taken_back_at IS NULL OR sent_at IS NOT NULL", name="taken_back"),
        CheckConstraint("corrects_id IS NULL OR corrects_id <> id", name="corrects_another"),
        CheckConstraint("fold IN (0, 1)", name="fold"),
    )

    @property
    def is_draft(self) -> bool:
        """May it still be changed?"""
        return self.sent_at is None

    @property
    def is_sent(self) -> bool:
        """Was it sent, and not taken back?"""
        return self.sent_at is not None and self.taken_back_at is None

    @property
    def leaves_at(self) -> datetime | None:
        """When its mails may leave, once it is sent."""
        if self.sent_at is None or self.not_before is None:
            return self.sent_at
        return max(self.sent_at, self.not_before)

    def is_out(self, now: datetime) -> bool:
        """May its mails have left, so that those it is for can read its page?"""
        return self.is_sent and self.leaves_at is not None and self.leaves_at <= now

    def has(self, language: str) -> bool:
        """Is it whole in this language: subject and text?"""
        return bool(self.subjects.get(language, "").strip() and self.texts.get(language, "").strip())

    def language_for(self, language: str) -> str:
        """The language somebody who reads this one is written to in."""
        return language if self.has(language) else self.fallback


class Trouble(StrEnum):
    """Why no mail reaches somebody a circular is for."""

    NO_ADDRESS = "no_address"
    UNDELIVERABLE = "undeliverable"
    UNCONFIRMED = "unconfirmed"  # typed into a form by somebody who never opened the link sent there


class CircularRecipient(Id, Base):
    """One person a circular is for, as it was at sending: written to, or not to be reached and why."""

    __tablename__ = "circular_recipients"

    circular_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("circulars.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    because: Mapped[str]  # machine word that page and mail put into a sentence
    language: Mapped[str]  # the one the person reads
    sent_in: Mapped[str]  # the one the text is in
    zone: Mapped[str]
    trouble: Mapped[Trouble | None]
    route: Mapped[MailRoute | None]  # where the State's mail went in this person's place
    instead_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("circular_recipients.id"))
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)  # the page

    circular: Mapped[Circular] = relationship()
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    stood_for: Mapped[CircularRecipient | None] = relationship(remote_side="CircularRecipient.id")

    __table_args__ = (
        UniqueConstraint("circular_id", "person_id"),
        Index("ix_circular_recipients_person", "person_id", "circular_id"),
        Index(
            "ix_circular_recipients_unreached",
            "circular_id",
            postgresql_where=text("trouble IS NOT NULL AND route IS NULL"),
        ),
        Index("ix_circular_recipients_circular", "circular_id", "name", "id"),
        CheckConstraint("trouble IS NOT NULL OR person_id IS NOT NULL", name="written_to"),
    )
