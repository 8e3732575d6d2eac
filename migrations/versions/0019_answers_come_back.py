"""Addresses that mail came back from, and other addresses that people answer from"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_troubles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("hard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False, server_default=""),
        sa.Column("told", sa.Text(), nullable=False, server_default=""),
        sa.Column("counted", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_troubles")),
        sa.UniqueConstraint("address", name=op.f("uq_address_troubles_address")),
    )
    op.create_table(
        "other_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_other_addresses")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_other_addresses_person_id_people")),
        sa.UniqueConstraint("address", name=op.f("uq_other_addresses_address")),
    )
    op.create_index("ix_other_addresses_person", "other_addresses", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_other_addresses_person", table_name="other_addresses")
    op.drop_table("other_addresses")
    op.drop_table("address_troubles")
