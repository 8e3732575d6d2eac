"""Copies of a whole network, made by the database: rows many times over, tied to each other as the first ones are."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import Column, Connection, Table, Text, UniqueConstraint, Uuid, text

from app.extensions import db

TABLES = (
    "organisations", "people", "memberships", "stored_files", "designations", "calls", "practices", "resources",
    "catalogue_entries", "library_documents", "exchanges", "exchange_hosts", "peer_sessions", "invitations", "answer_records",
    "reminder_rules", "expressions", "expression_moves", "expression_notes", "expression_questions", "opinion_requests", "opinions",
    "opinion_records", "conflicts_of_interest", "pilots", "pilot_partners", "milestones", "milestone_revisions",
    "milestone_evidence", "pilot_updates", "circulars", "circular_recipients", "letter_signatories", "letter_sets", "letters",
    "imports", "archives", "hand_overs", "phone_calls", "inbound_mails", "messages", "links", "text_gaps", "text_marks",
    "audit_entries",
)  # fmt: skip
"""What grows with a network. States, roles, tools, wording and reference data do not."""
_BY_KIND = {
    "audit_entries": {"object_id": "object_kind"}, "catalogue_entries": {"object_id": "kind"},
    "library_documents": {"object_id": "kind"}, "letter_sets": {"about_id": "about_kind"}, "letters": {"about_id": "about_kind"},
    "links": {"start_id": "start_kind", "end_id": "end_kind"}, "messages": {"subject_id": "subject_kind"},
    "phone_calls": {"subject_id": "subject_kind"}, "stored_files": {"object_id": "object_kind"},
    "text_gaps": {"object_id": "kind"}, "text_marks": {"object_id": "kind"},
}  # fmt: skip
"""Ids that a kind beside them explains: no foreign key tells."""
_ONCE = {
    "organisations": "state",
    **dict.fromkeys(("catalogue_entries", "library_documents", "text_gaps", "text_marks"), "tool"),
}
"""Of these tables one kind stays as it is."""
_STATES = "(SELECT id FROM organisations WHERE kind = 'state')"


def times(connection: Connection, factor: int, tables: Iterable[str] = TABLES) -> None:
    """Make every one of these tables ``factor`` times as long."""
    wanted = set(tables)
    mark = uuid.uuid4().hex[:6]  # copies of copies are told apart
    for table in db.metadata.sorted_tables:
        if table.name in wanted:
            # what a trigger refuses is how a row comes to its state, and the first one came to it by the rules
            connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
            connection.execute(text(_statement(table, wanted)), {"more": factor - 1, "mark": mark})
            connection.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))


def _statement(table: Table, copied: set[str]) -> str:
    names = [c.name for c in table.columns if c.computed is None]
    values = [_value(table, table.columns[name], copied) for name in names]
    some = f"WHERE s.kind <> '{_ONCE[table.name]}'" if table.name in _ONCE else ""
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} "
        f"FROM (SELECT * FROM {table.name} s {some}) s, generate_series(1, :more) g"
    )


def _value(table: Table, column: Column[object], copied: set[str]) -> str:
    target = next(iter(column.foreign_keys)).column.table.name if column.foreign_keys else None
    other = f"md5(s.{column.name}::text || :mark || g)::uuid"
    if target == "organisations":  # a copy is of the same State, and of another university
        return f"CASE WHEN s.{column.name} IN {_STATES} THEN s.{column.name} ELSE {other} END"
    kind = _BY_KIND.get(table.name, {}).get(column.name)
    if kind is not None:
        return f"CASE WHEN s.{kind} = 'tool' THEN s.{column.name} ELSE {other} END"
    if isinstance(column.type, Uuid) and (target in copied or (column.primary_key and column.name == "id")):
        return other
    if isinstance(column.type, Text) and column.name in _told_apart(table):
        return f"s.{column.name} || '-' || :mark || g"
    return f"s.{column.name}"


def _told_apart(table: Table) -> set[str]:
    """Words that no two rows share."""
    alone = [c.columns for c in table.constraints if isinstance(c, UniqueConstraint) and len(c.columns) == 1]
    return {column.name for columns in alone for column in columns}
