"""The rows a sending thread holds: claimed under a lease and a lock, given back, moved on; each step fenced by its token.

A claimant holds a session advisory lock named in its rows, on its own connection. When the process dies the lock
goes with it, and the next sweep frees the rows at once; the lease is the second fence.
"""

from __future__ import annotations

import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row
from sqlalchemy import Engine

from app.core import zones
from app.heartbeats import rules as heartbeats
from app.notifications import pauses
from app.notifications.models import State, Waits

CLASS = 0x0B0C
"""First key of the senders' advisory locks; the second is the claimant's number."""
SWEEP = 1
"""Second key of the sweep's own lock."""
LEASE = timedelta(seconds=600)
"""The second fence: longer than a batch plus every SMTP timeout of one mail, four replies of two minutes at most."""
BATCH = 50
_RETRY_MINUTES = (1, 2, 5, 15, 30)
GIVE_UP = timedelta(hours=72)
ANY_LANE = 32_767
"""Below this stands every lane."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row in a sender's hands, with what rendering needs of it."""

    id: uuid.UUID
    kind: str
    priority: int
    address: str
    locale: str
    zone: str
    recipient_name: str
    salutation: str
    facts: dict[str, Any]
    common_id: uuid.UUID | None
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    template_version: int
    ical_method: str | None
    ical_uid: str | None
    ical_sequence: int | None
    dtstamp: datetime | None
    in_reply_to: str | None
    first_id: uuid.UUID | None  # the first mail of the thread that was sent
    subject_kind: str | None
    subject_id: uuid.UUID | None
    subject_revision: int | None
    at_most_once: bool
    attempts: int
    recipient_id: uuid.UUID | None
    topic: str | None
    nonce: str | None  # of the links to the recipient's choices


_OWN = (
    "id", "kind", "priority", "address", "locale", "zone", "recipient_name", "salutation", "facts", "common_id",
    "created_at", "due_at", "expires_at", "template_version", "ical_method", "ical_uid", "ical_sequence", "dtstamp",
    "in_reply_to", "subject_kind", "subject_id", "subject_revision", "at_most_once", "attempts", "recipient_id", "topic",
)  # fmt: skip
NOT_FROZEN = "NOT EXISTS (SELECT 1 FROM outbox_freezes f WHERE f.ended_at IS NULL)"
"""Asked with every claim, so that a frozen outbox is frozen for every process at once."""
BY_ITSELF = f"(waits IS NULL OR waits = '{Waits.LATER}')"
"""What is gathered never leaves as its own mail."""
_CLAIM = f"""
UPDATE messages m SET state = 'sending', lease_token = %(token)s, lease_until = %(until)s, claimant = %(claimant)s,
    attempts = m.attempts + 1
FROM (SELECT set_config('synchronous_commit', 'off', true)) quickly, (
    SELECT id FROM messages
    WHERE state = 'queued' AND due_at <= %(now)s AND NOT restored_hold AND (expires_at IS NULL OR expires_at > %(now)s)
        AND {BY_ITSELF} AND priority < %(below)s AND lower(split_part(address, '@', -1)) <> ALL(%(busy)s) AND {NOT_FROZEN}
    ORDER BY priority, due_at FOR UPDATE SKIP LOCKED LIMIT %(limit)s
) due
WHERE m.id = due.id
RETURNING {", ".join("m." + name for name in _OWN)},
    (SELECT f.id FROM messages f WHERE f.thread = m.thread AND f.state IN ('sent', 'bounced') AND f.id <> m.id
     ORDER BY f.id LIMIT 1) AS first_id,
    (SELECT c.nonce FROM mail_choices c WHERE c.person_id = m.recipient_id) AS nonce
"""  # noqa: S608 - the names are the tuple above
# A claim does not wait for the disk, which costs as much as the rest of it. One that a crash of the server loses is a row that
# nobody holds any more, and every later step of a row (``sent``) waits, with all that was written before.
_REACHABLE = "NOT EXISTS (SELECT 1 FROM mail_pauses p WHERE p.until > %(now)s AND p.domain = lower(split_part(address, '@', -1)))"
_DUE = (
    "SELECT 1 FROM messages WHERE priority < %(below)s AND state = 'queued' AND due_at <= %(now)s AND NOT restored_hold "  # noqa: S608
    f"AND (expires_at IS NULL OR expires_at > %(now)s) AND {BY_ITSELF} AND {NOT_FROZEN} AND {_REACHABLE} LIMIT 1"
)
_RELEASE = "lease_token = NULL, lease_until = NULL, claimant = NULL"


def connect(engine: Engine) -> psycopg.Connection[Any]:
    """A connection of one's own, outside the pool, each statement its own transaction."""
    _, parameters = engine.dialect.create_connect_args(engine.url)
    extra = {"options": "-c timezone=UTC -c lock_timeout=10000 -c statement_timeout=60000"}
    return psycopg.connect(**{**extra, **parameters}, autocommit=True)


