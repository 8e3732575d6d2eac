"""Date polls: times to choose from, who is asked, what each person says to each time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "polls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=True),
        sa.Column("titles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("deadline_local", sa.DateTime(), nullable=False),
        sa.Column("deadline_fold", sa.SmallInteger(), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("tzdb_version", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("illustrative", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("deadline_fold IN (0, 1)", name=op.f("ck_polls_deadline_fold")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 1440", name=op.f("ck_polls_minutes")),
        sa.ForeignKeyConstraint(["closed_by"], ["people.id"], name=op.f("fk_polls_closed_by")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_polls_exchange_id")),
        sa.ForeignKeyConstraint(["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_polls_peer_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_polls")),
    )
    op.create_index("ix_polls_exchange", "polls", ["exchange_id"], unique=False)
    op.create_index("ix_polls_open", "polls", ["deadline_at", "id"], unique=False, postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index("ix_polls_session", "polls", ["peer_session_id"], unique=False)
    op.create_table(
        "poll_slots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("local_start", sa.DateTime(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("fold", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.CheckConstraint("fold IN (0, 1)", name=op.f("ck_poll_slots_fold")),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_poll_slots_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_slots")),
    )
    op.create_index("ix_poll_slots_poll", "poll_slots", ["poll_id", "starts_at", "id"], unique=False)
    op.create_index("uq_poll_slots_chosen", "poll_slots", ["poll_id"], unique=True, postgresql_where=sa.text("chosen"))
    op.create_table(
        "poll_asked",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_round", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_round", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_poll_asked_asked_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_poll_asked_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_poll_asked_person_id")),
        sa.ForeignKeyConstraint(["poll_id"], ["polls.id"], name=op.f("fk_poll_asked_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_asked")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_poll_asked_code_digest")),
        sa.UniqueConstraint("poll_id", "person_id", name=op.f("uq_poll_asked_poll_id_person_id")),
    )
    op.create_index("ix_poll_asked_organisation", "poll_asked", ["organisation_id", "poll_id"], unique=False)
    op.create_index("ix_poll_asked_person", "poll_asked", ["person_id", "poll_id"], unique=False)
    op.create_table(
        "poll_votes",
        sa.Column("asked_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column(
            "vote",
            sa.Enum("yes", "if_needed", "no", name="vote", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["asked_id"], ["poll_asked.id"], name=op.f("fk_poll_votes_asked_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["poll_slots.id"], name=op.f("fk_poll_votes_slot_id")),
        sa.PrimaryKeyConstraint("asked_id", "slot_id", name=op.f("pk_poll_votes")),
    )
    op.create_index("ix_poll_votes_slot", "poll_votes", ["slot_id"], unique=False)
    op.create_table(
        "poll_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asked_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "route",
            sa.Enum("page", "mail", "state", "secretariat", name="route", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("votes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["asked_id"], ["poll_asked.id"], name=op.f("fk_poll_answers_asked_id")),
        sa.ForeignKeyConstraint(["entered_by"], ["people.id"], name=op.f("fk_poll_answers_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_answers")),
    )
    op.create_index("ix_poll_answers_asked", "poll_answers", ["asked_id", "at"], unique=False)


def downgrade() -> None:
    for table in ("poll_answers", "poll_votes", "poll_asked", "poll_slots", "polls"):
        op.drop_table(table)
