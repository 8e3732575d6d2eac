"""Opinions of co-leads, conflicts of interest, who may see a question, and who took over from whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LABELLED = ("pilot_updates", "milestone_evidence", "stored_files")
VIEWS = ("support", "no_objection", "concern")


def _view(name: str) -> sa.Enum:
    return sa.Enum(*VIEWS, name=name, native_enum=False, create_constraint=True, length=40)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid(), nullable=False)


def _to(name: str, table: str, of: str, nullable: bool = False) -> list[object]:
    return [
        sa.Column(name, sa.Uuid(), nullable=nullable),
        sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_{of}_{name}_{table}")),
    ]


def _at(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    # a default in the database: the release before this one writes questions without the column
    op.add_column("expression_questions", sa.Column("visibility", sa.Text(), server_default="secretariat", nullable=False))
    op.create_table(
        "opinion_requests",
        _id(),
        *_to("expression_id", "expressions", "opinion_requests"),
        *_to("asked_by", "people", "opinion_requests"),
        _at("asked_at"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        _at("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_requests")),
    )
    op.create_index("ix_opinion_requests_expression", "opinion_requests", ["expression_id", "asked_at"])
    still = sa.text("closed_at IS NULL")
    op.create_index("uq_opinion_requests_open", "opinion_requests", ["expression_id"], unique=True, postgresql_where=still)
    op.create_index("ix_opinion_requests_due", "opinion_requests", ["due_on"], postgresql_where=still)
    op.create_table(
        "opinions",
        _id(),
        *_to("request_id", "opinion_requests", "opinions"),
        *_to("person_id", "people", "opinions"),
        sa.Column("view", _view("view"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("given_at", nullable=True),
        sa.CheckConstraint("view IS NULL OR given_at IS NOT NULL", name=op.f("ck_opinions_given")),
        sa.CheckConstraint("view <> 'concern' OR reason <> ''", name=op.f("ck_opinions_concern_has_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinions")),
    )
    op.create_index("uq_opinions_person", "opinions", ["request_id", "person_id"], unique=True)
    op.create_index("ix_opinions_person", "opinions", ["person_id"])
    op.create_table(
        "opinion_records",
        _id(),
        *_to("opinion_id", "opinions", "opinion_records"),
        sa.Column("view", _view("view"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _at("at"),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinion_records")),
    )
    op.create_index("ix_opinion_records_opinion", "opinion_records", ["opinion_id", "at"])
    op.create_table(
        "conflicts_of_interest",
        _id(),
        *_to("expression_id", "expressions", "conflicts_of_interest"),
        *_to("person_id", "people", "conflicts_of_interest"),
        _at("declared_at"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts_of_interest")),
    )
    op.create_index("uq_conflicts_of_interest", "conflicts_of_interest", ["expression_id", "person_id"], unique=True)
    op.create_table(
        "hand_overs",
        _id(),
        *_to("from_id", "people", "hand_overs"),
        *_to("to_id", "people", "hand_overs"),
        *_to("state_id", "organisations", "hand_overs", nullable=True),
        *_to("designation_id", "designations", "hand_overs", nullable=True),
        *_to("by_id", "people", "hand_overs", nullable=True),
        _at("at"),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_hand_overs_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index("ix_hand_overs_from", "hand_overs", ["from_id", "at"])
    op.create_index("ix_hand_overs_to", "hand_overs", ["to_id", "at"])


    for table in LABELLED:
        op.execute(f"UPDATE {table} SET visibility = 'all_co_leads' WHERE visibility = 'co_leads'")  # noqa: S608


def downgrade() -> None:
    for table in LABELLED:
        op.execute(f"UPDATE {table} SET visibility = 'co_leads' WHERE visibility IN ('all_co_leads', 'un_co_leads')")  # noqa: S608
    for table in ("hand_overs", "conflicts_of_interest", "opinion_records", "opinions", "opinion_requests"):
        op.drop_table(table)
    op.drop_column("expression_questions", "visibility")
