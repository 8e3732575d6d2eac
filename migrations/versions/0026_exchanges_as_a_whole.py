"""An exchange as a whole: its languages, who is invited to it, and who may see that list"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("exchanges", sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=False, server_default="{}"))
    op.add_column("exchanges", sa.Column("list_shown", sa.String(length=40), nullable=False, server_default="hosts"))
    shown = "CHECK (list_shown IN ('hosts', 'invited', 'public'))"
    op.execute(f"ALTER TABLE exchanges ADD CONSTRAINT ck_exchanges_listshown {shown} NOT VALID")
    # every row has the column's default, and exchanges are few: the look through them takes no time
    op.execute("-- squawk-ignore constraint-missing-not-valid\nALTER TABLE exchanges VALIDATE CONSTRAINT ck_exchanges_listshown")
    op.create_table(
        "exchange_guests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column(
            "capacity",
            sa.Enum(
                "participant", "observer", "information", name="capacity", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("num_nonnulls(organisation_id, person_id) = 1", name=op.f("ck_exchange_guests_one_of_two")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_exchange_guests_added_by_people")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchanges.id"], name=op.f("fk_exchange_guests_exchange_id_exchanges")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_exchange_guests_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_exchange_guests_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_guests")),
        sa.UniqueConstraint("exchange_id", "organisation_id", name=op.f("uq_exchange_guests_exchange_id_organisation_id")),
        sa.UniqueConstraint("exchange_id", "person_id", name=op.f("uq_exchange_guests_exchange_id_person_id")),
    )
    op.create_index(op.f("ix_exchange_guests_organisation_id"), "exchange_guests", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_exchange_guests_person_id"), "exchange_guests", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("exchange_guests")
    op.drop_constraint(op.f("ck_exchanges_listshown"), "exchanges", type_="check")
    op.drop_column("exchanges", "list_shown")
    op.drop_column("exchanges", "languages")
