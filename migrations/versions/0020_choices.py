"""What people choose of the mails they get, and for what a mail waits because of it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INDEX = """-- squawk-ignore require-concurrent-index-creation
CREATE INDEX {name} ON {place}"""


def upgrade() -> None:
    op.create_table(
        "mail_choices",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("modes", postgresql.JSONB(), nullable=False),
        sa.Column("quiet_until", sa.Date(), nullable=True),
        sa.Column("quiet_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("daily_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("weekly_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digested_on", sa.Date(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mail_choices")),
    )
    op.create_index(
        "ix_mail_choices_daily", "mail_choices", ["daily_at"], unique=False, postgresql_where=sa.text("daily_at IS NOT NULL")
    )
    op.add_column("messages", sa.Column("topic", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("waits", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("digest_id", sa.Uuid(), nullable=True))
    # an upgrade is one transaction: both indexes are empty, and a scan of a million rows for nothing takes half a second
    op.execute(_INDEX.format(name="ix_messages_waits", place="messages (due_at) WHERE state = 'queued' AND waits IS NOT NULL"))
    op.execute(_INDEX.format(name="ix_messages_digest", place="messages (digest_id) WHERE digest_id IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_messages_digest", "messages")
    op.drop_index("ix_messages_waits", "messages")
    op.drop_column("messages", "digest_id")
    op.drop_column("messages", "waits")
    op.drop_column("messages", "topic")
    op.drop_index("ix_mail_choices_daily", table_name="mail_choices")
    op.drop_table("mail_choices")
