"""Pilots, their milestones, each change of a date, what shows that a milestone is done, and updates.

Whether a milestone is on track, due soon, overdue or done is never stored: see ``deadlines``.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, SmallInteger, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core import clock
from app.core.db import Base, Id, Texts, Timestamps
from app.core.tokens import fresh_nonce
from app.files.models import StoredFile
from app.interests.models import Expression

pilot_partners = Table(
    "pilot_partners",
    Base.metadata,
    Column("pilot_id", ForeignKey("pilots.id"), primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), primary_key=True),
    Index("ix_pilot_partners_organisation", "organisation_id"),
)


class Visibility(StrEnum):
    """Who may see an update or a piece of evidence: the labels of ``accounts.visibility``, and everyone."""

    SECRETARIAT = "secretariat"
    UN_CO_LEADS = "un_co_leads"
    ALL_CO_LEADS = "all_co_leads"
    STATE = "state"  # those of the pilot: its State and owners, the co-leads, the secretariat
    PUBLIC = "public"


class Pilot(Id, Timestamps, Base):
    """One State tries one or more tools between two days, for a stated objective."""

    __tablename__ = "pilots"

    code: Mapped[str] = mapped_column(unique=True)  # PL-2026-003, given once, never to another
    titles: Mapped[Texts]
    objectives: Mapped[Texts] = mapped_column(default=dict)  # Markdown per language
    state_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"))
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    lead_name: Mapped[str] = mapped_column(default="")  # the lead ministry where it has no record of its own
    co_lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    expression_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("expressions.id"))
    tools: Mapped[list[str]] = mapped_column(default=list)  # tool codes
    grounds: Mapped[list[str]] = mapped_column(default=list)  # ground codes
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    ended_on: Mapped[date | None]  # nothing is due any more from then on
    end_reason: Mapped[str | None]
    published: Mapped[bool] = mapped_column(default=False)
    illustrative: Mapped[bool] = mapped_column(default=False)
    submission_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    state: Mapped[Organisation] = relationship(foreign_keys=[state_id])
    lead: Mapped[Organisation | None] = relationship(foreign_keys=[lead_id])
    co_lead: Mapped[Person | None] = relationship(foreign_keys=[co_lead_id])
    expression: Mapped[Expression | None] = relationship()
    partners: Mapped[list[Organisation]] = relationship(
        secondary=pilot_partners, order_by="(Organisation.sort_name, Organisation.id)"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_pilots_starts", "starts_on", "id"),
        Index("ix_pilots_state", "state_id", "starts_on", "id"),
        Index("ix_pilots_co_lead", "co_lead_id"),
        Index("ix_pilots_expression", "expression_id"),
        Index("ix_pilots_tools", "tools", postgresql_using="gin"),
        Index("ix_pilots_grounds", "grounds", postgresql_using="gin"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
    )


class Milestone(Id, Timestamps, Base):
    """Something a pilot reaches by a day. The baseline stays as first agreed; the present date may move, with a reason."""

    __tablename__ = "milestones"

    pilot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pilots.id"))
    titles: Mapped[Texts]
    evidence_asked: Mapped[Texts] = mapped_column(default=dict)  # what is to show that it is done
    baseline_on: Mapped[date]
    due_on: Mapped[date]
    due_version: Mapped[int] = mapped_column(default=1)  # rises with the present date; mails and calendars speak of one
    weight: Mapped[int] = mapped_column(SmallInteger, default=1)
    post: Mapped[str] = mapped_column(default="")  # who is to reach it: the post stays,
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # the person in it may change
    owner_nonce: Mapped[str] = mapped_column(default=fresh_nonce)  # a new owner gets a new one: the former's links end
    owner_code_digest: Mapped[str | None] = mapped_column(index=True, unique=True)  # of the short code beside the owner's link
    done_on: Mapped[date | None]
    done_note: Mapped[str | None]
    done_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    dropped_at: Mapped[datetime | None]
    drop_reason: Mapped[str | None]
    submission_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    pilot: Mapped[Pilot] = relationship()
    owner: Mapped[Person | None] = relationship(foreign_keys=[owner_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_milestones_pilot", "pilot_id", "due_on", "id"),
        Index("ix_milestones_owner", "owner_id", "due_on"),
        Index("ix_milestones_open", "due_on", "id", postgresql_where=text("done_on IS NULL AND dropped_at IS NULL")),
        CheckConstraint("weight BETWEEN 0 AND 1000", name="weight"),
        CheckConstraint("done_on IS NULL OR dropped_at IS NULL", name="done_or_dropped"),
    )

    @property
    def is_open(self) -> bool:
        """Is it still to be reached?"""
        return self.done_on is None and self.dropped_at is None

    @property
    def slip_days(self) -> int | None:
        """How many calendar days after the baseline it was done, negative when early; ``None`` while it is open."""
        return (self.done_on - self.baseline_on).days if self.done_on is not None else None


class DueChange(Id, Base):
    """One change of a milestone's present date. Rows are added, never changed: a trigger holds that."""

    __tablename__ = "milestone_revisions"

    milestone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("milestones.id"))
    before: Mapped[date]
    after: Mapped[date]
    reason: Mapped[str]
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    by_name: Mapped[str]  # as it was then: history still names those who left
    at: Mapped[datetime]

    __table_args__ = (Index("ix_milestone_revisions_milestone", "milestone_id", "at"),)


class Evidence(Id, Base):
    """A file or a link that shows what was reached."""

    __tablename__ = "milestone_evidence"

    milestone_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("milestones.id"))
    title: Mapped[str]
    url: Mapped[str | None]
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    visibility: Mapped[str] = mapped_column(default=Visibility.STATE.value)
    added_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[datetime] = mapped_column(default=clock.now)
    submission_key: Mapped[str | None] = mapped_column(unique=True)

    file: Mapped[StoredFile | None] = relationship()

    @property
    def size(self) -> int | None:
        """Of the file."""
        return self.file.size if self.file is not None else None

    __table_args__ = (
        Index("ix_milestone_evidence_milestone", "milestone_id", "added_at"),
        CheckConstraint("(url IS NULL) <> (file_id IS NULL)", name="link_or_file"),
    )


class Update(Id, Base):
    """A few words on how it goes."""

    __tablename__ = "pilot_updates"

    pilot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pilots.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    text: Mapped[str]
    visibility: Mapped[str] = mapped_column(default=Visibility.STATE.value)
    submission_key: Mapped[str | None] = mapped_column(unique=True)

    author: Mapped[Person] = relationship()

    __table_args__ = (Index("ix_pilot_updates_pilot", "pilot_id", "at"),)
