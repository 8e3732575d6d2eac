"""Rules of clocks as each release of the zone data has them, and what their changes did to sessions and people"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock_rules",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_clock_rules")),
    )
    op.add_column("messages", sa.Column("clock_rules", sa.Text(), nullable=True))
    op.add_column("peer_sessions", sa.Column("keeps_instant", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("peer_sessions", sa.Column("hour_in_doubt", sa.Boolean(), nullable=False, server_default="false"))
    op.create_table(
        "clock_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column(
            "cause", sa.Enum("anchor", "gap", "fold", "people", name="cause", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("from_version", sa.Text(), nullable=False),
        sa.Column("to_version", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("local_start", sa.DateTime(timezone=False), nullable=False),
        sa.Column("was_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "decision",
            sa.Enum(
                "wall", "second", "instant", "edited", "cancelled", "undone", "lapsed",
                name="decision", native_enum=False, create_constraint=True, length=40,
            ),
            nullable=True,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_clock_changes_decided")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_clock_changes_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_clock_changes_peer_session_id_peer_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_changes")),
    )
    op.create_index(
        "uq_clock_changes_open", "clock_changes", ["peer_session_id"], unique=True, postgresql_where=sa.text("decision IS NULL")
    )
    op.create_index("ix_clock_changes_session", "clock_changes", ["peer_session_id", "id"], unique=False)
    op.create_index("ix_clock_changes_found", "clock_changes", ["found_at", "id"], unique=False)
    op.create_table(
        "clock_moves",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "touch", sa.Enum("moved", "own", "same", name="touch", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("was", sa.DateTime(timezone=False), nullable=False),
        sa.Column("becomes", sa.DateTime(timezone=False), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["clock_changes.id"], name=op.f("fk_clock_moves_change_id_clock_changes")),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_clock_moves_invitation_id_invitations")),
        sa.PrimaryKeyConstraint("change_id", "invitation_id", name=op.f("pk_clock_moves")),
    )
    op.create_index("ix_clock_moves_invitation", "clock_moves", ["invitation_id"], unique=False)


def downgrade() -> None:
    op.drop_table("clock_moves")
    op.drop_table("clock_changes")
    op.drop_column("peer_sessions", "hour_in_doubt")
    op.drop_column("peer_sessions", "keeps_instant")
    op.drop_column("messages", "clock_rules")
    op.drop_table("clock_rules")
