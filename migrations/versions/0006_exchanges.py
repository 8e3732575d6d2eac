"""Exchanges, sessions, invitations and answers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchanges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("themes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purposes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("public", "invited", name="visibility", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("made_for_session", sa.Boolean(), nullable=False),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
    )
    op.create_index("ix_exchanges_created", "exchanges", ["created_at", "id"], unique=False)
    op.create_table(
        "exchange_hosts",
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_exchange_hosts_exchange_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_exchange_hosts_organisation_id")),
        sa.PrimaryKeyConstraint("exchange_id", "organisation_id", name=op.f("pk_exchange_hosts")),
    )
    op.create_table(
        "peer_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("draft", "scheduled", "cancelled", name="sessionstatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("titles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purposes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("agendas", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("local_start", sa.DateTime(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("fold", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("tzdb_version", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("join_url", sa.Text(), nullable=False),
        sa.Column("dial_in", sa.Text(), nullable=False),
        sa.Column("test_url", sa.Text(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("public", "invited", name="visibility", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("grounds", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("invite_accepted", sa.Boolean(), nullable=False),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("submission_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("capacity BETWEEN 1 AND 100000", name=op.f("ck_peer_sessions_capacity")),
        sa.CheckConstraint("fold IN (0, 1)", name=op.f("ck_peer_sessions_fold")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 1440", name=op.f("ck_peer_sessions_minutes")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_peer_sessions_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_sessions")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_peer_sessions_submission_key")),
        sa.UniqueConstraint("uid", name=op.f("uq_peer_sessions_uid")),
    )
    op.create_index("ix_peer_sessions_exchange", "peer_sessions", ["exchange_id"], unique=False)
    op.create_index("ix_peer_sessions_starts", "peer_sessions", ["status", "starts_at", "id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column(
            "capacity",
            sa.Enum(
                "participant", "observer", "information", name="capacity", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("invited_because", sa.Text(), nullable=False),
        sa.Column("delegate_of", sa.Uuid(), nullable=True),
        sa.Column("uninvited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "answer",
            sa.Enum("yes", "maybe", "no", name="answer", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_version", sa.Integer(), nullable=True),
        sa.Column("wants_notes", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column(
            "seat",
            sa.Enum("none", "held", "waiting", name="seat", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seat_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sequence_raise", sa.Integer(), nullable=False),
        sa.Column("dtstamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requested", sa.Boolean(), nullable=False),
        sa.Column("reply_sequence", sa.Integer(), nullable=True),
        sa.Column("reply_dtstamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thread_root", sa.Text(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("join_nonce", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "seat <> 'held' OR (uninvited_at IS NULL AND capacity <> 'information')",
            name=op.f("ck_invitations_seat_of_the_invited"),
        ),
        sa.CheckConstraint("seat <> 'waiting' OR waiting_since IS NOT NULL", name=op.f("ck_invitations_waiting_since")),
        sa.ForeignKeyConstraint(["delegate_of"], ["invitations.id"], name=op.f("fk_invitations_delegate_of")),
        sa.ForeignKeyConstraint(["invited_by"], ["people.id"], name=op.f("fk_invitations_invited_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_invitations_organisation_id")),
        sa.ForeignKeyConstraint(["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_invitations_peer_session_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_invitations_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("peer_session_id", "person_id", name=op.f("uq_invitations_peer_session_id_person_id")),
    )
    op.create_index("ix_invitations_organisation", "invitations", ["organisation_id", "peer_session_id"], unique=False)
    op.create_index("ix_invitations_person", "invitations", ["person_id", "peer_session_id"], unique=False)
    op.create_index("ix_invitations_seat", "invitations", ["peer_session_id", "seat", "waiting_since", "id"], unique=False)
    op.create_index(
        "ix_invitations_unanswered",
        "invitations",
        ["peer_session_id"],
        unique=False,
        postgresql_where=sa.text("answer IS NULL AND uninvited_at IS NULL"),
    )
    op.create_table(
        "reminder_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column("minutes_before", sa.Integer(), nullable=False),
        sa.Column(
            "audience",
            sa.Enum("seat_holders", "not_answered", name="audience", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.CheckConstraint("minutes_before BETWEEN 5 AND 129600", name=op.f("ck_reminder_rules_minutes_before")),
        sa.ForeignKeyConstraint(["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_reminder_rules_peer_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rules")),
        sa.UniqueConstraint(
            "peer_session_id", "minutes_before", "audience", name=op.f("uq_reminder_rules_peer_session_id_minutes_before_audience")
        ),
    )
    op.create_table(
        "answer_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "answer",
            sa.Enum("yes", "maybe", "no", name="answer", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "route",
            sa.Enum("page", "mail", "state", "secretariat", name="route", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("schedule_version", sa.Integer(), nullable=False),
        sa.Column("wants_notes", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("inbound_id", sa.Uuid(), nullable=True),
        sa.Column("former_time", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_answer_records_entered_by")),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_mails.id"], name=op.f("fk_answer_records_inbound_id")),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_answer_records_invitation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_records")),
    )
    op.create_index("ix_answer_records_invitation", "answer_records", ["invitation_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_answer_records_invitation", table_name="answer_records")
    op.drop_table("answer_records")
    op.drop_table("reminder_rules")
    op.drop_index(
        "ix_invitations_unanswered", table_name="invitations", postgresql_where=sa.text("answer IS NULL AND uninvited_at IS NULL")
    )
    op.drop_index("ix_invitations_seat", table_name="invitations")
    op.drop_index("ix_invitations_person", table_name="invitations")
    op.drop_index("ix_invitations_organisation", table_name="invitations")
    op.drop_table("invitations")
    op.drop_index("ix_peer_sessions_starts", table_name="peer_sessions")
    op.drop_index("ix_peer_sessions_exchange", table_name="peer_sessions")
    op.drop_table("peer_sessions")
    op.drop_table("exchange_hosts")
    op.drop_index("ix_exchanges_created", table_name="exchanges")
    op.drop_table("exchanges")
