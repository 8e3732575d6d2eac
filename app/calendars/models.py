"""What lists of public holidays say, what the secretariat corrects, and the hours States and people keep free of sessions."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, Json, Texts, Timestamps

EVERYWHERE = "*"
"""The calendar of everybody: big meetings, and the months of Ramadan."""
UNITED_NATIONS = "UN"
"""The calendar of United Nations entities."""


class Listed(StrEnum):
    """What a list of public holidays says of a day."""

    HOLIDAY = "holiday"
    ESTIMATED = "estimated"  # by the moon: a day earlier or later is as likely
    WORKING = "working"  # a day of the weekend that is worked in exchange for another
    ORDINARY = "ordinary"  # of a subdivision: a holiday of the country that is none here
    RAMADAN = "ramadan"


class CountryDay(Base):
    """A day as the installed release of the lists has it. Written whole by each renewal; nobody edits it."""

    __tablename__ = "country_days"

    code: Mapped[str] = mapped_column(primary_key=True)
    subdivision: Mapped[str] = mapped_column(primary_key=True, default="")
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[Listed]
    names: Mapped[Texts] = mapped_column(default=dict)  # those of the six languages the list has
    original: Mapped[str] = mapped_column(default="")
    original_language: Mapped[str] = mapped_column(default="")


class CountryList(Base):
    """Which release of the lists the days come from, for which years; one row. And the subdivisions it knows."""

    __tablename__ = "country_lists"

    name: Mapped[str] = mapped_column(primary_key=True)  # "holidays"
    release: Mapped[str]
    first_year: Mapped[int]
    last_year: Mapped[int]
    renewed_at: Mapped[datetime]
    subdivisions: Mapped[Json] = mapped_column(default=dict)  # code of a country to its subdivisions


class DayChange(Id, Base):
    """A day on which two releases of the lists differ; what a page shows beside the sessions it falls on."""

    __tablename__ = "day_changes"

    found_at: Mapped[datetime]
    from_release: Mapped[str]
    to_release: Mapped[str]
    code: Mapped[str]
    subdivision: Mapped[str] = mapped_column(default="")
    day: Mapped[date]
    was: Mapped[str | None]  # the kind, nothing for an ordinary day
    becomes: Mapped[str | None]
    names: Mapped[Texts] = mapped_column(default=dict)
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))

    __table_args__ = (
        Index("ix_day_changes_day", "day", "code"),
        Index("ix_day_changes_found", "found_at", "id"),
    )


class OverrideKind(StrEnum):
    """What the secretariat says instead of the lists."""

    DAY_OFF = "day_off"
    WORKING_DAY = "working_day"
    WORKING_WEEK = "working_week"
    EVENT = "event"  # a big meeting: a word of warning, no day off


class Override(Id, Timestamps, Base):
    """A correction with its source and date. It is ended, never erased: what was believed when stays readable."""

    __tablename__ = "calendar_overrides"

    code: Mapped[str]  # of a State, "UN", "*"
    subdivision: Mapped[str] = mapped_column(default="")
    kind: Mapped[OverrideKind]
    first_day: Mapped[date]
    last_day: Mapped[date | None]  # none: a working week that goes on
    weekend: Mapped[list[str]] = mapped_column(default=list)  # ISO weekdays off, of a working week
    names: Mapped[Texts] = mapped_column(default=dict)
    source: Mapped[str]
    source_date: Mapped[date]
    key: Mapped[str | None] = mapped_column(unique=True)  # of one that came with the software
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("ix_calendar_overrides_code", "code", "first_day"),
        Index("ix_calendar_overrides_first_day", "first_day", "id"),
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="days"),
        CheckConstraint("kind = 'working_week' OR last_day IS NOT NULL", name="ends"),
        CheckConstraint("kind <> 'working_week' OR cardinality(weekend) < 7", name="works"),
    )

    @property
    def is_open(self) -> bool:
        """Does it still hold?"""
        return self.ended_at is None


class CalendarChoice(Timestamps, Base):
    """What a State or another organisation chose: the subdivision whose holidays it keeps, Ramadan hours, Friday prayer."""

    __tablename__ = "calendar_choices"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    subdivision: Mapped[str] = mapped_column(default="")
    ramadan: Mapped[bool] = mapped_column(default=False)
    friday_prayer: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class NeverHours(Id, Base):
    """Hours of the week at which a State or a person never takes part, on the clocks of their own zone."""

    __tablename__ = "never_hours"

    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))  # ISO, 1 Monday
    from_minute: Mapped[int] = mapped_column(SmallInteger)
    to_minute: Mapped[int] = mapped_column(SmallInteger)  # not later than the first: it ends on the next day
    created_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_never_hours_organisation", "organisation_id"),
        Index("ix_never_hours_person", "person_id"),
        CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name="owner"),
        CheckConstraint("from_minute BETWEEN 0 AND 1439 AND to_minute BETWEEN 1 AND 1440", name="minutes"),
        CheckConstraint("cardinality(weekdays) BETWEEN 1 AND 7", name="weekdays"),
    )


class BusyFeed(Id, Timestamps, Base):
    """An address at which somebody publishes when they are busy. The address is a secret: only its owner is shown its host."""

    __tablename__ = "busy_feeds"

    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    address: Mapped[str]
    etag: Mapped[str] = mapped_column(default="")
    modified: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime]  # when it is read next
    read_at: Mapped[datetime | None]  # when it was read last, with success
    tries: Mapped[int] = mapped_column(default=0)  # in vain, since then
    trouble: Mapped[str] = mapped_column(default="")  # why not, in a word of ours

    __table_args__ = (
        Index("uq_busy_feeds_organisation", "organisation_id", unique=True, postgresql_where=text("organisation_id IS NOT NULL")),
        Index("uq_busy_feeds_person", "person_id", unique=True, postgresql_where=text("person_id IS NOT NULL")),
        Index("ix_busy_feeds_due", "due_at"),
        CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name="owner"),
    )


class BusyTime(Id, Base):
    """A span in which somebody is busy: two instants and nothing about what it is."""

    __tablename__ = "busy_times"

    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    feed_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("busy_feeds.id", ondelete="CASCADE"))  # none: typed in
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_busy_times_organisation", "organisation_id", "starts_at"),
        Index("ix_busy_times_person", "person_id", "starts_at"),
        Index("ix_busy_times_feed", "feed_id"),
        CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name="owner"),
        CheckConstraint("ends_at > starts_at", name="span"),
    )
