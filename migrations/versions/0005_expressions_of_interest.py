"""Calls and expressions of interest"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("titles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("opens_local", sa.DateTime(), nullable=False),
        sa.Column("closes_local", sa.DateTime(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asks", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("who_may_apply", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_calls_open_before_close")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_open", "calls", ["published", "closes_at"], unique=False)
    op.create_table(
        "reference_counters",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_reference_counters")),
    )
    op.create_table(
        "expressions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "under_review",
                "clarification_asked",
                "accepted",
                "waitlisted",
                "declined",
                "withdrawn",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "web_form", "note_verbale", "email", "phone", name="source", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("source_number", sa.Text(), nullable=True),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("source_scan_id", sa.Uuid(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column(
            "organisation_kind",
            sa.Enum(
                "state",
                "ministry",
                "mission",
                "un_entity",
                "civil_society",
                "academia",
                "regional_body",
                name="organisationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("state_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("organisation_unit", sa.Text(), nullable=False),
        sa.Column("contact_honorific", sa.Text(), nullable=False),
        sa.Column("contact_given_name", sa.Text(), nullable=False),
        sa.Column("contact_family_name", sa.Text(), nullable=False),
        sa.Column("contact_post", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_folded", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("contact_zone", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "mode",
            sa.Enum("seek", "offer", "both", name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("asks", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("tools", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("constraints", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column(
            "endorsement",
            sa.Enum(
                "none", "uploaded", "later", "received", name="endorsement", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("endorsement_file_id", sa.Uuid(), nullable=True),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("draft_nonce", sa.Text(), nullable=False),
        sa.Column("confirm_nonce", sa.Text(), nullable=False),
        sa.Column("status_nonce", sa.Text(), nullable=False),
        sa.Column("draft_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status = 'draft' OR status = 'withdrawn' OR reference IS NOT NULL", name=op.f("ck_expressions_reference")
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_expressions_assignee_id")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_expressions_call_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["people.id"], name=op.f("fk_expressions_contact_id")),
        sa.ForeignKeyConstraint(["endorsement_file_id"], ["stored_files.id"], name=op.f("fk_expressions_endorsement_file_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_expressions_entered_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_expressions_organisation_id")),
        sa.ForeignKeyConstraint(["source_scan_id"], ["stored_files.id"], name=op.f("fk_expressions_source_scan_id")),
        sa.ForeignKeyConstraint(["state_id"], ["organisations.id"], name=op.f("fk_expressions_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expressions")),
        sa.UniqueConstraint("reference", name=op.f("uq_expressions_reference")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_expressions_submission_key")),
    )
    op.create_index("ix_expressions_address", "expressions", ["contact_folded"], unique=False)
    op.create_index("ix_expressions_call_state", "expressions", ["call_id", "state_id"], unique=False)
    op.create_index("ix_expressions_contact", "expressions", ["contact_id"], unique=False)
    op.create_index(
        "ix_expressions_drafts", "expressions", ["draft_expires_at"], unique=False, postgresql_where=sa.text("status = 'draft'")
    )
    op.create_index("ix_expressions_grounds", "expressions", ["grounds"], unique=False, postgresql_using="gin")
    op.create_index("ix_expressions_queue", "expressions", ["status", "submitted_at", "id"], unique=False)
    op.create_index("ix_expressions_sent", "expressions", ["submitted_at", "id"], unique=False)
    op.create_index("ix_expressions_state", "expressions", ["state_id", "submitted_at"], unique=False)
    op.create_table(
        "expression_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expression_id", sa.Uuid(), nullable=False),
        sa.Column(
            "before",
            sa.Enum(
                "draft",
                "submitted",
                "under_review",
                "clarification_asked",
                "accepted",
                "waitlisted",
                "declined",
                "withdrawn",
                name="before",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "after",
            sa.Enum(
                "draft",
                "submitted",
                "under_review",
                "clarification_asked",
                "accepted",
                "waitlisted",
                "declined",
                "withdrawn",
                name="after",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_expression_moves_by_id")),
        sa.ForeignKeyConstraint(["expression_id"], ["expressions.id"], name=op.f("fk_expression_moves_expression_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expression_moves")),
    )
    op.create_index("ix_expression_moves_expression", "expression_moves", ["expression_id", "at"], unique=False)
    op.create_table(
        "expression_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expression_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_expression_notes_author_id")),
        sa.ForeignKeyConstraint(["expression_id"], ["expressions.id"], name=op.f("fk_expression_notes_expression_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expression_notes")),
    )
    op.create_index("ix_expression_notes_expression", "expression_notes", ["expression_id", "at"], unique=False)
    op.create_table(
        "expression_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expression_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_via", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_expression_questions_asked_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_expression_questions_entered_by")),
        sa.ForeignKeyConstraint(["expression_id"], ["expressions.id"], name=op.f("fk_expression_questions_expression_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expression_questions")),
    )
    op.create_index("ix_expression_questions_expression", "expression_questions", ["expression_id", "asked_at"], unique=False)
    op.create_index(
        "uq_expression_questions_open",
        "expression_questions",
        ["expression_id"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_expression_questions_open", table_name="expression_questions", postgresql_where=sa.text("answered_at IS NULL")
    )
    op.drop_index("ix_expression_questions_expression", table_name="expression_questions")
    op.drop_table("expression_questions")
    op.drop_index("ix_expression_notes_expression", table_name="expression_notes")
    op.drop_table("expression_notes")
    op.drop_index("ix_expression_moves_expression", table_name="expression_moves")
    op.drop_table("expression_moves")
    op.drop_index("ix_expressions_state", table_name="expressions")
    op.drop_index("ix_expressions_sent", table_name="expressions")
    op.drop_index("ix_expressions_queue", table_name="expressions")
    op.drop_index("ix_expressions_grounds", table_name="expressions", postgresql_using="gin")
    op.drop_index("ix_expressions_drafts", table_name="expressions", postgresql_where=sa.text("status = 'draft'"))
    op.drop_index("ix_expressions_contact", table_name="expressions")
    op.drop_index("ix_expressions_call_state", table_name="expressions")
    op.drop_index("ix_expressions_address", table_name="expressions")
    op.drop_table("expressions")
    op.drop_table("reference_counters")
    op.drop_index("ix_calls_open", table_name="calls")
    op.drop_table("calls")
