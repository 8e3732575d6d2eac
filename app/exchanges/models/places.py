"""Places beyond an invitation: what a State may have, who asks for one, and seats that are offered to those who wait."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core.db import Base, Id, Timestamps
from app.core.tokens import fresh_nonce
from app.exchanges.models.invited import Invitation
from app.exchanges.models.planned import PeerSession


class PlaceQuota(Id, Base):
    """How many seats one State or organisation may have, where that is not what the session says for all."""

    __tablename__ = "place_quotas"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    most: Mapped[int]

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        UniqueConstraint("peer_session_id", "organisation_id"),
        CheckConstraint("most BETWEEN 0 AND 100000", name="most"),
    )


class Asked(StrEnum):
    """Where somebody's wish for a place stands."""

    UNCONFIRMED = "unconfirmed"  # the mail with the button has not been answered
    WAITING = "waiting"  # somebody decides
    APPROVED = "approved"
    DECLINED = "declined"


class PlaceRequest(Id, Timestamps, Base):
    """Somebody who was not invited asks for a place."""

    __tablename__ = "place_requests"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))  # the sitting that is asked for
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # who was signed in, or got the place
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # a focal point, for a colleague
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))  # the State they say they are of
    given_name: Mapped[str] = mapped_column(default="")
    family_name: Mapped[str]
    email: Mapped[str]
    email_folded: Mapped[str]
    works_for: Mapped[str] = mapped_column(default="")  # ministry or body, as they write it
    reason: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    zone: Mapped[str]
    state: Mapped[Asked] = mapped_column(default=Asked.UNCONFIRMED)
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    code_digest: Mapped[str | None] = mapped_column(unique=True)  # of the short code to the page that confirms
    mailed_at: Mapped[datetime]  # the last mail with the button
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    sentence: Mapped[str] = mapped_column(default="")  # what the asker is told with the decision
    invitation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invitations.id"))

    peer_session: Mapped[PeerSession] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    asker: Mapped[Person | None] = relationship(foreign_keys=[asked_by])

    @property
    def full_name(self) -> str:
        """As a person's."""
        return " ".join(part for part in (self.given_name, self.family_name) if part)

    __table_args__ = (
        Index(
            "ix_place_requests_pending", "peer_session_id", "email_folded",
            unique=True, postgresql_where=text("state IN ('unconfirmed', 'waiting')"),
        ),
        Index("ix_place_requests_session", "peer_session_id", "state", "id"),
        Index("ix_place_requests_created", "created_at", "id"),
    )  # fmt: skip


class Offered(StrEnum):
    """What became of a seat that was offered."""

    OPEN = "open"
    TAKEN = "taken"
    LEFT = "left"  # they answered otherwise, or are no longer in line
    LAPSED = "lapsed"  # its time ran out


class SeatOffer(Id, Base):
    """A free seat that is kept for somebody on the waiting list until an hour; then it goes to the next."""

    __tablename__ = "seat_offers"

    peer_session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("peer_sessions.id"))
    invitation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invitations.id"))
    offered_at: Mapped[datetime]
    until: Mapped[datetime]
    outcome: Mapped[Offered] = mapped_column(default=Offered.OPEN)
    ended_at: Mapped[datetime | None]

    invitation: Mapped[Invitation] = relationship()

    __table_args__ = (
        Index("ix_seat_offers_open", "invitation_id", unique=True, postgresql_where=text("outcome = 'open'")),
        Index("ix_seat_offers_session", "peer_session_id", "until", postgresql_where=text("outcome = 'open'")),
    )
