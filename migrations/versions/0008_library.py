"""Practices, resources, what tools lacked, their files and catalogue, links between records, and marks on texts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NONE = sa.text("'{}'")
TEXTS = postgresql.JSONB(astext_type=sa.Text())

# The release before this one still writes tools, so each new column has a value for the row that does not name it.
TOOL_COLUMNS = (
    lambda: sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False, server_default=NONE),
    lambda: sa.Column("published", sa.Boolean(), nullable=False, server_default=sa.true()),
    lambda: sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
    lambda: sa.Column("submission_key", sa.Text(), nullable=True),
    lambda: sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
    lambda: sa.Column("audiences", TEXTS, nullable=False, server_default=NONE),
    lambda: sa.Column("descriptions", TEXTS, nullable=False, server_default=NONE),
    lambda: sa.Column("milestones", TEXTS, nullable=False, server_default=sa.text("'[]'")),
)


def upgrade() -> None:
    for column in TOOL_COLUMNS:
        op.add_column("tools", column())
    op.create_unique_constraint(op.f("uq_tools_submission_key"), "tools", ["submission_key"])
    _practices()
    _resources()
    _documents()
    _catalogue()
    _links()
    _marks()


def _written(*own: sa.Column, name: str) -> None:
    """A table of records with a code, texts in several languages and a draft."""
    op.create_table(
        name,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("titles", TEXTS, nullable=False),
        sa.Column("summaries", TEXTS, nullable=False),
        *own,
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
        sa.UniqueConstraint("submission_key", name=op.f(f"uq_{name}_submission_key")),
    )


def _choice(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _practices() -> None:
    _written(
        sa.Column("type", _choice("policy", "programme", "agreement", name="practicetype"), nullable=False),
        sa.Column("states", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("lead_body", sa.Text(), nullable=False),
        sa.Column("level", _choice("local", "national", "bilateral", "regional", name="level"), nullable=False),
        sa.Column("measure", _choice("admission", "stay", "both", name="measure"), nullable=False),
        sa.Column("sdg_targets", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("objectives", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("main_objectives", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("year_from", sa.SmallInteger(), nullable=True),
        sa.Column("year_to", sa.SmallInteger(), nullable=True),
        sa.Column("law_status", _choice("in_force", "ended", "unknown", name="lawstatus"), nullable=False),
        sa.Column("points", TEXTS, nullable=False),
        sa.Column("sources", TEXTS, nullable=False),
        sa.CheckConstraint("year_to IS NULL OR year_from IS NULL OR year_to >= year_from", name=op.f("ck_practices_years")),
        name="practices",
    )


def _resources() -> None:
    kinds = ("report", "guide", "video", "data", "law", "other")
    _written(
        sa.Column("type", _choice(*kinds, name="resourcetype"), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("links", TEXTS, nullable=False),
        name="resources",
    )


def _documents() -> None:
    op.create_table(
        "library_documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("practice", "tool", "resource", name="kind"), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_library_documents_version")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_library_documents_added_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_library_documents_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_documents")),
        sa.UniqueConstraint(
            "kind", "object_id", "language", "version", name=op.f("uq_library_documents_kind_object_id_language_version")
        ),
    )


def _catalogue() -> None:
    op.create_table(
        "catalogue_entries",
        sa.Column("kind", _choice("practice", "tool", "resource", name="kind"), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("states", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "object_id", name=op.f("pk_catalogue_entries")),
    )
    op.create_index(
        "ix_catalogue_entries_listed", "catalogue_entries", ["published", "rank", "listed_at", "object_id"], unique=False
    )
    for column in ("words", "grounds", "states"):
        op.create_index(f"ix_catalogue_entries_{column}", "catalogue_entries", [column], unique=False, postgresql_using="gin")


def _links() -> None:
    types = ("asks_for", "discussed", "tests", "inspired_by", "comes_from", "led_to", "about")
    op.create_table(
        "links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("start_kind", sa.Text(), nullable=False),
        sa.Column("start_id", sa.Uuid(), nullable=False),
        sa.Column("type", _choice(*types, name="linktype"), nullable=False),
        sa.Column("end_kind", sa.Text(), nullable=False),
        sa.Column("end_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("start_kind <> end_kind OR start_id <> end_id", name=op.f("ck_links_two_records")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint(
            "start_kind", "start_id", "type", "end_kind", "end_id", name=op.f("uq_links_start_kind_start_id_type_end_kind_end_id")
        ),
    )
    op.create_index("ix_links_end", "links", ["end_kind", "end_id", "type", "at"], unique=False)


def _marks() -> None:
    op.create_table(
        "text_marks",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("source_language", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_name", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_name", sa.Text(), nullable=True),
        sa.CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name=op.f("ck_text_marks_reviewed")),
        sa.PrimaryKeyConstraint("kind", "object_id", "field", "language", name=op.f("pk_text_marks")),
    )


def downgrade() -> None:
    op.drop_table("text_marks")
    op.drop_index("ix_links_end", table_name="links")
    op.drop_table("links")
    for column in ("states", "grounds", "words"):
        op.drop_index(f"ix_catalogue_entries_{column}", table_name="catalogue_entries")
    op.drop_index("ix_catalogue_entries_listed", table_name="catalogue_entries")
    for table in ("catalogue_entries", "library_documents", "resources", "practices"):
        op.drop_table(table)
    op.drop_constraint(op.f("uq_tools_submission_key"), "tools")
    for column in reversed(TOOL_COLUMNS):
        op.drop_column("tools", column().name)
