"""News from the mailbox that rooms above may want to hear."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class ReplyReceived:
    """An inbound mail carries an iTIP REPLY, or a plain answer: ``inbound_mails`` row, to be judged by the room it concerns."""

    inbound_id: uuid.UUID


@dataclass(frozen=True)
class AddressFailed:
    """Mail to an address came back for good; the mail it was is ``messages`` row. Nothing more is sent there until it is lifted."""

    address: str
    message_id: uuid.UUID
