"""One message or ten thousand, written in the transaction of the fact that caused them; after commit, a nudge.

Nothing here touches the network but the nudge, which may be lost: the row is the intent, the sweep finds it.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Result,
    Text,
    Update,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import Json, UtcDateTime, uuid7
from app.extensions import db
from app.notifications import nudge
from app.notifications.models import Message, Priority, State
from app.notifications.revisions import register_revision_check

__all__ = [
    "Letter",
    "cancel_waiting",
    "mails_waiting_for",
    "queue",
    "readdress",
    "register_revision_check",
    "replace_waiting",
    "send_again",
    "send_now",
    "take_back_from",
]

_CHUNK = 2_000
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
    closed: bool = False  # the recipient's record is closed: the letter is kept and shown, and never sent


# Columns in the order of ``_values``; the type is what the JSON travels as.
_COLUMNS: tuple[tuple[str, str], ...] = (
    ("id", "uuid"), ("key", "text"), ("kind", "text"), ("priority", "smallint"), ("recipient_id", "uuid"),
    ("recipient_name", "text"), ("salutation", "text"), ("address", "text"), ("locale", "text"), ("zone", "text"),
    ("facts", "jsonb"), ("common_id", "uuid"), ("thread", "text"), ("in_reply_to", "text"), ("subject_kind", "text"),
    ("subject_id", "uuid"), ("subject_revision", "integer"), ("ical_method", "text"), ("ical_uid", "text"),
    ("ical_sequence", "integer"), ("dtstamp", "timestamptz"), ("due_at", "timestamptz"), ("expires_at", "timestamptz"),
    ("at_most_once", "boolean"), ("state", "text"), ("suppressed_reason", "text"),
)  # fmt: skip
_NAMES = ", ".join(name for name, _ in _COLUMNS)


def _insert(rows: list[dict[str, Any]], now: datetime) -> tuple[str, dict[str, Any]]:
    """One statement for any number of rows, and the wake-up that PostgreSQL gives out only on commit.

    What goes to an address that mail came back from is not sent. What is the same in all rows travels once, the rest as
    one JSON text: that halves the time of a bulk insert.
    """
    first = rows[0]
    varying = [(n, kind) for n, kind in _COLUMNS if n == "id" or any(row[n] != first[n] for row in rows)]
    names = {n for n, _ in varying}
    values: dict[str, Any] = {"now": now, "rows": _json([{n: row[n] for n, _ in varying} for row in rows])}
    chosen = []
    for name, kind in _COLUMNS:
        chosen.append(f"given.{name}" if name in names else f"%({name})s::{kind}")
        if name not in names:
            values[name] = _json(first[name]) if kind == "jsonb" else _without_nul(first[name])
    told = dict(zip((name for name, _ in _COLUMNS), chosen, strict=True))
    held = f"{told['suppressed_reason']} IS NULL AND trouble.hard_at IS NOT NULL"
    for name, instead in (("state", State.SUPPRESSED.value), ("suppressed_reason", "undeliverable")):
        told[name] = f"CASE WHEN {held} THEN '{instead}' ELSE {told[name]} END"
    statement = f"""