class Claimant:
    """One sending thread's hold on the outbox. Each answer tells whether the row was still ours."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._signed: dict[str, float] = {}
        self._cursor = connection.cursor()  # kept: a new one for each mail costs as much as a statement's parsing
        self._token = uuid.uuid4()
        try:
            while True:
                self.number = secrets.randbelow(2**31 - 2) + 2
                got = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, self.number)).fetchone()
                if got and got[0]:
                    return
        except psycopg.Error:
            connection.close()  # nobody else knows of it
            raise

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection that holds the lock: each statement its own transaction."""
        return self._connection

    def claim(self, now: datetime, limit: int = BATCH, *, below: int = ANY_LANE, busy: Sequence[str] = ()) -> list[Claimed]:
        """Take what is due, most urgent first, that nobody else holds; not from lanes that are as slow as ``below``.

        Mails to ``busy`` domains stay where they are.
        """
        self._token = uuid.uuid4()
        values = {
            "token": self._token, "until": now + LEASE, "claimant": self.number, "now": now, "limit": limit, "below": below,
            "busy": list(busy),
        }  # fmt: skip
        with self._connection.cursor(row_factory=class_row(Claimed)) as cursor:
            rows = cursor.execute(_CLAIM, values).fetchall()
        return sorted(rows, key=lambda row: (row.priority, row.due_at, row.id))

    def still_wanted(self, row: Claimed, now: datetime) -> bool:
        """Asked just before DATA: is the row still ours, not taken back, and its reader at the same address?

        An at-most-once row is marked as it leaves.
        """
        if row.at_most_once:
            same = "AND withdrawn_at IS NULL AND address = %(address)s"
            return self._change(row, "handed_at = %(now)s", {"now": now, "address": row.address}, same)
        found = self._cursor.execute(
            "SELECT 1 FROM messages WHERE id = %s AND lease_token = %s AND state = 'sending' AND withdrawn_at IS NULL "
            "AND address = %s",
            (row.id, self._token, row.address),
        ).fetchone()
        return found is not None

    def sent(self, row: Claimed, now: datetime, reply: str, sha256: str) -> bool:
        """The relay has accepted it, for the address that it was made for."""
        told = "smtp_reply = %(reply)s, sha256 = %(sha)s, clock_rules = %(rules)s, address = %(address)s"
        values = {"now": now, "reply": reply, "sha": sha256, "rules": zones.iana_version(), "address": row.address}
        return self._change(row, f"state = 'sent', sent_at = %(now)s, {told}, {_RELEASE}", values)

    def ended(self, row: Claimed, state: State, word: str, told: str) -> bool:
        """It will not be sent by this row: failed, expired, cancelled or unknown, and why, at the address it was made for."""
        values = {"state": state.value, "word": word, "told": told, "address": row.address}
        return self._change(row, f"state = %(state)s, address = %(address)s, {_ERROR}, {_RELEASE}", values)

    def not_wanted(self, row: Claimed, word: str, told: str) -> bool:
        """What ``still_wanted`` refused ends here; what only has another address now is queued again, and leaves for that one."""
        moved = "withdrawn_at IS NULL AND address <> %(address)s"
        change = (
            f"state = CASE WHEN {moved} THEN 'queued' ELSE 'cancelled' END, attempts = attempts - CAST(({moved}) AS integer), "
            f"error_class = CASE WHEN {moved} THEN error_class ELSE %(word)s END, "
            f"last_error = CASE WHEN {moved} THEN last_error ELSE %(told)s END, "
            f"first_error = coalesce(first_error, CASE WHEN {moved} THEN NULL ELSE %(told)s END), {_RELEASE}"
        )
        return self._change(row, change, {"address": row.address, "word": word, "told": told})

    def again(self, row: Claimed, due_at: datetime, word: str, told: str, *, used: bool) -> bool:
        """Back in the queue until ``due_at``; a try that was none (``used`` false) is not counted.

        One that was taken back meanwhile ends here.
        """
        state = "CASE WHEN withdrawn_at IS NULL THEN 'queued' ELSE 'cancelled' END"
        change = f"state = {state}, due_at = %(due)s, attempts = attempts - %(unused)s, handed_at = NULL, {_ERROR}, {_RELEASE}"
        return self._change(row, change, {"due": due_at, "unused": 0 if used else 1, "word": word, "told": told})

    def give_back(self, rows: Sequence[Claimed], word: str | None = None) -> None:
        """Untouched rows, as if they had never been claimed; ``word`` says what they wait for."""
        if rows:
            self._connection.execute(
                "UPDATE messages SET state = CASE WHEN withdrawn_at IS NULL THEN 'queued' ELSE 'cancelled' END, "  # noqa: S608
                "error_class = CASE WHEN withdrawn_at IS NULL THEN coalesce(%s, error_class) ELSE 'withdrawn' END, "
                f"attempts = attempts - 1, {_RELEASE} WHERE id = ANY(%s) AND lease_token = %s AND state = 'sending'",
                (word, [row.id for row in rows], self._token),
            )

    def hold_on(self, rows: Sequence[Claimed]) -> Callable[[], pauses.Held]:
        """What this claimant holds, for whoever takes it away from a sender that hangs."""
        token = self._token
        return lambda: (token, [row.id for row in rows])

    def take_from(self, held: pauses.Held) -> int:
        """Free rows that hang behind another sender's mail; its token opens them no more. Answers how many."""
        done = self._connection.execute(
            "UPDATE messages SET state = CASE WHEN withdrawn_at IS NULL THEN 'queued' ELSE 'cancelled' END, "  # noqa: S608
            f"attempts = attempts - 1, {_RELEASE} WHERE id = ANY(%s) AND lease_token = %s AND state = 'sending' "
            "AND handed_at IS NULL",
            (held[1], held[0]),
        )
        return done.rowcount

    def is_due(self, now: datetime, *, below: int) -> bool:
        """Waits anything in these lanes?"""
        found = self._connection.execute(_DUE, {"now": now, "below": below})
        return found.fetchone() is not None

    def commons(self, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
        """The shared facts of these rows."""
        rows = self._connection.execute("SELECT id, facts FROM message_facts WHERE id = ANY(%s)", (list(ids),)).fetchall()
        return dict(rows)

    def sign(self, name: str) -> None:
        """A sign of life of this name, at most every few seconds."""
        now = time.monotonic()
        if now - self._signed.get(name, float("-inf")) >= heartbeats.EVERY.total_seconds():
            self._signed[name] = now
            heartbeats.beat(self._connection, name)

    def close(self) -> None:
        """Let go of the lock and the connection."""
        self._connection.close()

    def _change(self, row: Claimed, change: str, values: dict[str, Any], more: str = "") -> bool:
        statement = f"UPDATE messages SET {change} WHERE id = %(id)s AND lease_token = %(token)s AND state = 'sending' {more}"  # noqa: S608
        done = self._cursor.execute(statement, {**values, "id": row.id, "token": self._token})
        return done.rowcount == 1


_ERROR = "error_class = %(word)s, last_error = %(told)s, first_error = coalesce(first_error, %(told)s)"


def next_try(row: Claimed, now: datetime, *, unsure: bool = False) -> datetime:
    """1, 2, 5, 15, 30 minutes, then hourly, each ±20 % so that a crowd does not come back at once.

    After a line that broke without an answer (``unsure``) nobody asked for patience: the first new try comes within half a minute.
    """
    if unsure and row.attempts <= 1:
        return now + timedelta(seconds=random.uniform(20, 30))  # noqa: S311 - spread, not secrecy
    minutes = _RETRY_MINUTES[row.attempts - 1] if row.attempts <= len(_RETRY_MINUTES) else 60
    return now + timedelta(minutes=minutes * random.uniform(0.8, 1.2))  # noqa: S311 - spread, not secrecy


def sweep(connection: psycopg.Connection[Any], now: datetime) -> int | None:
    """Free the rows of senders that are gone, end what is over; answers how much is due, ``None`` if another sweeps.

    ``pg_locks`` names every lock that is held: a claimant that is not there has died, or lost its connection.
    """
    got = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (CLASS, SWEEP)).fetchone()
    if not got or not got[0]:
        return None
    try:
        connection.execute(_FREE, {"now": now, "class": CLASS})
        connection.execute(
            "UPDATE messages SET state = 'expired', error_class = 'expired' "  # noqa: S608 - a constant of this module
            f"WHERE state = 'queued' AND expires_at <= %(now)s AND NOT restored_hold AND {NOT_FROZEN}",
            {"now": now},
        )
        pauses.forget(connection, now)
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s, %s)", (CLASS, SWEEP))
    return backlog(connection, now)


def backlog(connection: psycopg.Connection[Any], now: datetime, most: int = 1000) -> int:
    """How many messages are due, counted up to ``most``."""
    row = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = 'queued' AND due_at <= %(now)s AND NOT restored_hold "  # noqa: S608
        f"AND (expires_at IS NULL OR expires_at > %(now)s) AND {BY_ITSELF} AND {NOT_FROZEN} AND {_REACHABLE} LIMIT %(most)s) due",
        {"now": now, "most": most},
    ).fetchone()
    return int(row[0]) if row else 0


_FREE = f"""
UPDATE messages m SET
    state = CASE WHEN withdrawn_at IS NOT NULL THEN 'cancelled'
                 WHEN at_most_once AND handed_at IS NOT NULL THEN 'unknown' ELSE 'queued' END,
    error_class = CASE WHEN withdrawn_at IS NOT NULL THEN 'withdrawn' ELSE 'sender_gone' END, {_RELEASE}
WHERE state = 'sending' AND (lease_until < %(now)s OR NOT EXISTS (
    SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.classid = %(class)s::oid AND l.objid = m.claimant::oid
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
))
"""  # noqa: S608 - constants of this module
