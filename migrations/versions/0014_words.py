"""Gaps in the texts of records, the installation's own wordings, and the register of read templates"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
INDEXES = {
    "ix_text_gaps_until": ["until", "kind", "object_id", "language"],
    "ix_text_gaps_language": ["language", "until", "kind", "object_id"],
    "ix_text_gaps_kind": ["kind", "until", "object_id", "language"],
    "ix_text_gaps_state": ["state", "until", "kind", "object_id", "language"],
}


def upgrade() -> None:
    op.create_table(
        "text_gaps",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source_language", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "object_id", "language", name=op.f("pk_text_gaps")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "text_gaps", columns, unique=False)
    _wordings()
    _reviews()


def _wordings() -> None:
    op.create_table(
        "wordings",
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("plural", sa.Text(), nullable=False),
        sa.Column("forms", JSON, nullable=False),
        sa.Column("instead_of", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sentence", "language", name=op.f("pk_wordings")),
    )
    op.create_table(
        "wording_versions",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_wording_versions_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording_versions")),
    )
    op.execute("INSERT INTO wording_versions (id, version) VALUES (1, 0)")


def _reviews() -> None:
    op.create_table(
        "template_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reviewed_digest", sa.Text(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_name", sa.Text(), nullable=True),
        sa.CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name=op.f("ck_template_reviews_reviewed")),
        sa.PrimaryKeyConstraint("sort", "name", "language", name=op.f("pk_template_reviews")),
        sa.UniqueConstraint("id", name=op.f("uq_template_reviews_id")),
    )
    op.create_index(
        "ix_template_reviews_unread", "template_reviews", ["sort"], unique=False,
        postgresql_where=sa.text("reviewed_digest IS DISTINCT FROM digest"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_template_reviews_unread", table_name="template_reviews")
    for table in ("template_reviews", "wording_versions", "wordings"):
        op.drop_table(table)
    for name in reversed(INDEXES):
        op.drop_index(name, table_name="text_gaps")
    op.drop_table("text_gaps")
