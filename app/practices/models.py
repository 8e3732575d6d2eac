"""Tools offered for piloting, practices, resources, their files, and the catalogue in which all of them are found."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, Id, Texts, Timestamps
from app.files.models import StoredFile


class Kind(StrEnum):
    """What stands in the catalogue; the audit log and the links know the records by the same words."""

    PRACTICE = "practice"
    TOOL = "tool"
    RESOURCE = "resource"


class Written:
    """What tools, practices and resources share: a short code, texts in several languages, draft or published."""

    code: Mapped[str] = mapped_column(unique=True, sort_order=-9)
    titles: Mapped[Texts] = mapped_column(sort_order=-8)
    summaries: Mapped[Texts] = mapped_column(default=dict, sort_order=-7)
    grounds: Mapped[list[str]] = mapped_column(default=list, sort_order=50)  # ground codes; objectives are derived
    published: Mapped[bool] = mapped_column(default=False, sort_order=51)
    published_at: Mapped[datetime | None] = mapped_column(sort_order=52)
    illustrative: Mapped[bool] = mapped_column(default=False, sort_order=53)
    submission_key: Mapped[str | None] = mapped_column(unique=True, sort_order=54)  # the same form sent twice does one thing


class Tool(Id, Written, Timestamps, Base):
    """A tool that a government can ask to pilot."""

    __tablename__ = "tools"

    offered: Mapped[bool] = mapped_column(default=True)  # may be asked for in an expression of interest
    audiences: Mapped[Texts] = mapped_column(default=dict)  # for whom it is
    descriptions: Mapped[Texts] = mapped_column(default=dict)  # what it is, in Markdown
    # [{"titles": Texts, "after_days": int, "weight": int, "evidence": Texts}], in their order
    milestones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    version: Mapped[int] = mapped_column(default=1, sort_order=55)

    __mapper_args__ = {"version_id_col": version}


class PracticeType(StrEnum):
    """What sort of practice it is."""

    POLICY = "policy"
    PROGRAMME = "programme"
    AGREEMENT = "agreement"


class Level(StrEnum):
    """At which level it is taken."""

    LOCAL = "local"
    NATIONAL = "national"
    BILATERAL = "bilateral"
    REGIONAL = "regional"


class Measure(StrEnum):
    """What it grants."""

    ADMISSION = "admission"
    STAY = "stay"
    BOTH = "both"


class LawStatus(StrEnum):
    """Whether the law or measure behind it holds today."""

    IN_FORCE = "in_force"
    ENDED = "ended"
    UNKNOWN = "unknown"


class Practice(Id, Written, Timestamps, Base):
    """Something that a government did or does, told so that others can learn from it."""

    __tablename__ = "practices"

    type: Mapped[PracticeType]
    states: Mapped[list[str]] = mapped_column(default=list)  # ISO codes; names come from the reference data
    lead_body: Mapped[str] = mapped_column(default="")
    level: Mapped[Level]
    measure: Mapped[Measure]
    sdg_targets: Mapped[list[str]] = mapped_column(default=list)
    objectives: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)  # of the GCM
    main_objectives: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)
    year_from: Mapped[int | None] = mapped_column(SmallInteger)
    year_to: Mapped[int | None] = mapped_column(SmallInteger)
    law_status: Mapped[LawStatus] = mapped_column(default=LawStatus.UNKNOWN)
    points: Mapped[Texts] = mapped_column(default=dict)  # to explore with peers, one a line
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)  # [{"title", "year", "url"}]
    version: Mapped[int] = mapped_column(default=1, sort_order=55)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("year_to IS NULL OR year_from IS NULL OR year_to >= year_from", name="years"),
        Index("ix_practices_changed", "updated_at", "id"),
    )


class ResourceType(StrEnum):
    """What a resource is."""

    REPORT = "report"
    GUIDE = "guide"
    VIDEO = "video"
    DATA = "data"
    LAW = "law"
    OTHER = "other"


class Resource(Id, Written, Timestamps, Base):
    """Something to read, watch or use, kept here or elsewhere."""

    __tablename__ = "resources"

    type: Mapped[ResourceType]
    publisher: Mapped[str] = mapped_column(default="")
    year: Mapped[int | None] = mapped_column(SmallInteger)
    links: Mapped[Texts] = mapped_column(default=dict)  # its address per language
    version: Mapped[int] = mapped_column(default=1, sort_order=55)

    __mapper_args__ = {"version_id_col": version}


class Document(Id, Base):
    """A file of a tool, practice or resource in one language, in one of its versions. Older versions stay."""

    __tablename__ = "library_documents"

    kind: Mapped[Kind]
    object_id: Mapped[uuid.UUID]
    language: Mapped[str]
    version: Mapped[int]
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    note: Mapped[str] = mapped_column(default="")  # what is new in it
    added_at: Mapped[datetime]
    added_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    removed_at: Mapped[datetime | None]

    file: Mapped[StoredFile] = relationship()

    __table_args__ = (
        UniqueConstraint("kind", "object_id", "language", "version"),
        CheckConstraint("version >= 1", name="version"),
    )


class CatalogueEntry(Base):
    """One line of the catalogue: what is needed to find a record, kept in step with it by the mapper's own events."""

    __tablename__ = "catalogue_entries"

    kind: Mapped[Kind] = mapped_column(primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    type: Mapped[str]  # "tool", or the type of the practice or resource
    grounds: Mapped[list[str]] = mapped_column(default=list)
    states: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=list)  # in which its title stands
    published: Mapped[bool]
    rank: Mapped[int] = mapped_column(SmallInteger)  # practices before tools, tools before resources: the highest first
    listed_at: Mapped[datetime]
    words: Mapped[str] = mapped_column(TSVECTOR)

    __table_args__ = (
        Index("ix_catalogue_entries_listed", "published", "rank", "listed_at", "object_id"),
        Index("ix_catalogue_entries_facets", "published", "grounds", "states", "type"),
        Index("ix_catalogue_entries_words", "words", postgresql_using="gin"),
        Index("ix_catalogue_entries_grounds", "grounds", postgresql_using="gin"),
        Index("ix_catalogue_entries_states", "states", postgresql_using="gin"),
    )
