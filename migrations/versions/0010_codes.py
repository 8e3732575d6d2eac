"""Short codes in mails are found by their digests; addresses in messages that wait or were sent hold marks, not tokens"""

from __future__ import annotations

import base64
import hmac
import re
import uuid

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from config import load

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The part of an address before a token: what the token is for, and where its nonce lies.
PLACES = {
    "answer": ("answer", "invitations", "nonce"),
    "join": ("join", "invitations", "join_nonce"),
    "drafts": ("draft", "expressions", "draft_nonce"),
    "confirmations": ("confirm", "expressions", "confirm_nonce"),
    "status": ("status", "expressions", "status_nonce"),
    "corrections": ("correct", "expressions", "status_nonce"),
    "questions": ("question", "expression_questions", "nonce"),
    "milestones": ("milestone", "milestones", "owner_nonce"),
    "sign-in": ("sign-in", "sign_in_links", "nonce"),
    "welcome": ("join-network", "join_invitations", "nonce"),
}
_TOKEN = re.compile(r"/([a-z-]+)/([A-Za-z0-9_-]{54})(?![A-Za-z0-9_-])")
_BATCH = 1000


def upgrade() -> None:
    op.add_column("invitations", sa.Column("code_digest", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_invitations_code_digest"), "invitations", ["code_digest"])
    for name in ("draft_code_digest", "status_code_digest"):
        op.add_column("expressions", sa.Column(name, sa.Text(), nullable=True))
        op.create_unique_constraint(op.f(f"uq_expressions_{name}"), "expressions", [name])
    _mark_messages()
    op.execute("DELETE FROM sent_forms WHERE led_to ~ '/[A-Za-z0-9_-]{54}($|[/?])'")


def downgrade() -> None:
    """Messages keep their marks: those that wait would leave with links that open nothing, so none may wait."""
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM messages WHERE state IN ('queued', 'sending'))")):
        raise RuntimeError("Messages wait to be sent. Let them leave first: the former version cannot make their links.")
    for name in ("draft_code_digest", "status_code_digest"):
        op.drop_constraint(op.f(f"uq_expressions_{name}"), "expressions", type_="unique")
        op.drop_column("expressions", name)
    op.drop_constraint(op.f("uq_invitations_code_digest"), "invitations", type_="unique")
    op.drop_column("invitations", "code_digest")


def _mark_messages() -> None:
    """Write a mark for each token that still opens something. One that a new nonce has ended opens nothing, and stays so."""
    bind, after, keys = op.get_bind(), uuid.UUID(int=0), [key.encode() for key in load().secret_keys]
    page = sa.text("SELECT id, facts->'links' FROM messages WHERE id > :after AND facts ? 'links' ORDER BY id LIMIT :most")
    write = sa.text("UPDATE messages SET facts = jsonb_set(facts, '{links}', :links) WHERE id = :id")
    write = write.bindparams(sa.bindparam("links", type_=JSONB))
    while found := bind.execute(page, {"after": after, "most": _BATCH}).all():
        after = found[-1][0]
        for row, links in found:
            marked = {name: _TOKEN.sub(lambda m: _mark(bind, keys, m), address) for name, address in links.items()}
            if marked != links:
                bind.execute(write, {"id": row, "links": marked})


def _mark(bind: sa.Connection, keys: list[bytes], found: re.Match[str]) -> str:
    part, token = found.groups()
    if part not in PLACES:
        return found[0]
    raw, (purpose, table, column) = base64.urlsafe_b64decode(token + "=="), PLACES[part]
    row = uuid.UUID(bytes=raw[:16])
    nonce = bind.scalar(sa.text(f"SELECT {column} FROM {table} WHERE id = :row"), {"row": row})  # noqa: S608 - named above
    told = b"\0".join((purpose.encode(), row.bytes, (nonce or "").encode()))
    ours = any(hmac.compare_digest(hmac.digest(key, told, "sha256")[:24], raw[16:]) for key in keys)
    return f"/{part}/~{purpose}~{row.hex}~{nonce}" if nonce and ours else found[0]
