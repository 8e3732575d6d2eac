"""The outbox: one row is one message to one recipient. And the mail that came back, with its verdict."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import IntEnum, StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, Id, Json


class State(StrEnum):
    """Where a message is; each word is one an operator acts on."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


class Waits(StrEnum):
    """What a mail waits for because its recipient chose so. All but the last are gathered in a digest."""

    DAILY = "daily"
    WEEKLY = "weekly"
    AWAY = "away"  # until its recipient is back, then in a digest
    LATER = "later"  # until its recipient is back, then by itself


MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.CANCELLED, State.EXPIRED, State.SUPPRESSED, State.FAILED}),
    State.SENDING: frozenset(
        {State.QUEUED, State.SENT, State.FAILED, State.EXPIRED, State.CANCELLED, State.SUPPRESSED, State.UNKNOWN}
    ),
    State.SENT: frozenset({State.BOUNCED}),
    State.UNKNOWN: frozenset({State.SENT, State.BOUNCED, State.FAILED}),
    State.BOUNCED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
    State.SUPPRESSED: frozenset(),
}
"""Allowed moves; a trigger in the database holds the same table."""


class Priority(IntEnum):
    """Lower leaves first: sign-in links and answers overtake bulk."""

    URGENT = 0  # sign-in, confirmation, answers to what a person just did
    NORMAL = 10
    BULK = 20


class MessageFacts(Id, Base):
    """Facts that many messages share, written once: ten thousand invitations speak of one session."""

    __tablename__ = "message_facts"

    digest: Mapped[str] = mapped_column(unique=True)
    facts: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Message(Id, Base):
    """One message to one recipient, with the facts it will speak of."""

    __tablename__ = "messages"

    key: Mapped[str] = mapped_column(unique=True)  # "session-invite:<invitation>:3"; repeats are one row
    kind: Mapped[str]  # folder under templates/emails
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.NORMAL)
    recipient_id: Mapped[uuid.UUID | None]  # a person; no key down here
    recipient_name: Mapped[str] = mapped_column(default="")
    salutation: Mapped[str] = mapped_column(default="")  # ready form of address in the message's language, "" if none is known
    address: Mapped[str]
    locale: Mapped[str]
    zone: Mapped[str]
    facts: Mapped[Json] = mapped_column(default=dict)  # what only this recipient is told: links, names, places
    common_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("message_facts.id"))  # what many are told
    template_version: Mapped[int] = mapped_column(SmallInteger, default=1)
    thread: Mapped[str | None]  # all mails of one thing for one person: "invitation:<id>"
    in_reply_to: Mapped[str | None]  # Message-ID of the thread's first mail

    subject_kind: Mapped[str | None]  # what it speaks of, so that a later change can replace or cancel it
    subject_id: Mapped[uuid.UUID | None]
    subject_revision: Mapped[int | None]  # re-read just before DATA

    ical_method: Mapped[str | None]  # REQUEST, CANCEL
    ical_uid: Mapped[str | None]
    ical_sequence: Mapped[int | None]
    dtstamp: Mapped[datetime | None]

    at_most_once: Mapped[bool] = mapped_column(default=False)
    restored_hold: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    state: Mapped[State] = mapped_column(default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[uuid.UUID | None]
    withdrawn_at: Mapped[datetime | None]  # a change asked for it back while it was being sent
    handed_at: Mapped[datetime | None]  # at-most-once only: the content may have left from here on
    claimant: Mapped[int | None] = mapped_column(BigInteger)  # number of the sender's advisory lock
    first_error: Mapped[str | None]
    last_error: Mapped[str | None]
    error_class: Mapped[str | None]  # machine word the outbox page explains
    suppressed_reason: Mapped[str | None]
    topic: Mapped[str | None]  # what its recipient may choose or end; nothing for what is always sent
    waits: Mapped[str | None]  # for what it waits by its recipient's choice: a word of ``Waits``
    digest_id: Mapped[uuid.UUID | None]  # the digest that says it in its place
    smtp_reply: Mapped[str | None]
    sha256: Mapped[str | None]  # of the bytes that were handed over
    sent_at: Mapped[datetime | None]
    clock_rules: Mapped[str | None]  # the release of the zone data by which its hours were told
    resend_of: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        Index("ix_messages_due", "priority", "due_at", postgresql_where=text("state = 'queued'")),
        Index("ix_messages_sending", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_messages_state", "state", "id"),
        Index("ix_messages_kind", "kind", "id"),
        Index("ix_messages_recipient", "recipient_id", "id"),
        Index("ix_messages_subject", "subject_kind", "subject_id", "state"),
        Index("ix_messages_thread", "thread", "id"),
        Index("ix_messages_resend_of", "resend_of", postgresql_where=text("resend_of IS NOT NULL")),
        Index("ix_messages_waits", "due_at", postgresql_where=text("state = 'queued' AND waits IS NOT NULL")),
        Index("ix_messages_digest", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
        Index("ix_messages_address", text("lower(address)"), "id", postgresql_where=text("recipient_id IS NULL")),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("state <> 'sending' OR (lease_token IS NOT NULL AND lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent"),
    )


class Freeze(Id, Base):
    """A time at which no mail leaves: begun by an operator or by a restore, ended by an operator alone."""

    __tablename__ = "outbox_freezes"

    frozen_at: Mapped[datetime]
    reason: Mapped[str]  # "restored", or an operator's words
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_outbox_freezes_open", text("(ended_at IS NULL)"), unique=True, postgresql_where=text("ended_at IS NULL")),
    )


class Pause(Base):
    """A recipients' domain that asked for patience, or (under no name) the relay that cannot be reached, and until when."""

    __tablename__ = "mail_pauses"

    domain: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    told: Mapped[str] = mapped_column(default="", server_default="")


class Tally(Base):
    """How many mails one person set off in an hour: whoever writes to very many does not hold up the others."""

    __tablename__ = "mail_tallies"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # a person; no key down here
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    mails: Mapped[int]


class Rehearsal(Id, Base):
    """Mail to many as it was looked at before it left: what would leave, what was found, and whether somebody said go.

    ``digest`` says who gets what: the sending that is confirmed must have the same. ``fields`` are the form that
    asked for it, so that the page can send it once more; names and mails in it are erased within two days.
    """

    __tablename__ = "mail_rehearsals"

    person_id: Mapped[uuid.UUID]  # who pressed; no key down here
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    path: Mapped[str]
    back: Mapped[str] = mapped_column(default="")
    fields: Mapped[Json]
    digest: Mapped[str]
    mails: Mapped[int]
    passed: Mapped[bool]
    changed: Mapped[bool] = mapped_column(default=False)  # something was confirmed that was not true any more
    told: Mapped[Json]  # counts, samples, who gets none, what was found
    confirmed_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_mail_rehearsals_created", "created_at"),)


class Verdict(StrEnum):
    """What became of an inbound mail."""

    RECEIVED = "received"  # stored, not judged yet
    APPLIED = "applied"
    UNCLEAR = "unclear"  # on the secretariat's desk, with a reason
    IGNORED = "ignored"  # auto-reply, duplicate, list mail
    HANDLED = "handled"  # a person decided


class InboundMail(Id, Base):
    """A mail that reached the organizer mailbox, kept with its verdict."""

    __tablename__ = "inbound_mails"

    received_at: Mapped[datetime]
    source: Mapped[str]  # "imap", "command"
    sha256: Mapped[str] = mapped_column(unique=True)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    message_id: Mapped[str | None]
    sender: Mapped[str]  # address of From, lower case
    sender_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    body: Mapped[str]  # plain text, cut
    reply: Mapped[Json | None]  # the parsed iTIP facts, if any
    verdict: Mapped[Verdict] = mapped_column(default=Verdict.RECEIVED)
    reason: Mapped[str | None]  # machine word the desk explains
    person_id: Mapped[uuid.UUID | None]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[uuid.UUID | None]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_inbound_mails_verdict", "verdict", "received_at", "id"),
        Index("ix_inbound_mails_message_id", "message_id"),
    )


