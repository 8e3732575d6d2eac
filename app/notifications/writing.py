"""Letters made rows: one statement for any number of them, which also asks whether their recipients want them and when."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.core.db import Json, uuid7
from app.notifications import leaving
from app.notifications.kinds import GATHERED, Mode, Topic, topic_of
from app.notifications.models import Priority, State, Waits

CHUNK = 2_000
"""So many rows are written by one statement."""
_WORD = r'[^\s@<>"(),:;\\\[\]\x00-\x1f\x7f]'
_ADDRESS = re.compile(rf'(?!.{{255}})(?:"[^"\\\x00-\x1f]{{1,62}}"|{_WORD}{{1,64}})@{_WORD}{{3,253}}')


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one recipient, before it is a row.

    ``facts`` are what this recipient is told; ``common`` what many are told: pass the same mapping object with
    each letter and it is stored, and later rendered, once. Names below ``facts["links"]`` (addresses of pages,
    with marks for tokens), ``facts["codes"]`` (marks of short codes) and ``facts["personal"]`` (short texts)
    may differ from person to person without a rendering of their own.
    """

    key: str
    kind: str
    address: str
    locale: str
    zone: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    common: Mapping[str, Any] | None = None
    recipient_id: uuid.UUID | None = None
    recipient_name: str = ""
    salutation: str = ""
    priority: int = Priority.NORMAL
    thread: str | None = None
    in_reply_to: str | None = None
    subject_kind: str | None = None
    subject_id: uuid.UUID | None = None
    subject_revision: int | None = None
    ical_method: str | None = None
    ical_uid: str | None = None
    ical_sequence: int | None = None
    dtstamp: datetime | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None
    at_most_once: bool = False
    topic: Topic | None = None  # where it is not the kind's own: a circular about a call is of the calls
    closed: bool = False  # the recipient's record is closed: the letter is kept and shown, and never sent


# Columns in the order of ``row_of``; the type is what the JSON travels as.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "uuid"), ("key", "text"), ("kind", "text"), ("priority", "smallint"), ("recipient_id", "uuid"),
    ("recipient_name", "text"), ("salutation", "text"), ("address", "text"), ("locale", "text"), ("zone", "text"),
    ("facts", "jsonb"), ("common_id", "uuid"), ("thread", "text"), ("in_reply_to", "text"), ("subject_kind", "text"),
    ("subject_id", "uuid"), ("subject_revision", "integer"), ("ical_method", "text"), ("ical_uid", "text"),
    ("ical_sequence", "integer"), ("dtstamp", "timestamptz"), ("due_at", "timestamptz"), ("expires_at", "timestamptz"),
    ("at_most_once", "boolean"), ("state", "text"), ("suppressed_reason", "text"), ("topic", "text"),
)  # fmt: skip
_NAMES = ", ".join(name for name, _ in _COLUMNS)


def decision(topic: str, expires: str, daily: str, weekly: str, quiet: str) -> str:
    """SQL that says what its recipient's choice does to a mail: why it is not sent, what it waits for, or nothing.

    What would be too late at the next digest is not gathered. The names are of columns or of values of the statement; of
    ``mail_choices``, called ``choice``, the modes are read.
    """
    mode, gathered = f"choice.modes ->> {topic}", ", ".join(f"'{one}'" for one in sorted(GATHERED))
    return f"""CASE WHEN coalesce({topic}, '{Topic.DIGEST}') = '{Topic.DIGEST}' OR choice.person_id IS NULL THEN NULL
    WHEN {mode} = '{Mode.NONE}' THEN '{CHOSEN}' WHEN {mode} = '{Mode.LEFT}' THEN '{UNSUBSCRIBED}'
    WHEN {quiet} > %(now)s THEN CASE WHEN {expires} <= {quiet} THEN '{QUIET}'
        WHEN {topic} IN ({gathered}) THEN '{Waits.AWAY}' ELSE '{Waits.LATER}' END
    WHEN {mode} = '{Mode.WEEKLY}' AND coalesce({expires} > {weekly}, true) THEN '{Waits.WEEKLY}'
    WHEN {mode} IN ('{Mode.DAILY}', '{Mode.WEEKLY}') AND coalesce({expires} > {daily}, true) THEN '{Waits.DAILY}' END"""


CHOSEN, UNSUBSCRIBED, QUIET, IN_DIGEST = "chosen", "unsubscribed", "quiet", "in_digest"
"""Why a mail is not sent because of what its recipient chose; the outbox page has a sentence for each."""
BY_CHOICE = frozenset({CHOSEN, UNSUBSCRIBED, QUIET, IN_DIGEST})
REFUSED = f"('{CHOSEN}', '{UNSUBSCRIBED}', '{QUIET}')"


