"""Short codes beside the links that confirm an address and that lead owners to their milestones"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COLUMNS = {"expressions": "confirm_code_digest", "milestones": "owner_code_digest"}
_INDEX = """-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX ix_{table}_{name} ON {table} ({name})"""


def upgrade() -> None:
    for table, name in COLUMNS.items():
        op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
        # an upgrade is one transaction, so the index is built under a lock: of a column of nothing, in two tables of thousands
        op.execute(_INDEX.format(table=table, name=name))


def downgrade() -> None:
    for table, name in COLUMNS.items():
        op.drop_index(op.f(f"ix_{table}_{name}"), table)
        op.drop_column(table, name)
