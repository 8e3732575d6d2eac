"""What co-leads think of an expression of interest, and who of them stands aside."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core.db import Base, Id
from app.interests.models import Expression


class OpinionRequest(Id, Base):
    """The co-leads are asked what they think of an expression of interest, until the end of a day."""

    __tablename__ = "opinion_requests"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    due_on: Mapped[date]  # its end, on the clocks of each co-lead
    text: Mapped[str] = mapped_column(default="")
    visibility: Mapped[str] = mapped_column(default="secretariat")  # who reads the opinions besides those who gave them
    closed_at: Mapped[datetime | None]  # the decision was made

    expression: Mapped[Expression] = relationship()
    opinions: Mapped[list[Opinion]] = relationship(order_by="Opinion.id", back_populates="request")

    __table_args__ = (
        Index("ix_opinion_requests_expression", "expression_id", "asked_at"),
        Index("uq_opinion_requests_open", "expression_id", unique=True, postgresql_where=sql("closed_at IS NULL")),
        Index("ix_opinion_requests_due", "due_on", postgresql_where=sql("closed_at IS NULL")),
    )


class View(StrEnum):
    """What a co-lead thinks of an expression of interest."""

    SUPPORT = "support"
    NO_OBJECTION = "no_objection"
    CONCERN = "concern"  # with a reason


class Opinion(Id, Base):
    """One co-lead who was asked, and what they think at present."""

    __tablename__ = "opinions"

    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opinion_requests.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    view: Mapped[View | None]
    reason: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime | None]

    request: Mapped[OpinionRequest] = relationship(back_populates="opinions")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        Index("uq_opinions_person", "request_id", "person_id", unique=True),
        Index("ix_opinions_person", "person_id"),
        CheckConstraint("view IS NULL OR given_at IS NOT NULL", name="given"),
        CheckConstraint("view <> 'concern' OR reason <> ''", name="concern_has_reason"),
    )


class OpinionRecord(Id, Base):
    """Every opinion ever given, also those that were changed. Rows are added, never changed."""

    __tablename__ = "opinion_records"

    opinion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opinions.id"))
    view: Mapped[View]
    reason: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
    late: Mapped[bool] = mapped_column(default=False)  # after the deadline, before the decision

    __table_args__ = (Index("ix_opinion_records_opinion", "opinion_id", "at"),)


class LeftOut(Id, Base):
    """A co-lead who declared a conflict of interest: they see no notes and opinions about it and are not asked."""

    __tablename__ = "conflicts_of_interest"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    declared_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")

    person: Mapped[Person] = relationship()

    __table_args__ = (Index("uq_conflicts_of_interest", "expression_id", "person_id", unique=True),)


class WithdrawnConflict(Id, Base):
    """A declaration that was made in error and taken back, with who did it and why. From then on the co-lead takes part again."""

    __tablename__ = "withdrawn_conflicts"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    declared_at: Mapped[datetime]
    declared_reason: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime]
    withdrawn_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    by: Mapped[Person] = relationship(foreign_keys=[withdrawn_by])

    __table_args__ = (
        Index("ix_withdrawn_conflicts_expression", "expression_id", "withdrawn_at"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )
