"""Letters in and out, those that are prepared together, who signs, and the wording that the secretariat may change."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organisation, Person
from app.core.db import Base, Id, Json, Texts, Timestamps


class Direction(StrEnum):
    """Which way a letter went."""

    OUT = "out"
    IN = "in"


class LetterKind(StrEnum):
    """What sort of letter it is."""

    NOTE_VERBALE = "note_verbale"  # in the third person, from office to office
    LETTER = "letter"  # from person to person
    EMAIL = "email"


class Status(StrEnum):
    """Where a letter stands. A number, once given, stays with its letter."""

    DRAFT = "draft"
    ISSUED = "issued"
    REPLACED = "replaced"  # by a corrected one with a number of its own
    CANCELLED = "cancelled"
    RECEIVED = "received"


class Means(StrEnum):
    """How a letter left, or came."""

    MAIL = "mail"  # by e-mail
    POST = "post"
    POUCH = "pouch"
    HAND = "hand"


class About(StrEnum):
    """What a letter of ours is about; the audit log knows these kinds."""

    SESSION = "session"
    EXPRESSION = "expression"
    DESIGNATION = "designation"


class Addressed(StrEnum):
    """To what sort of office a note verbale is addressed: each has an opening of its own."""

    MISSION = "mission"
    MINISTRY = "ministry"
    OTHER = "other"


class SetStatus(StrEnum):
    """Where letters that are prepared together stand."""

    DRAFT = "draft"
    ISSUED = "issued"
    DISCARDED = "discarded"


class Signatory(Id, Timestamps, Base):
    """Somebody who signs for the secretariat: name, and post in each language."""

    __tablename__ = "letter_signatories"

    name: Mapped[str]
    posts: Mapped[Texts] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Formula(Id, Base):
    """One wording in one language as it was from a day on; the newest revision holds. Nothing is overwritten."""

    __tablename__ = "letter_formulas"

    key: Mapped[str]
    language: Mapped[str]
    revision: Mapped[int]
    text: Mapped[str]
    written_at: Mapped[datetime]
    written_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    written_name: Mapped[str]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    reviewed_name: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("key", "language", "revision"),
        CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name="reviewed"),
    )


class LetterSet(Id, Timestamps, Base):
    """Letters prepared together about one thing: one signatory, one day for an answer, the same annexes."""

    __tablename__ = "letter_sets"

    about_kind: Mapped[About]
    about_id: Mapped[uuid.UUID]
    status: Mapped[SetStatus] = mapped_column(default=SetStatus.DRAFT)
    signatory_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("letter_signatories.id"))
    answer_due: Mapped[date | None]
    annexes: Mapped[Json] = mapped_column(default=dict)  # {"items": [{"title": …, "file": id or null}]}
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    issued_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    signatory: Mapped[Signatory] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_letter_sets_about", "about_kind", "about_id"),
        Index("ix_letter_sets_open", "created_at", postgresql_where=text("status = 'draft'")),
    )


class Letter(Id, Timestamps, Base):
    """One letter in the register, out or in; before it is issued, a draft of its set."""

    __tablename__ = "letters"

    direction: Mapped[Direction]
    kind: Mapped[LetterKind]
    status: Mapped[Status]
    number: Mapped[str | None] = mapped_column(unique=True)  # PX/2026/L-0012, given when it is issued or entered
    their_number: Mapped[str] = mapped_column(default="")  # of a letter that came
    dated: Mapped[date | None]
    subject: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    search: Mapped[str] = mapped_column(default="")  # folded number and subject

    state_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    office_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))  # the mission or ministry
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    addressed: Mapped[Addressed] = mapped_column(default=Addressed.OTHER)
    correspondent: Mapped[str] = mapped_column(default="")  # who wrote, or was written to, in words
    about_kind: Mapped[About | None]
    about_id: Mapped[uuid.UUID | None]
    set_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("letter_sets.id"))

    own: Mapped[Json] = mapped_column(default=dict)  # what was written by hand in place of the wording: field to text
    own_basis: Mapped[str | None]  # digest of what the wording said when it was written

    content: Mapped[Json | None]  # what it says, frozen when it is issued
    recipients: Mapped[Json] = mapped_column(default=dict)  # {"people": [{"name", "address", "person"}]}, frozen likewise
    pdf_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    docx_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    scan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_files.id"))

    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("letters.id"))
    answer_due: Mapped[date | None]
    answered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("letters.id"))
    answered_on: Mapped[date | None]
    means: Mapped[Means | None]
    sent_on: Mapped[date | None]  # when it left, or came; none while it waits to be printed

    issued_at: Mapped[datetime | None]
    issued_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    cancel_reason: Mapped[str | None]
    erased_at: Mapped[datetime | None]  # names, text and files went with the expression of interest it is about
    version: Mapped[int] = mapped_column(default=1)

    state: Mapped[Organisation | None] = relationship(foreign_keys=[state_id])
    office: Mapped[Organisation | None] = relationship(foreign_keys=[office_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    set: Mapped[LetterSet | None] = relationship()
    replaces: Mapped[Letter | None] = relationship(remote_side="Letter.id", foreign_keys=[replaces_id])
    answered_by: Mapped[Letter | None] = relationship(remote_side="Letter.id", foreign_keys=[answered_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_letters_register", "dated", "id", postgresql_where=text("status <> 'draft'")),
        Index("ix_letters_state", "state_id", "dated", "id"),
        Index("ix_letters_about", "about_kind", "about_id"),
        Index("ix_letters_set", "set_id", "id"),
        Index("ix_letters_replaces", "replaces_id", postgresql_where=text("replaces_id IS NOT NULL")),
        Index("ix_letters_answered_by", "answered_by_id", postgresql_where=text("answered_by_id IS NOT NULL")),
        Index(
            "ix_letters_answer_due", "answer_due", "id",
            postgresql_where=text("answer_due IS NOT NULL AND answered_on IS NULL AND status IN ('issued', 'received')"),
        ),
        Index("ix_letters_to_print", "dated", "id", postgresql_where=text("status = 'issued' AND sent_on IS NULL")),
        CheckConstraint("status = 'draft' OR (number IS NOT NULL AND dated IS NOT NULL)", name="numbered"),
        CheckConstraint("status <> 'draft' OR number IS NULL", name="draft_without_number"),
        CheckConstraint("status <> 'issued' OR erased_at IS NOT NULL OR (pdf_id IS NOT NULL AND docx_id IS NOT NULL)", name="kept"),
        CheckConstraint("(sent_on IS NULL) = (means IS NULL)", name="sent"),
    )  # fmt: skip

    @property
    def is_draft(self) -> bool:
        """Is it only prepared?"""
        return self.status is Status.DRAFT

    @property
    def counts(self) -> bool:
        """Does it stand: issued or received, neither replaced nor cancelled?"""
        return self.status in (Status.ISSUED, Status.RECEIVED)

    def overdue(self, today: date) -> bool:
        """Was an answer due before today and has not come?"""
        return self.counts and self.answered_on is None and self.answer_due is not None and self.answer_due < today
