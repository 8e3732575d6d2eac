"""Declarations of a conflict of interest that were taken back: who, when and why"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "withdrawn_conflicts"


def _to(name: str, table: str) -> list[object]:
    return [
        sa.Column(name, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_{TABLE}_{name}_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        *_to("expression_id", "expressions"),
        *_to("person_id", "people"),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        *_to("withdrawn_by", "people"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f(f"ck_{TABLE}_has_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index("ix_withdrawn_conflicts_expression", TABLE, ["expression_id", "withdrawn_at"])


def downgrade() -> None:
    op.drop_table(TABLE)
