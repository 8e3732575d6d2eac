"""The outbox, and the mail that comes back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# As the states stood when this was written: a later change of the moves is a migration of its own.
CREATE_GUARD = (
    """CREATE OR REPLACE FUNCTION messages_guard_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('queued', 'suppressed') THEN
            RAISE EXCEPTION 'a message cannot begin as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state <> OLD.state AND NOT (
        (OLD.state = 'queued' AND NEW.state IN ('cancelled', 'expired', 'failed', 'sending', 'suppressed'))
        OR (OLD.state = 'sending' AND NEW.state IN ('cancelled', 'expired', 'failed', 'queued', 'sent', 'suppressed', 'unknown'))
        OR (OLD.state = 'sent' AND NEW.state IN ('bounced'))
        OR (OLD.state = 'unknown' AND NEW.state IN ('bounced', 'failed', 'sent'))
    ) THEN
        RAISE EXCEPTION 'a message cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
    """CREATE TRIGGER messages_guard_state BEFORE INSERT OR UPDATE OF state ON messages
    FOR EACH ROW EXECUTE FUNCTION messages_guard_state()""",
)
DROP_GUARD = (
    """DROP TRIGGER IF EXISTS messages_guard_state ON messages""",
    """DROP FUNCTION IF EXISTS messages_guard_state()""",
)


def upgrade() -> None:
    op.create_table(
        "inbound_mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reply", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum(
                "received",
                "applied",
                "unclear",
                "ignored",
                "handled",
                name="verdict",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mails")),
        sa.UniqueConstraint("sha256", name=op.f("uq_inbound_mails_sha256")),
    )
    op.create_index("ix_inbound_mails_message_id", "inbound_mails", ["message_id"], unique=False)
    op.create_index("ix_inbound_mails_verdict", "inbound_mails", ["verdict", "received_at", "id"], unique=False)
    op.create_table(
        "message_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_facts")),
        sa.UniqueConstraint("digest", name=op.f("uq_message_facts_digest")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("salutation", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("common_id", sa.Uuid(), nullable=True),
        sa.Column("template_version", sa.SmallInteger(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("subject_kind", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("subject_revision", sa.Integer(), nullable=True),
        sa.Column("ical_method", sa.Text(), nullable=True),
        sa.Column("ical_uid", sa.Text(), nullable=True),
        sa.Column("ical_sequence", sa.Integer(), nullable=True),
        sa.Column("dtstamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at_most_once", sa.Boolean(), nullable=False),
        sa.Column("restored_hold", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "bounced",
                "failed",
                "expired",
                "cancelled",
                "suppressed",
                "unknown",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimant", sa.BigInteger(), nullable=True),
        sa.Column("first_error", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("suppressed_reason", sa.Text(), nullable=True),
        sa.Column("smtp_reply", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resend_of", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'sending' OR (lease_token IS NOT NULL AND lease_until IS NOT NULL)", name=op.f("ck_messages_lease")
        ),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_messages_sent")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_messages_attempts")),
        sa.ForeignKeyConstraint(["common_id"], ["message_facts.id"], name=op.f("fk_messages_common_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    op.create_index(
        "ix_messages_address",
        "messages",
        [sa.literal_column("lower(address)"), "id"],
        unique=False,
        postgresql_where=sa.text("recipient_id IS NULL"),
    )
    op.create_index(
        "ix_messages_due", "messages", ["priority", "due_at"], unique=False, postgresql_where=sa.text("state = 'queued'")
    )
    op.create_index("ix_messages_kind", "messages", ["kind", "id"], unique=False)
    op.create_index("ix_messages_recipient", "messages", ["recipient_id", "id"], unique=False)
    op.create_index(
        "ix_messages_resend_of", "messages", ["resend_of"], unique=False, postgresql_where=sa.text("resend_of IS NOT NULL")
    )
    op.create_index("ix_messages_sending", "messages", ["lease_until"], unique=False, postgresql_where=sa.text("state = 'sending'"))
    op.create_index("ix_messages_state", "messages", ["state", "id"], unique=False)
    op.create_index("ix_messages_subject", "messages", ["subject_kind", "subject_id", "state"], unique=False)
    op.create_index("ix_messages_thread", "messages", ["thread", "id"], unique=False)
    for statement in CREATE_GUARD:
        op.execute(statement)


def downgrade() -> None:
    for statement in DROP_GUARD:
        op.execute(statement)
    op.drop_index("ix_messages_thread", table_name="messages")
    op.drop_index("ix_messages_subject", table_name="messages")
    op.drop_index("ix_messages_state", table_name="messages")
    op.drop_index("ix_messages_sending", table_name="messages", postgresql_where=sa.text("state = 'sending'"))
    op.drop_index("ix_messages_resend_of", table_name="messages", postgresql_where=sa.text("resend_of IS NOT NULL"))
    op.drop_index("ix_messages_recipient", table_name="messages")
    op.drop_index("ix_messages_kind", table_name="messages")
    op.drop_index("ix_messages_due", table_name="messages", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index("ix_messages_address", table_name="messages", postgresql_where=sa.text("recipient_id IS NULL"))
    op.drop_table("messages")
    op.drop_table("message_facts")
    op.drop_index("ix_inbound_mails_verdict", table_name="inbound_mails")
    op.drop_index("ix_inbound_mails_message_id", table_name="inbound_mails")
    op.drop_table("inbound_mails")
