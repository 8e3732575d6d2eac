"""Lists that cost the same however long they are: what their pages are found and put in order by"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_calls_opens": "calls (opens_at, id)",
    "ix_catalogue_entries_facets": "catalogue_entries (published, grounds, states, type)",
    "ix_circular_recipients_unreached": "circular_recipients (circular_id) WHERE trouble IS NOT NULL AND route IS NULL",
    "ix_designations_from": "designations (valid_from, id)",
    "ix_designations_to_verify": "designations (created_at, id) WHERE verified_at IS NULL AND refused_at IS NULL",
    "ix_people_without_address": "people (id) WHERE email IS NULL OR email = ''",
    "ix_practices_changed": "practices (updated_at, id)",
}
_INDEX = """-- squawk-ignore require-concurrent-index-creation
CREATE INDEX {name} ON {place}"""


def upgrade() -> None:
    # an upgrade is one transaction, so each index is built under a lock: in tables of thousands, within a moment
    for name, place in INDEXES.items():
        op.execute(_INDEX.format(name=name, place=place))


def downgrade() -> None:
    for name, place in INDEXES.items():
        op.drop_index(name, place.split()[0])