def insert(rows: list[dict[str, Any]], now: datetime) -> tuple[str, dict[str, Any]]:
    """One statement for any number of rows, and the wake-up that PostgreSQL gives out only on commit.

    What goes to an address that mail came back from is not sent, and what its recipient chose is done. What is the same in
    all rows travels once, the rest as one JSON text: that halves the time of a bulk insert.
    """
    first = rows[0]
    varying = [(n, kind) for n, kind in _COLUMNS if n == "id" or any(row[n] != first[n] for row in rows)]
    names = {n for n, _ in varying}
    values: dict[str, Any] = {"now": now, "rows": as_json([{n: row[n] for n, _ in varying} for row in rows])}
    given = {name: f"given.{name}" if name in names else f"%({name})s::{kind}" for name, kind in _COLUMNS}
    for name, kind in _COLUMNS:
        if name not in names:
            values[name] = as_json(first[name]) if kind == "jsonb" else _without_nul(first[name])
    told, joined, waits, word = dict(given), "", "NULL", "NULL"
    if any(row["topic"] for row in rows):  # what is always sent asks nobody
        made = decision(given["topic"], given["expires_at"], "choice.daily_at", "choice.weekly_at", "choice.quiet_at")
        joined = f"""
    LEFT JOIN mail_choices choice ON choice.person_id = {given["recipient_id"]}
    CROSS JOIN LATERAL (SELECT {made} AS word) placed"""
        told["due_at"] = f"greatest({given['due_at']}, {moment('choice.daily_at', 'choice.weekly_at', 'choice.quiet_at')})"
        word = f"CASE WHEN placed.word IN {REFUSED} THEN placed.word END"
    returned = "CASE WHEN trouble.hard_at IS NOT NULL THEN 'undeliverable' END"
    told["suppressed_reason"] = f"coalesce({given['suppressed_reason']}, {returned}, {word})"
    told["state"] = f"CASE WHEN {told['suppressed_reason']} IS NOT NULL THEN '{State.SUPPRESSED}' ELSE {given['state']} END"
    if joined:
        waits = f"CASE WHEN {told['suppressed_reason']} IS NULL THEN placed.word END"
    statement = f"""
WITH written AS (
    INSERT INTO messages ({_NAMES}, waits, template_version, restored_hold, attempts, created_at)
    SELECT {", ".join(told.values())}, {waits}, 1, false, 0, %(now)s
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS given({", ".join(f"{n} {kind}" for n, kind in varying)})
    LEFT JOIN address_troubles trouble ON trouble.address = lower({given["address"]}){joined}
    ON CONFLICT (key) DO NOTHING RETURNING 1
), woken AS (SELECT pg_notify('outbox', ''))
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM woken)
"""  # noqa: S608 - all names are from the table above
    return statement, values


def moment(daily: str, weekly: str, quiet: str) -> str:
    """SQL for when the wait of ``placed.word`` is over; null where it names none."""
    return (
        f"CASE placed.word WHEN '{Waits.DAILY}' THEN {daily} WHEN '{Waits.WEEKLY}' THEN {weekly} "
        f"WHEN '{Waits.AWAY}' THEN {quiet} WHEN '{Waits.LATER}' THEN {quiet} END"
    )


def store_common(connection: Connection, batch: Sequence[Letter], now: datetime) -> dict[int, uuid.UUID]:
    """Write each shared mapping once; answers its row by the mapping's identity."""
    distinct = {id(letter.common): letter.common for letter in batch if letter.common is not None}
    return {identity: store_facts(connection, facts, now) for identity, facts in distinct.items()}


def store_facts(connection: Connection, facts: Mapping[str, Any], now: datetime) -> uuid.UUID:
    """Write facts that many may share, unless they stand there already; answers their row."""
    told = as_json(dict(facts))
    digest = hashlib.sha256(told.encode()).hexdigest()
    known: uuid.UUID | None = connection.exec_driver_sql("SELECT id FROM message_facts WHERE digest = %s", (digest,)).scalar()
    if known is None:
        # Two writers of the same facts meet at the unique digest; the second takes the first one's row.
        known = connection.exec_driver_sql(
            "INSERT INTO message_facts (id, digest, facts, created_at) VALUES (%s, %s, %s::jsonb, %s) "
            "ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING id",
            (uuid7(), digest, told, now),
        ).scalar_one()
    return known


def row_of(letter: Letter, commons: Mapping[int, uuid.UUID], now: datetime, together: int) -> dict[str, Any]:
    """What a letter's row holds, before its recipient's choices are asked."""
    address = letter.address.strip()
    reason = None if _ADDRESS.fullmatch(address) else "bad_address" if address else "no_address"
    if letter.closed:
        reason = "closed"
    return {
        "id": str(uuid7()),
        "key": letter.key,
        "kind": letter.kind,
        "priority": leaving.lane(letter.priority, together),
        "recipient_id": letter.recipient_id,
        "recipient_name": letter.recipient_name,
        "salutation": letter.salutation,
        "address": address,
        "locale": letter.locale,
        "zone": letter.zone,
        "facts": letter.facts,
        "common_id": None if letter.common is None else commons[id(letter.common)],
        "thread": letter.thread,
        "in_reply_to": letter.in_reply_to,
        "subject_kind": letter.subject_kind,
        "subject_id": letter.subject_id,
        "subject_revision": letter.subject_revision,
        "ical_method": letter.ical_method,
        "ical_uid": letter.ical_uid,
        "ical_sequence": letter.ical_sequence,
        "dtstamp": letter.dtstamp,
        "due_at": letter.due_at or now,
        "expires_at": letter.expires_at,
        "at_most_once": letter.at_most_once,
        "state": State.SUPPRESSED if reason else State.QUEUED,
        "suppressed_reason": reason,
        "topic": topic_of(letter.kind, letter.topic) if letter.recipient_id else None,
    }


def as_json(value: Json | list[dict[str, Any]]) -> str:
    """As PostgreSQL takes it."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain, sort_keys=isinstance(value, dict))
    return json.dumps(_without_nul(value), ensure_ascii=False, default=_plain) if "\\u0000" in told else told


def _plain(value: object) -> Any:
    """What JSON has no word for: instants, ids, and texts that are translated when read."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a fact never holds a time without a zone")
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _without_nul(value: Any) -> Any:
    """PostgreSQL holds no NUL; a text that has one loses it rather than the transaction."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nul(item) for item in value]
    return value
