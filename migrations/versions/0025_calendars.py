"""Country calendars: public holidays, corrections, hours and busy times of States and people"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TEXT = sa.Text()
_TEXTS = postgresql.JSONB(astext_type=sa.Text())
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _lists()
    _overrides()
    _hours()
    _busy()
    _kinds_of_imports("'people', 'organisations', 'participants', 'expressions', 'calendars'")
    op.add_column("peer_sessions", sa.Column("day_off_seen", _TEXTS, nullable=True))


def _lists() -> None:
    op.create_table(
        "country_days",
        sa.Column("code", _TEXT, nullable=False),
        sa.Column("subdivision", _TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("names", _TEXTS, nullable=False),
        sa.Column("original", _TEXT, nullable=False),
        sa.Column("original_language", _TEXT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('holiday', 'estimated', 'working', 'ordinary', 'ramadan')", name=op.f("ck_country_days_listed")
        ),
        sa.PrimaryKeyConstraint("code", "subdivision", "day", name=op.f("pk_country_days")),
    )
    op.create_table(
        "country_lists",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("release", _TEXT, nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("renewed_at", _AT, nullable=False),
        sa.Column("subdivisions", _TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_country_lists")),
    )
    op.create_table(
        "day_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("found_at", _AT, nullable=False),
        sa.Column("from_release", _TEXT, nullable=False),
        sa.Column("to_release", _TEXT, nullable=False),
        sa.Column("code", _TEXT, nullable=False),
        sa.Column("subdivision", _TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("was", _TEXT, nullable=True),
        sa.Column("becomes", _TEXT, nullable=True),
        sa.Column("names", _TEXTS, nullable=False),
        sa.Column("seen_at", _AT, nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["seen_by"], ["people.id"], name=op.f("fk_day_changes_seen_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_changes")),
    )
    op.create_index("ix_day_changes_day", "day_changes", ["day", "code"])
    op.create_index("ix_day_changes_found", "day_changes", ["found_at", "id"])


def _overrides() -> None:
    op.create_table(
        "calendar_overrides",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", _TEXT, nullable=False),
        sa.Column("subdivision", _TEXT, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("weekend", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("names", _TEXTS, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("source_date", sa.Date(), nullable=False),
        sa.Column("key", _TEXT, nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('day_off', 'working_day', 'working_week', 'event')", name=op.f("ck_calendar_overrides_overridekind")
        ),
        sa.CheckConstraint("last_day IS NULL OR last_day >= first_day", name=op.f("ck_calendar_overrides_days")),
        sa.CheckConstraint("kind = 'working_week' OR last_day IS NOT NULL", name=op.f("ck_calendar_overrides_ends")),
        sa.CheckConstraint("kind <> 'working_week' OR cardinality(weekend) < 7", name=op.f("ck_calendar_overrides_works")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_calendar_overrides_made_by_people")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_calendar_overrides_ended_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_overrides")),
        sa.UniqueConstraint("key", name=op.f("uq_calendar_overrides_key")),
    )
    op.create_index("ix_calendar_overrides_code", "calendar_overrides", ["code", "first_day"])
    op.create_index("ix_calendar_overrides_first_day", "calendar_overrides", ["first_day", "id"])
    op.create_table(
        "calendar_choices",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subdivision", _TEXT, nullable=False),
        sa.Column("ramadan", sa.Boolean(), nullable=False),
        sa.Column("friday_prayer", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_calendar_choices_organisation_id_organisations")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_calendar_choices")),
    )


def _owner(table: str) -> list[sa.schema.SchemaItem]:
    """Whose it is: an organisation's or a person's."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name=op.f(f"ck_{table}_owner")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f(f"fk_{table}_organisation_id_organisations")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f(f"fk_{table}_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _hours() -> None:
    op.create_table(
        "never_hours",
        *_owner("never_hours"),
        sa.Column("weekdays", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("from_minute", sa.SmallInteger(), nullable=False),
        sa.Column("to_minute", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.CheckConstraint(
            "from_minute BETWEEN 0 AND 1439 AND to_minute BETWEEN 1 AND 1440", name=op.f("ck_never_hours_minutes")
        ),
        sa.CheckConstraint("cardinality(weekdays) BETWEEN 1 AND 7", name=op.f("ck_never_hours_weekdays")),
    )
    op.create_index("ix_never_hours_organisation", "never_hours", ["organisation_id"])
    op.create_index("ix_never_hours_person", "never_hours", ["person_id"])


def _busy() -> None:
    op.create_table(
        "busy_feeds",
        *_owner("busy_feeds"),
        sa.Column("address", _TEXT, nullable=False),
        sa.Column("etag", _TEXT, nullable=False),
        sa.Column("modified", _TEXT, nullable=False),
        sa.Column("due_at", _AT, nullable=False),
        sa.Column("read_at", _AT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", _TEXT, nullable=False),
        sa.Column("created_at", _AT, nullable=False),
        sa.Column("updated_at", _AT, nullable=False),
    )
    for owner in ("organisation", "person"):
        op.create_index(
            f"uq_busy_feeds_{owner}", "busy_feeds", [f"{owner}_id"], unique=True,
            postgresql_where=sa.text(f"{owner}_id IS NOT NULL"),
        )  # fmt: skip
    op.create_index("ix_busy_feeds_due", "busy_feeds", ["due_at"])
    op.create_table(
        "busy_times",
        *_owner("busy_times"),
        sa.Column("feed_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", _AT, nullable=False),
        sa.Column("ends_at", _AT, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_busy_times_span")),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["busy_feeds.id"], name=op.f("fk_busy_times_feed_id_busy_feeds"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_busy_times_organisation", "busy_times", ["organisation_id", "starts_at"])
    op.create_index("ix_busy_times_person", "busy_times", ["person_id", "starts_at"])
    op.create_index("ix_busy_times_feed", "busy_times", ["feed_id"])


def _kinds_of_imports(kinds: str) -> None:
    """One more kind of table. There are some hundred imports at most, so they are looked through under the lock."""
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE imports DROP CONSTRAINT ck_imports_kind")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE imports ADD CONSTRAINT ck_imports_kind CHECK (kind IN ({kinds}))"
    )


def downgrade() -> None:
    op.execute("DELETE FROM imports WHERE kind = 'calendars'")
    _kinds_of_imports("'people', 'organisations', 'participants', 'expressions'")
    op.drop_column("peer_sessions", "day_off_seen")
    for table in (
        "busy_times", "busy_feeds", "never_hours", "calendar_choices", "calendar_overrides", "day_changes", "country_lists",
        "country_days",
    ):  # fmt: skip
        op.drop_table(table)
