"""One message or ten thousand, written in the transaction of the fact that caused them; after commit, a nudge.

Nothing here touches the network but the nudge, which may be lost: the row is the intent, the sweep finds it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
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

from app.core.db import UtcDateTime, uuid7
from app.extensions import db
from app.notifications import leaving, nudge
from app.notifications.kinds import Topic
from app.notifications.models import MailChoices, Message, State, Waits
from app.notifications.revisions import register_revision_check
from app.notifications.writing import CHUNK, Letter, insert, row_of, store_common

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


def queue(letters: Letter | Iterable[Letter], *, now: datetime) -> int:
    """Write these letters in the present transaction; answers how many were new. A repeated key is no second row."""
    batch = [letters] if isinstance(letters, Letter) else list(letters)
    if not batch:
        return 0
    if len(batch) > leaving.MANY:  # senders take rows in this order, and make once what readers of one language and clock share
        batch.sort(key=lambda letter: (letter.zone, letter.locale))
    connection = db.session.connection()
    commons = store_common(connection, batch, now)
    written = 0
    for start in range(0, len(batch), CHUNK):
        rows = [row_of(letter, commons, now, len(batch)) for letter in batch[start : start + CHUNK]]
        written += connection.exec_driver_sql(*insert(rows, now)).scalar_one()
        leaving.note((uuid.UUID(row["id"]), row["priority"]) for row in rows)
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
    """The mails that ``take_back_from`` would take back, in the order they were written, and what digests among them say."""
    waits = or_(Message.state == State.QUEUED, and_(Message.state == State.SENDING, Message.withdrawn_at.is_(None)))
    mine = _theirs(person_id, address)
    digests = select(Message.id).where(mine, waits, Message.topic == Topic.DIGEST)
    return list(db.session.scalars(select(Message.id).where(mine, or_(waits, Message.digest_id.in_(digests))).order_by(Message.id)))


def readdress(person_id: uuid.UUID, address: str | None, *, but: Collection[str] = (), now: datetime) -> int:
    """What waits for one person goes to their new address; kinds of ``but`` are taken back. Answers how many go there.

    What a sender has in its hands as well: it looks at the address just before the mail leaves.
    """
    waits = (Message.recipient_id == person_id, Message.state == State.QUEUED)
    held = (Message.recipient_id == person_id, Message.state == State.SENDING, Message.withdrawn_at.is_(None))
    quietly = {"synchronize_session": False}
    if not address:
        take_back_from(person_id, None, now=now)
        return 0
    ended = update(Message).where(*waits, Message.kind.in_(but)).values(state=State.CANCELLED, error_class="withdrawn")
    db.session.execute(ended, execution_options=quietly)
    in_hands = update(Message).where(*held)
    db.session.execute(in_hands.where(Message.kind.in_(but)).values(withdrawn_at=now), execution_options=quietly)
    db.session.execute(in_hands.where(Message.kind.not_in(but)).values(address=address.strip()), execution_options=quietly)
    return _count(db.session.execute(update(Message).where(*waits).values(address=address.strip()), execution_options=quietly))


def send_now(subject_kind: str, subject_id: uuid.UUID, kinds: Collection[str] | None = None, *, now: datetime) -> int:
    """Let what waits for its hour leave at once ("send now"); answers how many leave.

    What its reader wants later stays: a digest gathers what it gathers, and nothing that may be chosen disturbs somebody's quiet.
    """
    about = [Message.subject_kind == subject_kind, Message.subject_id == subject_id, Message.state == State.QUEUED]
    if kinds is not None:
        about.append(Message.kind.in_(kinds))
    theirs = (MailChoices.person_id == Message.recipient_id, MailChoices.quiet_at > now, Message.topic.is_not(None))
    quiet = select(MailChoices.quiet_at).where(*theirs).scalar_subquery()
    by_itself = or_(Message.waits.is_(None), Message.waits == Waits.LATER)
    wait = case((quiet.is_not(None), Waits.LATER.value), else_=None)
    later = update(Message).where(*about, Message.due_at > now, by_itself).values(due_at=func.coalesce(quiet, now), waits=wait)
    hurried = later.returning(Message.id, Message.priority, Message.due_at).execution_options(synchronize_session=False)
    rows = [(one, priority) for one, priority, due in db.session.execute(hurried) if due <= now]
    leaving.note(rows)
    wake()
    return len(rows)


def send_again(message: Message, *, now: datetime, to: str | None = None) -> uuid.UUID:
    """Write a message that ended once more: a new row with its own key, the same facts, UID and thread.

    ``to`` is where its reader is reached now, where that may have changed since it was written.
    """
    earlier = db.session.scalar(select(func.count()).select_from(Message).where(Message.resend_of == message.id)) or 0
    again = Message(
        **{**{name: getattr(message, name) for name in _COPIED}, **({"address": to} if to is not None else {})},
        id=uuid7(),
        key=f"{message.key}:again-{earlier + 1}",
        due_at=now,
        created_at=now,
        dtstamp=now if message.dtstamp else None,
        resend_of=message.id,
    )
    db.session.add(again)
    db.session.flush()
    leaving.note([(again.id, again.priority)])
    wake()
    return again.id


_COPIED = frozenset(
    {
        "kind", "priority", "recipient_id", "recipient_name", "salutation", "address", "locale", "zone", "facts",
        "common_id", "template_version", "thread", "in_reply_to", "subject_kind", "subject_id", "subject_revision",
        "ical_method", "ical_uid", "ical_sequence", "expires_at", "at_most_once", "topic",
    }
)  # fmt: skip


def _count(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount


def wake() -> None:
    """Tell the senders, once this transaction is committed, that something is due."""
    db.session.execute(text("SELECT pg_notify('outbox', '')"))
    nudge.after_commit()