WITH written AS (
    INSERT INTO messages ({_NAMES}, template_version, restored_hold, attempts, created_at)
    SELECT {", ".join(told.values())}, 1, false, 0, %(now)s
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS given({", ".join(f"{n} {kind}" for n, kind in varying)})
    LEFT JOIN address_troubles trouble ON trouble.address = lower({told["address"]})
    ON CONFLICT (key) DO NOTHING RETURNING 1
), woken AS (SELECT pg_notify('outbox', ''))
SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM woken)
"""  # noqa: S608 - all names are from the table above
    return statement, values


def queue(letters: Letter | Iterable[Letter], *, now: datetime) -> int:
    """Write these letters in the present transaction; answers how many were new. A repeated key is no second row."""
    batch = [letters] if isinstance(letters, Letter) else list(letters)
    if not batch:
        return 0
    connection = db.session.connection()
    commons = _store_common(connection, batch, now)
    written = 0
    for start in range(0, len(batch), _CHUNK):
        rows = [_values(letter, commons, now) for letter in batch[start : start + _CHUNK]]
        written += connection.exec_driver_sql(*_insert(rows, now)).scalar_one()
    nudge.after_commit()
    return written


def replace_waiting(letters: Letter | Iterable[Letter], *, kinds: Collection[str] | None = None, now: datetime) -> int:
    """Queue these letters in place of what the same thread (person and thing) still has waiting.

    ``kinds`` says which kinds give way; by default the letters' own. What a sender has already claimed leaves.
    """
    batch = [letters] if isinstance(letters, Letter) else list(letters)
    if not batch:
        return 0
    threads = [letter.thread for letter in batch if letter.thread is not None]
    if len(threads) != len(batch):
        raise ValueError("only a letter of a thread can replace another")
    own = {letter.kind for letter in batch}
    db.session.execute(
        update(Message)
        .where(
            Message.thread == any_(sql_cast(threads, ARRAY(Text))),
            Message.kind.in_(own if kinds is None else kinds),
            Message.state == State.QUEUED,
            Message.key != all_(sql_cast([letter.key for letter in batch], ARRAY(Text))),
        )
        .values(state=State.CANCELLED, error_class="replaced")
        .execution_options(synchronize_session=False)
    )
    return queue(batch, now=now)


def cancel_waiting(
    subject_kind: str,
    subject_id: uuid.UUID,
    kinds: Collection[str] | None = None,
    recipient_ids: Collection[uuid.UUID] | None = None,
    *,
    now: datetime,
) -> int:
    """Take back what waits to be said of this subject; answers how many.

    A row in a sender's hands is marked: the sender reads the mark just before it hands the mail over, and a mail
    that had left already stays ``sent``, as it was.
    """
    values: dict[str, Any] = {"about": subject_kind, "of": subject_id, "at": now}
    if kinds is not None:
        values["said"] = list(kinds)
    if recipient_ids is not None:
        values["to"] = list(recipient_ids)
    return _count(db.session.execute(_taking_back("said" in values, "to" in values), values))


@cache
def _taking_back(by_kind: bool, by_recipient: bool) -> Update:
    """The statement, put together once: each answer asks it."""
    about = [Message.subject_kind == bindparam("about"), Message.subject_id == bindparam("of", type_=Uuid)]
    if by_kind:
        about.append(Message.kind == any_(bindparam("said", type_=ARRAY(Text))))
    if by_recipient:
        about.append(Message.recipient_id == any_(bindparam("to", type_=ARRAY(Uuid))))
    waits, claimed = Message.state == State.QUEUED, Message.state == State.SENDING
    at = bindparam("at", type_=UtcDateTime())
    return (
        update(Message)
        .where(*about, or_(waits, and_(claimed, Message.withdrawn_at.is_(None))))
        .values(
            state=case((waits, State.CANCELLED), else_=Message.state),
            error_class=case((waits, "withdrawn"), else_=Message.error_class),
            withdrawn_at=case((claimed, at), else_=Message.withdrawn_at),
        )
        .execution_options(synchronize_session=False)
    )


def _theirs(person_id: uuid.UUID, address: str | None) -> ColumnElement[bool]:
    """Mails to a person; those to somebody who had no record yet are known by the address alone."""
    if not address:
        return Message.recipient_id == person_id
    by_address = and_(Message.recipient_id.is_(None), func.lower(Message.address) == address.strip().lower())
    return or_(Message.recipient_id == person_id, by_address)


def take_back_from(person_id: uuid.UUID, address: str | None, *, now: datetime) -> int:
    """Take back everything that waits for one person, whatever it speaks of; answers how many."""
    waits, claimed = Message.state == State.QUEUED, Message.state == State.SENDING
    return _count(
        db.session.execute(
            update(Message)
            .where(_theirs(person_id, address), or_(waits, and_(claimed, Message.withdrawn_at.is_(None))))
            .values(
                state=case((waits, State.CANCELLED), else_=Message.state),
                error_class=case((waits, "withdrawn"), else_=Message.error_class),
                withdrawn_at=case((claimed, now), else_=Message.withdrawn_at),
            )
            .execution_options(synchronize_session=False)
        )
    )


def mails_waiting_for(person_id: uuid.UUID, address: str | None) -> list[uuid.UUID]:
    """The mails that ``take_back_from`` would take back, in the order they were written."""
    waits = or_(Message.state == State.QUEUED, and_(Message.state == State.SENDING, Message.withdrawn_at.is_(None)))
    return list(db.session.scalars(select(Message.id).where(_theirs(person_id, address), waits).order_by(Message.id)))


def readdress(person_id: uuid.UUID, address: str | None, *, but: Collection[str] = (), now: datetime) -> int:
    """What waits for one person goes to their new address; kinds of ``but`` are taken back. Answers how many go there."""
    waits = (Message.recipient_id == person_id, Message.state == State.QUEUED)
    quietly = {"synchronize_session": False}
    if not address:
        take_back_from(person_id, None, now=now)
        return 0
    ended = update(Message).where(*waits, Message.kind.in_(but)).values(state=State.CANCELLED, error_class="withdrawn")
    db.session.execute(ended, execution_options=quietly)
    return _count(db.session.execute(update(Message).where(*waits).values(address=address.strip()), execution_options=quietly))


def send_now(subject_kind: str, subject_id: uuid.UUID, kinds: Collection[str] | None = None, *, now: datetime) -> int:
    """Let what waits for its hour leave at once ("send now"); answers how many."""
    about = [Message.subject_kind == subject_kind, Message.subject_id == subject_id, Message.state == State.QUEUED]
    if kinds is not None:
        about.append(Message.kind.in_(kinds))
    hurried = db.session.execute(
        update(Message).where(*about, Message.due_at > now).values(due_at=now).execution_options(synchronize_session=False)
    )
    _wake()
    return _count(hurried)


def send_again(message: Message, *, now: datetime) -> uuid.UUID:
    """Write a message that ended once more: a new row with its own key, the same facts, UID and thread."""
    earlier = db.session.scalar(select(func.count()).select_from(Message).where(Message.resend_of == message.id)) or 0
    names = [column.key for column in Message.__table__.columns]
    copied = {name: getattr(message, name) for name in names if name in _COPIED}
    again = Message(
        **copied,
        id=uuid7(),
        key=f"{message.key}:again-{earlier + 1}",
        due_at=now,
        created_at=now,
        dtstamp=now if message.dtstamp else None,
        resend_of=message.id,
    )
    db.session.add(again)
    db.session.flush()
    _wake()
    return again.id


_COPIED = frozenset(
    {
        "kind", "priority", "recipient_id", "recipient_name", "salutation", "address", "locale", "zone", "facts",
        "common_id", "template_version", "thread", "in_reply_to", "subject_kind", "subject_id", "subject_revision",
        "ical_method", "ical_uid", "ical_sequence", "expires_at", "at_most_once",
    }
)  # fmt: skip


def _count(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount


def _wake() -> None:
    db.session.execute(text("SELECT pg_notify('outbox', '')"))
    nudge.after_commit()


def _store_common(connection: Connection, batch: Sequence[Letter], now: datetime) -> dict[int, uuid.UUID]:
    """Write each shared mapping once; answers its row by the mapping's identity."""
    distinct = {id(letter.common): letter.common for letter in batch if letter.common is not None}
    stored: dict[int, uuid.UUID] = {}
    for identity, facts in distinct.items():
        told = _json(dict(facts))
        digest = hashlib.sha256(told.encode()).hexdigest()
        known = connection.exec_driver_sql("SELECT id FROM message_facts WHERE digest = %s", (digest,)).scalar()
        if known is None:
            # Two writers of the same facts meet at the unique digest; the second takes the first one's row.
            known = connection.exec_driver_sql(
                "INSERT INTO message_facts (id, digest, facts, created_at) VALUES (%s, %s, %s::jsonb, %s) "
                "ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING id",
                (uuid7(), digest, told, now),
            ).scalar_one()
        stored[identity] = known
    return stored


def _values(letter: Letter, commons: Mapping[int, uuid.UUID], now: datetime) -> dict[str, Any]:
    address = letter.address.strip()
    reason = None if _ADDRESS.fullmatch(address) else "bad_address" if address else "no_address"
    if letter.closed:
        reason = "closed"
    return {
        "id": str(uuid7()),
        "key": letter.key,
        "kind": letter.kind,
        "priority": int(letter.priority),
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
    }


def _json(value: Json | list[dict[str, Any]]) -> str:
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
