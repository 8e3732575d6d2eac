"""Pilots and their milestones"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


# Each change of a date stays as it was written, whoever is connected; the owner can still clear the table to erase or restore.
CREATE_GUARD = (
    """CREATE OR REPLACE FUNCTION milestone_revisions_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changed dates only grows' USING ERRCODE = 'check_violation';
END $$""",
    """CREATE TRIGGER milestone_revisions_only_grow BEFORE UPDATE OR DELETE ON milestone_revisions
    FOR EACH ROW EXECUTE FUNCTION milestone_revisions_only_grow()""",
)
DROP_GUARD = (
    "DROP TRIGGER IF EXISTS milestone_revisions_only_grow ON milestone_revisions",
    "DROP FUNCTION IF EXISTS milestone_revisions_only_grow()",
)


def upgrade() -> None:
    op.create_table(
        "pilots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("titles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("objectives", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("lead_name", sa.Text(), nullable=False),
        sa.Column("co_lead_id", sa.Uuid(), nullable=True),
        sa.Column("expression_id", sa.Uuid(), nullable=True),
        sa.Column("tools", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_pilots_dates")),
        sa.ForeignKeyConstraint(["co_lead_id"], ["people.id"], name=op.f("fk_pilots_co_lead_id")),
        sa.ForeignKeyConstraint(["expression_id"], ["expressions.id"], name=op.f("fk_pilots_expression_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["organisations.id"], name=op.f("fk_pilots_lead_id")),
        sa.ForeignKeyConstraint(["state_id"], ["organisations.id"], name=op.f("fk_pilots_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilots")),
        sa.UniqueConstraint("code", name=op.f("uq_pilots_code")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_pilots_submission_key")),
    )
    op.create_index("ix_pilots_co_lead", "pilots", ["co_lead_id"], unique=False)
    op.create_index("ix_pilots_expression", "pilots", ["expression_id"], unique=False)
    op.create_index("ix_pilots_grounds", "pilots", ["grounds"], unique=False, postgresql_using="gin")
    op.create_index("ix_pilots_starts", "pilots", ["starts_on", "id"], unique=False)
    op.create_index("ix_pilots_state", "pilots", ["state_id", "starts_on", "id"], unique=False)
    op.create_index("ix_pilots_tools", "pilots", ["tools"], unique=False, postgresql_using="gin")
    op.create_table(
        "milestones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pilot_id", sa.Uuid(), nullable=False),
        sa.Column("titles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_asked", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_version", sa.Integer(), nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_nonce", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_note", sa.Text(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drop_reason", sa.Text(), nullable=True),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("done_on IS NULL OR dropped_at IS NULL", name=op.f("ck_milestones_done_or_dropped")),
        sa.CheckConstraint("weight BETWEEN 0 AND 1000", name=op.f("ck_milestones_weight")),
        sa.ForeignKeyConstraint(["done_by"], ["people.id"], name=op.f("fk_milestones_done_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_milestones_owner_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilots.id"], name=op.f("fk_milestones_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_milestones_submission_key")),
    )
    op.create_index(
        "ix_milestones_open",
        "milestones",
        ["due_on", "id"],
        unique=False,
        postgresql_where=sa.text("done_on IS NULL AND dropped_at IS NULL"),
    )
    op.create_index("ix_milestones_owner", "milestones", ["owner_id", "due_on"], unique=False)
    op.create_index("ix_milestones_pilot", "milestones", ["pilot_id", "due_on", "id"], unique=False)
    op.create_table(
        "pilot_partners",
        sa.Column("pilot_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_pilot_partners_organisation_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilots.id"], name=op.f("fk_pilot_partners_pilot_id")),
        sa.PrimaryKeyConstraint("pilot_id", "organisation_id", name=op.f("pk_pilot_partners")),
    )
    op.create_index("ix_pilot_partners_organisation", "pilot_partners", ["organisation_id"], unique=False)
    op.create_table(
        "pilot_updates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pilot_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_pilot_updates_author_id")),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilots.id"], name=op.f("fk_pilot_updates_pilot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_updates")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_pilot_updates_submission_key")),
    )
    op.create_index("ix_pilot_updates_pilot", "pilot_updates", ["pilot_id", "at"], unique=False)
    op.create_table(
        "milestone_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.CheckConstraint("(url IS NULL) <> (file_id IS NULL)", name=op.f("ck_milestone_evidence_link_or_file")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_milestone_evidence_added_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_milestone_evidence_file_id")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_milestone_evidence_milestone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_evidence")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_milestone_evidence_submission_key")),
    )
    op.create_index("ix_milestone_evidence_milestone", "milestone_evidence", ["milestone_id", "added_at"], unique=False)
    op.create_table(
        "milestone_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Date(), nullable=False),
        sa.Column("after", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_milestone_revisions_by_id")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_milestone_revisions_milestone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_revisions")),
    )
    op.create_index("ix_milestone_revisions_milestone", "milestone_revisions", ["milestone_id", "at"], unique=False)
    for statement in CREATE_GUARD:
        op.execute(statement)


def downgrade() -> None:
    for statement in DROP_GUARD:
        op.execute(statement)
    op.drop_index("ix_milestone_revisions_milestone", table_name="milestone_revisions")
    op.drop_table("milestone_revisions")
    op.drop_index("ix_milestone_evidence_milestone", table_name="milestone_evidence")
    op.drop_table("milestone_evidence")
    op.drop_index("ix_pilot_updates_pilot", table_name="pilot_updates")
    op.drop_table("pilot_updates")
    op.drop_index("ix_pilot_partners_organisation", table_name="pilot_partners")
    op.drop_table("pilot_partners")
    op.drop_index("ix_milestones_pilot", table_name="milestones")
    op.drop_index("ix_milestones_owner", table_name="milestones")
    op.drop_index("ix_milestones_open", table_name="milestones", postgresql_where=sa.text("done_on IS NULL AND dropped_at IS NULL"))
    op.drop_table("milestones")
    op.drop_index("ix_pilots_tools", table_name="pilots", postgresql_using="gin")
    op.drop_index("ix_pilots_state", table_name="pilots")
    op.drop_index("ix_pilots_starts", table_name="pilots")
    op.drop_index("ix_pilots_grounds", table_name="pilots", postgresql_using="gin")
    op.drop_index("ix_pilots_expression", table_name="pilots")
    op.drop_index("ix_pilots_co_lead", table_name="pilots")
    op.drop_table("pilots")