class AddressTrouble(Id, Base):
    """What came back from an address. While ``hard_at`` stands nothing is sent there; correcting the address lifts it."""

    __tablename__ = "address_troubles"

    address: Mapped[str] = mapped_column(unique=True)  # lower case
    hard_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]  # reports about mails that left before say nothing new
    status: Mapped[str] = mapped_column(default="", server_default="")  # enhanced status code of the last report
    told: Mapped[str] = mapped_column(default="", server_default="")  # what the server said
    counted: Mapped[int] = mapped_column(default=0, server_default="0")  # delays and single refusals
    counted_at: Mapped[datetime | None]
    message_id: Mapped[uuid.UUID | None]  # the last mail a report was about; no key, since mails are erased in time


class MailChoices(Base):
    """What one person chose of the mails they get; somebody without a row gets all of them at once.

    Moments are worked out on the person's clock when something changes, so that writing ten thousand mails asks no clock.
    """

    __tablename__ = "mail_choices"

    person_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # no key down here
    modes: Mapped[Json] = mapped_column(default=dict)  # topic to mode, where it is not at once
    quiet_until: Mapped[date | None]  # the last day of quiet
    quiet_at: Mapped[datetime | None]  # when mail comes again
    daily_at: Mapped[datetime | None]  # the next digest of a day, while something is gathered
    weekly_at: Mapped[datetime | None]
    digested_on: Mapped[date | None]  # the last local day that had a digest
    left_at: Mapped[datetime | None]  # when a mail program ended something with one click
    nonce: Mapped[str]  # another one ends all links to the choices
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (Index("ix_mail_choices_daily", "daily_at", postgresql_where=text("daily_at IS NOT NULL")),)
