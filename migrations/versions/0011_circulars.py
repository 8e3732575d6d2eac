"""Circulars, whom they went to, and telephone calls"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CHECKED = {"native_enum": False, "create_constraint": True, "length": 40}

# What was sent stays as it was sent, whoever is connected.
CREATE_GUARD = (
    """CREATE OR REPLACE FUNCTION circulars_stay_as_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.sent_at IS NOT NULL AND (
        (NEW.subjects, NEW.texts, NEW.fallback, NEW.audience, NEW.grounds, NEW.chosen, NEW.visibility, NEW.sent_at)
        IS DISTINCT FROM
        (OLD.subjects, OLD.texts, OLD.fallback, OLD.audience, OLD.grounds, OLD.chosen, OLD.visibility, OLD.sent_at)
    ) THEN
        RAISE EXCEPTION 'a circular that was sent stays as it is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
    """CREATE TRIGGER circulars_stay_as_sent BEFORE UPDATE ON circulars
    FOR EACH ROW EXECUTE FUNCTION circulars_stay_as_sent()""",
)
DROP_GUARD = (
    "DROP TRIGGER IF EXISTS circulars_stay_as_sent ON circulars",
    "DROP FUNCTION IF EXISTS circulars_stay_as_sent()",
)


def upgrade() -> None:
    op.create_table(
        "circulars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subjects", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column(
            "audience",
            sa.Enum(
                "exchange", "call", "ground", "working_group", name="audience", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("exchange_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("chosen", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("public", "recipients", name="visibility", **CHECKED),
            nullable=False,
        ),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("not_before_local", sa.DateTime(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("fold", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(audience = 'call') = (call_id IS NOT NULL)", name=op.f("ck_circulars_call")),
        sa.CheckConstraint("(audience = 'exchange') = (exchange_id IS NOT NULL)", name=op.f("ck_circulars_exchange")),
        sa.CheckConstraint("(not_before_local IS NULL) = (not_before IS NULL)", name=op.f("ck_circulars_not_before")),
        sa.CheckConstraint("corrects_id IS NULL OR corrects_id <> id", name=op.f("ck_circulars_corrects_another")),
        sa.CheckConstraint("fold IN (0, 1)", name=op.f("ck_circulars_fold")),
        sa.CheckConstraint("taken_back_at IS NULL OR sent_at IS NOT NULL", name=op.f("ck_circulars_taken_back")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_circulars_call_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["circulars.id"], name=op.f("fk_circulars_corrects_id")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_circulars_exchange_id")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_circulars_made_by")),
        sa.ForeignKeyConstraint(["sent_by"], ["people.id"], name=op.f("fk_circulars_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circulars")),
    )
    op.create_index("ix_circulars_corrects", "circulars", ["corrects_id"], unique=False)
    op.create_index("ix_circulars_created", "circulars", ["created_at", "id"], unique=False)
    op.create_table(
        "phone_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_by", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "told",
                "no_answer",
                "wrong_number",
                "calls_back",
                name="calloutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(subject_kind IS NULL) = (subject_id IS NULL)", name=op.f("ck_phone_calls_subject")),
        sa.ForeignKeyConstraint(["called_by"], ["people.id"], name=op.f("fk_phone_calls_called_by")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_phone_calls_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_calls")),
    )
    op.create_index(
        "ix_phone_calls_message", "phone_calls", ["message_id"], unique=False, postgresql_where=sa.text("message_id IS NOT NULL")
    )
    op.create_index("ix_phone_calls_person", "phone_calls", ["person_id", "called_at"], unique=False)
    op.create_index("ix_phone_calls_subject", "phone_calls", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "circular_recipients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("circular_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sent_in", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column(
            "trouble",
            sa.Enum(
                "no_address", "undeliverable", "unconfirmed", name="trouble", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column(
            "route",
            sa.Enum("capital", "mission", "both", name="mailroute", **CHECKED),
            nullable=True,
        ),
        sa.Column("instead_of", sa.Uuid(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.CheckConstraint("trouble IS NOT NULL OR person_id IS NOT NULL", name=op.f("ck_circular_recipients_written_to")),
        sa.ForeignKeyConstraint(["circular_id"], ["circulars.id"], name=op.f("fk_circular_recipients_circular_id")),
        sa.ForeignKeyConstraint(["instead_of"], ["circular_recipients.id"], name=op.f("fk_circular_recipients_instead_of")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_circular_recipients_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_circular_recipients_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular_recipients")),
        sa.UniqueConstraint("circular_id", "person_id", name=op.f("uq_circular_recipients_circular_id_person_id")),
    )
    op.create_index("ix_circular_recipients_circular", "circular_recipients", ["circular_id", "name", "id"], unique=False)
    op.create_index("ix_circular_recipients_person", "circular_recipients", ["person_id", "circular_id"], unique=False)
    for statement in CREATE_GUARD:
        op.execute(statement)


def downgrade() -> None:
    for statement in DROP_GUARD:
        op.execute(statement)
    op.drop_index("ix_circular_recipients_person", table_name="circular_recipients")
    op.drop_index("ix_circular_recipients_circular", table_name="circular_recipients")
    op.drop_table("circular_recipients")
    op.drop_index("ix_phone_calls_subject", table_name="phone_calls")
    op.drop_index("ix_phone_calls_person", table_name="phone_calls")
    op.drop_index("ix_phone_calls_message", table_name="phone_calls", postgresql_where=sa.text("message_id IS NOT NULL"))
    op.drop_table("phone_calls")
    op.drop_index("ix_circulars_created", table_name="circulars")
    op.drop_index("ix_circulars_corrects", table_name="circulars")
    op.drop_table("circulars")
