"""Letters in and out, their wording and who signs; the register's way to the letters that other rooms hold"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def one_of(*words: str, name: str) -> sa.Enum:
    """A checked text column."""
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        "letter_signatories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("posts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_signatories")),
    )
    op.create_table(
        "letter_formulas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_name", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_name", sa.Text(), nullable=True),
        sa.CheckConstraint("(reviewed_at IS NULL) = (reviewed_name IS NULL)", name=op.f("ck_letter_formulas_reviewed")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["people.id"], name=op.f("fk_letter_formulas_reviewed_by")),
        sa.ForeignKeyConstraint(["written_by"], ["people.id"], name=op.f("fk_letter_formulas_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_formulas")),
        sa.UniqueConstraint("key", "language", "revision", name=op.f("uq_letter_formulas_key_language_revision")),
    )
    op.create_table(
        "letter_sets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", one_of("session", "expression", "designation", name="about"), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("status", one_of("draft", "issued", "discarded", name="setstatus"), nullable=False),
        sa.Column("signatory_id", sa.Uuid(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=True),
        sa.Column("annexes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_letter_sets_made_by")),
        sa.ForeignKeyConstraint(["signatory_id"], ["letter_signatories.id"], name=op.f("fk_letter_sets_signatory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_sets")),
    )
    op.create_index("ix_letter_sets_about", "letter_sets", ["about_kind", "about_id"], unique=False)
    op.create_index(
        "ix_letter_sets_open", "letter_sets", ["created_at"], unique=False, postgresql_where=sa.text("status = 'draft'")
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("direction", one_of("out", "in", name="direction"), nullable=False),
        sa.Column("kind", one_of("note_verbale", "letter", "email", name="letterkind"), nullable=False),
        sa.Column("status", one_of("draft", "issued", "replaced", "cancelled", "received", name="status"), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("their_number", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("state_id", sa.Uuid(), nullable=True),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("addressed", one_of("mission", "ministry", "other", name="addressed"), nullable=False),
        sa.Column("correspondent", sa.Text(), nullable=False),
        sa.Column("about_kind", one_of("session", "expression", "designation", name="about"), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("set_id", sa.Uuid(), nullable=True),
        sa.Column("own", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("own_basis", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("recipients", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pdf_id", sa.Uuid(), nullable=True),
        sa.Column("docx_id", sa.Uuid(), nullable=True),
        sa.Column("scan_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("answer_due", sa.Date(), nullable=True),
        sa.Column("answered_by_id", sa.Uuid(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("means", one_of("mail", "post", "pouch", "hand", name="means"), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> 'draft' OR number IS NULL", name=op.f("ck_letters_draft_without_number")),
        sa.CheckConstraint(
            "status <> 'issued' OR erased_at IS NOT NULL OR (pdf_id IS NOT NULL AND docx_id IS NOT NULL)",
            name=op.f("ck_letters_kept"),
        ),
        sa.CheckConstraint("status = 'draft' OR (number IS NOT NULL AND dated IS NOT NULL)", name=op.f("ck_letters_numbered")),
        sa.CheckConstraint("(sent_on IS NULL) = (means IS NULL)", name=op.f("ck_letters_sent")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["letters.id"], name=op.f("fk_letters_answered_by_id")),
        sa.ForeignKeyConstraint(["cancelled_by"], ["people.id"], name=op.f("fk_letters_cancelled_by")),
        sa.ForeignKeyConstraint(["docx_id"], ["stored_files.id"], name=op.f("fk_letters_docx_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["people.id"], name=op.f("fk_letters_issued_by")),
        sa.ForeignKeyConstraint(["office_id"], ["organisations.id"], name=op.f("fk_letters_office_id")),
        sa.ForeignKeyConstraint(["pdf_id"], ["stored_files.id"], name=op.f("fk_letters_pdf_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_letters_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["letters.id"], name=op.f("fk_letters_replaces_id")),
        sa.ForeignKeyConstraint(["scan_id"], ["stored_files.id"], name=op.f("fk_letters_scan_id")),
        sa.ForeignKeyConstraint(["set_id"], ["letter_sets.id"], name=op.f("fk_letters_set_id")),
        sa.ForeignKeyConstraint(["state_id"], ["organisations.id"], name=op.f("fk_letters_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("number", name=op.f("uq_letters_number")),
    )
    op.create_index("ix_letters_about", "letters", ["about_kind", "about_id"], unique=False)
    op.create_index(
        "ix_letters_answer_due",
        "letters",
        ["answer_due", "id"],
        unique=False,
        postgresql_where=sa.text("answer_due IS NOT NULL AND answered_on IS NULL AND status IN ('issued', 'received')"),
    )
    op.create_index(
        "ix_letters_answered_by",
        "letters",
        ["answered_by_id"],
        unique=False,
        postgresql_where=sa.text("answered_by_id IS NOT NULL"),
    )
    op.create_index("ix_letters_register", "letters", ["dated", "id"], unique=False, postgresql_where=sa.text("status <> 'draft'"))
    op.create_index(
        "ix_letters_replaces", "letters", ["replaces_id"], unique=False, postgresql_where=sa.text("replaces_id IS NOT NULL")
    )
    op.create_index("ix_letters_set", "letters", ["set_id", "id"], unique=False)
    op.create_index("ix_letters_state", "letters", ["state_id", "dated", "id"], unique=False)
    op.create_index(
        "ix_letters_to_print",
        "letters",
        ["dated", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'issued' AND sent_on IS NULL"),
    )
    op.create_index(
        "ix_answer_records_source_date",
        "answer_records",
        ["source_date", "id"],
        unique=False,
        postgresql_where=sa.text("source_date IS NOT NULL"),
    )
    op.create_index("ix_designations_letter_date", "designations", ["letter_date", "id"], unique=False)
    op.create_index(
        "ix_expressions_source_date",
        "expressions",
        ["source_date", "id"],
        unique=False,
        postgresql_where=sa.text("source_date IS NOT NULL"),
    )
    # Answers entered on behalf kept the date of their letter among other facts only.
    op.execute(
        "UPDATE answer_records SET source_date = (source ->> 'date')::date "
        "WHERE source_date IS NULL AND source ->> 'date' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
    )


def downgrade() -> None:
    op.drop_index("ix_expressions_source_date", table_name="expressions", postgresql_where=sa.text("source_date IS NOT NULL"))
    op.drop_index("ix_designations_letter_date", table_name="designations")
    op.drop_index("ix_answer_records_source_date", table_name="answer_records", postgresql_where=sa.text("source_date IS NOT NULL"))
    op.drop_index("ix_letters_to_print", table_name="letters", postgresql_where=sa.text("status = 'issued' AND sent_on IS NULL"))
    op.drop_index("ix_letters_state", table_name="letters")
    op.drop_index("ix_letters_set", table_name="letters")
    op.drop_index("ix_letters_replaces", table_name="letters", postgresql_where=sa.text("replaces_id IS NOT NULL"))
    op.drop_index("ix_letters_register", table_name="letters", postgresql_where=sa.text("status <> 'draft'"))
    op.drop_index("ix_letters_answered_by", table_name="letters", postgresql_where=sa.text("answered_by_id IS NOT NULL"))
    op.drop_index(
        "ix_letters_answer_due",
        table_name="letters",
        postgresql_where=sa.text("answer_due IS NOT NULL AND answered_on IS NULL AND status IN ('issued', 'received')"),
    )
    op.drop_index("ix_letters_about", table_name="letters")
    op.drop_table("letters")
    op.drop_index("ix_letter_sets_open", table_name="letter_sets", postgresql_where=sa.text("status = 'draft'"))
    op.drop_index("ix_letter_sets_about", table_name="letter_sets")
    op.drop_table("letter_sets")
    op.drop_table("letter_formulas")
    op.drop_table("letter_signatories")
