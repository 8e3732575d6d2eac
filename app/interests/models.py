"""Calls, expressions of interest, what was asked about them and how they were decided."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, event
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, OrganisationKind, Person, fold_address
from app.core import clock
from app.core.db import Base, Id, Json, Texts, Timestamps, checked
from app.core.text import fold
from app.core.tokens import fresh_nonce

# What an applicant can say it is. A State speaks through a ministry or its Permanent Mission.
APPLICANT_KINDS = (
    OrganisationKind.MINISTRY,
    OrganisationKind.MISSION,
    OrganisationKind.REGIONAL_BODY,
    OrganisationKind.UN_ENTITY,
    OrganisationKind.CIVIL_SOCIETY,
    OrganisationKind.ACADEMIA,
)
OF_A_STATE = frozenset({OrganisationKind.STATE, OrganisationKind.MINISTRY, OrganisationKind.MISSION})
AIM_MOST = 800


class Ask(StrEnum):
    """What a call asks for, and what an expression of interest seeks."""

    JOIN_EXCHANGE = "join_exchange"
    PILOT_TOOL = "pilot_tool"
    ANSWER_QUESTIONNAIRE = "answer_questionnaire"
    SHARE_PRACTICE = "share_practice"


class Call(Id, Timestamps, Base):
    """An invitation to governments and stakeholders to express interest, open between two wall times in a zone."""

    __tablename__ = "calls"

    titles: Mapped[Texts]
    texts: Mapped[Texts] = mapped_column(default=dict)  # Markdown per language
    zone: Mapped[str]
    opens_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    closes_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    asks: Mapped[list[str]] = mapped_column(default=list)  # Ask values
    who_may_apply: Mapped[list[str]] = mapped_column(default=list)  # OrganisationKind values; empty is everyone
    published: Mapped[bool] = mapped_column(default=False)
    illustrative: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("closes_at > opens_at", name="open_before_close"),
        Index("ix_calls_open", "published", "closes_at"),
        Index("ix_calls_opens", "opens_at", "id"),
    )

    def is_open(self, now: datetime) -> bool:
        """Does it take expressions of interest at this moment?"""
        return self.published and self.opens_at <= now < self.closes_at

    def is_closed(self, now: datetime) -> bool:
        """Is its time over?"""
        return now >= self.closes_at

    @property
    def kinds(self) -> tuple[OrganisationKind, ...]:
        """Which kinds of applicants it takes; a call for States takes their ministries and missions."""
        if not self.who_may_apply:
            return APPLICANT_KINDS
        named = set(self.who_may_apply)
        if OrganisationKind.STATE in named:
            named |= {OrganisationKind.MINISTRY, OrganisationKind.MISSION}
        return tuple(k for k in APPLICANT_KINDS if k in named)


class Status(StrEnum):
    """Where an expression of interest stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    CLARIFICATION_ASKED = "clarification_asked"
    ACCEPTED = "accepted"
    WAITLISTED = "waitlisted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


MOVES: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SUBMITTED, Status.WITHDRAWN}),
    Status.SUBMITTED: frozenset(
        {Status.UNDER_REVIEW, Status.CLARIFICATION_ASKED, Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED, Status.WITHDRAWN}
    ),
    Status.UNDER_REVIEW: frozenset(
        {Status.CLARIFICATION_ASKED, Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED, Status.WITHDRAWN}
    ),
    Status.CLARIFICATION_ASKED: frozenset(
        {Status.UNDER_REVIEW, Status.ACCEPTED, Status.WAITLISTED, Status.DECLINED, Status.WITHDRAWN}
    ),
    Status.WAITLISTED: frozenset({Status.ACCEPTED, Status.DECLINED, Status.WITHDRAWN}),
    Status.ACCEPTED: frozenset({Status.WITHDRAWN}),
    Status.DECLINED: frozenset({Status.UNDER_REVIEW}),
    Status.WITHDRAWN: frozenset(),
}
"""Allowed moves of an expression of interest."""

