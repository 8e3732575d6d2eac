"""Places: who may ask for one, what a State may have, seats that are offered, and sessions held in two sittings"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0028"
branch_labels = None
depends_on = None

_CHECKS = {
    "registration": "registration IN ('invitation', 'approval', 'open')",
    "line": "line IN ('first', 'fair')",
    "quota": "quota BETWEEN 1 AND 100000",
    "offer_hours": "offer_hours BETWEEN 1 AND 336",
    "sitting": "sitting_of IS NULL OR twice",
}


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    _columns()
    op.create_table(
        "place_quotas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.CheckConstraint("most BETWEEN 0 AND 100000", name=op.f("ck_place_quotas_most")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_place_quotas_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(
            ["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_place_quotas_peer_session_id_peer_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_quotas")),
        sa.UniqueConstraint("peer_session_id", "organisation_id", name=op.f("uq_place_quotas_peer_session_id_organisation_id")),
    )
    _requests()
    _offers()


def _columns() -> None:
    op.add_column("peer_sessions", sa.Column("sitting_of", sa.Uuid(), nullable=True))
    op.add_column("peer_sessions", sa.Column("twice", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("peer_sessions", sa.Column("registration", sa.String(40), nullable=False, server_default="invitation"))
    op.add_column("peer_sessions", sa.Column("hosts_approve", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("peer_sessions", sa.Column("quota", sa.Integer(), nullable=True))
    op.add_column("peer_sessions", sa.Column("line", sa.String(40), nullable=False, server_default="first"))
    op.add_column("peer_sessions", sa.Column("offer_hours", sa.Integer(), nullable=True))
    op.add_column("peer_sessions", sa.Column("delegation_whole", sa.Boolean(), nullable=False, server_default="false"))
    for name, condition in _CHECKS.items():
        op.execute(f"ALTER TABLE peer_sessions ADD CONSTRAINT ck_peer_sessions_{name} CHECK ({condition}) NOT VALID")
    op.execute(
        "ALTER TABLE peer_sessions ADD CONSTRAINT fk_peer_sessions_sitting_of_peer_sessions"
        " FOREIGN KEY (sitting_of) REFERENCES peer_sessions (id) NOT VALID"
    )
    # every row has the columns' defaults, and sessions are few: the look through them takes no time
    for name in ("fk_peer_sessions_sitting_of_peer_sessions", *(f"ck_peer_sessions_{name}" for name in _CHECKS)):
        op.execute(f"-- squawk-ignore constraint-missing-not-valid\nALTER TABLE peer_sessions VALIDATE CONSTRAINT {name}")
    # an upgrade is one transaction, and this index is of no row
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE UNIQUE INDEX ix_peer_sessions_sitting ON peer_sessions (sitting_of)"
    )


def _requests() -> None:
    op.create_table(
        "place_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("family_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_folded", sa.Text(), nullable=False),
        sa.Column("works_for", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("state", _one_of("asked", "unconfirmed", "waiting", "approved", "declined"), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("code_digest", sa.Text(), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_place_requests_peer_session_id_peer_sessions")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_place_requests_person_id_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_place_requests_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_place_requests_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_place_requests_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_place_requests_invitation_id_invitations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_requests")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_place_requests_code_digest")),
    )  # fmt: skip
    op.create_index(
        "ix_place_requests_pending", "place_requests", ["peer_session_id", "email_folded"], unique=True,
        postgresql_where=sa.text("state IN ('unconfirmed', 'waiting')"),
    )  # fmt: skip
    op.create_index("ix_place_requests_session", "place_requests", ["peer_session_id", "state", "id"])
    op.create_index("ix_place_requests_created", "place_requests", ["created_at", "id"])


def _offers() -> None:
    op.create_table(
        "seat_offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("peer_session_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", _one_of("offered", "open", "taken", "left", "lapsed"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_seat_offers_invitation_id_invitations")),
        sa.ForeignKeyConstraint(
            ["peer_session_id"], ["peer_sessions.id"], name=op.f("fk_seat_offers_peer_session_id_peer_sessions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_offers")),
    )  # fmt: skip
    op.create_index(
        "ix_seat_offers_open", "seat_offers", ["invitation_id"], unique=True, postgresql_where=sa.text("outcome = 'open'")
    )
    op.create_index(
        "ix_seat_offers_session", "seat_offers", ["peer_session_id", "until"], postgresql_where=sa.text("outcome = 'open'")
    )


def downgrade() -> None:
    for table in ("seat_offers", "place_requests", "place_quotas"):
        op.drop_table(table)
    op.drop_index("ix_peer_sessions_sitting", table_name="peer_sessions")
    for name in ("sitting_of", "twice", "registration", "hosts_approve", "quota", "line", "offer_hours", "delegation_whole"):
        op.drop_column("peer_sessions", name)
