"""Who is invited to an exchange as a whole, before anybody is invited to a session of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core.db import Base, Id
from app.exchanges.models.invited import Capacity
from app.exchanges.models.planned import Exchange


class ExchangeGuest(Id, Base):
    """A State, another organisation, or a person: whom each session of the exchange is offered to."""

    __tablename__ = "exchange_guests"

    exchange_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exchanges.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    capacity: Mapped[Capacity] = mapped_column(default=Capacity.PARTICIPANT)
    added_at: Mapped[datetime]
    added_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))

    exchange: Mapped[Exchange] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])

    __table_args__ = (
        UniqueConstraint("exchange_id", "organisation_id"),
        UniqueConstraint("exchange_id", "person_id"),
        CheckConstraint("num_nonnulls(organisation_id, person_id) = 1", name="one_of_two"),
    )
