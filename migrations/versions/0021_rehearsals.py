"""Domains that asked for patience, mails a person set off in an hour, and mail to many as it was looked at before it left"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_pauses",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mail_pauses")),
    )
    op.create_table(
        "mail_tallies",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "hour", name=op.f("pk_mail_tallies")),
    )
    op.create_table(
        "mail_rehearsals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_rehearsals")),
    )
    op.create_index("ix_mail_rehearsals_created", "mail_rehearsals", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_mail_rehearsals_created", table_name="mail_rehearsals")
    op.drop_table("mail_rehearsals")
    op.drop_table("mail_tallies")
    op.drop_table("mail_pauses")
