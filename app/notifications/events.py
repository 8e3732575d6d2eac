"""News from the mailbox that rooms above may want to hear."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class ReplyReceived:
    """An inbound mail carries an iTIP REPLY, or a plain answer: ``inbound_mails`` row, to be judged by the room it concerns."""

    inbound_id: uuid.UUID