WITH_THE_SECRETARIAT = (Status.SUBMITTED, Status.UNDER_REVIEW, Status.CLARIFICATION_ASKED, Status.WAITLISTED)
"""Not decided yet: the applicant may still correct and the secretariat may still ask."""


class Source(StrEnum):
    """How it reached the network."""

    WEB_FORM = "web_form"
    NOTE_VERBALE = "note_verbale"
    EMAIL = "email"
    PHONE = "phone"


class Mode(StrEnum):
    """Seek experience, offer it, or both."""

    SEEK = "seek"
    OFFER = "offer"
    BOTH = "both"


class Endorsement(StrEnum):
    """How the official letter comes."""

    NONE = "none"
    UPLOADED = "uploaded"
    LATER = "later"  # "send it later by mail"
    RECEIVED = "received"


class Expression(Id, Timestamps, Base):
    """One expression of interest, from draft to decision. Its contact is its contact, no more."""

    __tablename__ = "expressions"

    reference: Mapped[str | None] = mapped_column(unique=True)  # EOI-2026-0007, given on submission
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"))
    status: Mapped[Status] = mapped_column(default=Status.DRAFT)
    source: Mapped[Source] = mapped_column(default=Source.WEB_FORM)
    source_number: Mapped[str | None]
    source_date: Mapped[date | None]
    source_scan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # on behalf
    language: Mapped[str]
    step: Mapped[int] = mapped_column(SmallInteger, default=1)  # furthest step reached, 1 to 4

    # who we are
    organisation_kind: Mapped[OrganisationKind | None]
    state_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))  # once recognised
    organisation_name: Mapped[str] = mapped_column(default="")
    organisation_unit: Mapped[str] = mapped_column(default="")
    contact_honorific: Mapped[str] = mapped_column(default="")
    contact_given_name: Mapped[str] = mapped_column(default="")
    contact_family_name: Mapped[str] = mapped_column(default="")
    contact_post: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    contact_folded: Mapped[str | None]  # the address as it is compared
    contact_phone: Mapped[str] = mapped_column(default="")
    contact_zone: Mapped[str] = mapped_column(default="UTC")
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    email_confirmed_at: Mapped[datetime | None]

    # what we seek and offer
    mode: Mapped[Mode | None]
    asks: Mapped[list[str]] = mapped_column(default=list)  # Ask values
    grounds: Mapped[list[str]] = mapped_column(default=list)  # ground codes; objectives are derived
    tools: Mapped[list[str]] = mapped_column(default=list)  # tool codes
    languages: Mapped[list[str]] = mapped_column(default=list)
    aim: Mapped[str] = mapped_column(default="")
    constraints: Mapped[str] = mapped_column(default="")
    start_on: Mapped[date | None]

    # official endorsement
    endorsement: Mapped[Endorsement] = mapped_column(default=Endorsement.NONE)
    endorsement_file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))

    # its course
    submission_key: Mapped[str | None] = mapped_column(unique=True)  # the same form sent twice does one thing
    submitted_at: Mapped[datetime | None]
    received_on: Mapped[date | None]
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    corrected_at: Mapped[datetime | None]  # by its contact, after it was entered on behalf
    erased_at: Mapped[datetime | None]  # names, texts and files went when they had been kept as long as was said
    search: Mapped[str] = mapped_column(default="")  # folded names, for duplicates and the queue's filter
    draft_nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    confirm_nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    status_nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    draft_code_digest: Mapped[str | None] = mapped_column(unique=True)  # of the short codes in mails; see app.core.codes
    status_code_digest: Mapped[str | None] = mapped_column(unique=True)
    confirm_code_digest: Mapped[str | None] = mapped_column(index=True, unique=True)
    draft_expires_at: Mapped[datetime | None]
    illustrative: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    call: Mapped[Call] = relationship()
    state: Mapped[Organisation | None] = relationship(foreign_keys=[state_id])
    organisation: Mapped[Organisation | None] = relationship(foreign_keys=[organisation_id])
    contact: Mapped[Person | None] = relationship(foreign_keys=[contact_id])
    assignee: Mapped[Person | None] = relationship(foreign_keys=[assignee_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_expressions_queue", "status", "submitted_at", "id"),
        Index("ix_expressions_call_state", "call_id", "state_id"),
        Index("ix_expressions_state", "state_id", "submitted_at"),
        Index("ix_expressions_contact", "contact_id"),
        Index("ix_expressions_source_date", "source_date", "id", postgresql_where=sql("source_date IS NOT NULL")),
        Index("ix_expressions_address", "contact_folded"),
        Index("ix_expressions_sent", "submitted_at", "id"),
        Index("ix_expressions_drafts", "draft_expires_at", postgresql_where=sql("status = 'draft'")),
        Index("ix_expressions_grounds", "grounds", postgresql_using="gin"),
        CheckConstraint("status = 'draft' OR status = 'withdrawn' OR reference IS NOT NULL", name="reference"),
    )

    @property
    def contact_name(self) -> str:
        """Given and family name of the contact."""
        return f"{self.contact_given_name} {self.contact_family_name}".strip()

    @property
    def of_a_state(self) -> bool:
        """Does it come from a government?"""
        return self.organisation_kind in OF_A_STATE

    def may(self, after: Status) -> bool:
        """Is this move in the table?"""
        return after in MOVES[self.status]


@event.listens_for(Expression, "before_insert")
@event.listens_for(Expression, "before_update")
def _found_by(_mapper: Any, _connection: Any, row: Expression) -> None:
    """Keep what the queue and the search for duplicates compare in step with what was typed."""
    row.contact_folded = fold_address(row.contact_email)
    said = (row.reference, row.organisation_name, row.organisation_unit, row.contact_name, row.contact_email, row.source_number)
    row.search = fold(" ".join(word for word in said if word))


class ReferenceCounter(Base):
    """The last number given in a year, so that references have no gaps and no doubles."""

    __tablename__ = "reference_counters"

    prefix: Mapped[str] = mapped_column(primary_key=True)  # "EOI-2026"
    last: Mapped[int] = mapped_column(default=0)


class Move(Id, Base):
    """One dated step of an expression of interest, and whether the applicant was told."""

    __tablename__ = "expression_moves"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    before: Mapped[Status] = mapped_column(checked(Status, "before"))
    after: Mapped[Status] = mapped_column(checked(Status, "after"))
    at: Mapped[datetime]
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str | None]
    told: Mapped[bool] = mapped_column(default=True)

    by: Mapped[Person | None] = relationship()

    __table_args__ = (Index("ix_expression_moves_expression", "expression_id", "at"),)


class Note(Id, Base):
    """An internal note of the secretariat."""

    __tablename__ = "expression_notes"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    text: Mapped[str]
    visibility: Mapped[str] = mapped_column(default="secretariat")

    author: Mapped[Person] = relationship()

    __table_args__ = (Index("ix_expression_notes_expression", "expression_id", "at"),)


class Question(Id, Base):
    """A question to the applicant, answered on a page behind a link."""

    __tablename__ = "expression_questions"

    expression_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expressions.id"))
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    text: Mapped[str]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_via: Mapped[str | None]  # "page", or a source with number when entered on behalf
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    source: Mapped[Json | None]  # number, date, scan of an answer entered on behalf
    nonce: Mapped[str] = mapped_column(default=fresh_nonce)
    visibility: Mapped[str] = mapped_column(default="secretariat", server_default="secretariat")  # the applicant sees it anyway

    expression: Mapped[Expression] = relationship()

    __table_args__ = (
        Index("ix_expression_questions_expression", "expression_id", "asked_at"),
        Index("uq_expression_questions_open", "expression_id", unique=True, postgresql_where=sql("answered_at IS NULL")),
    )
