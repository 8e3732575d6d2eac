"""Whom a message is for: what it needs of an invitation, whether its row was loaded or has just been written in bulk."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from app.accounts.queries import Addressee
from app.core import signing
from app.core.db import Texts
from app.exchanges.models import Answer, Capacity, Invitation


class Recipient(NamedTuple):
    """One person, one session."""

    invitation_id: uuid.UUID
    person: Addressee
    capacity: Capacity
    because: str
    organisation: Texts  # the State or body the invitation went to
    sequence: int
    dtstamp: datetime
    nonce: str
    join_nonce: str
    code_digest: str
    answer: Answer | None = None
    holds_seat: bool = False
    may_join: bool = False
    former_time: bool = False


def recipient(invitation: Invitation) -> Recipient:
    """The recipient of a loaded invitation. Its calendar identity was stamped, or it has none in this message.

    An invitation that has no code that works gets one, since the message will name it.
    """
    invitation.code_digest = signing.standing_code("answer", invitation.id, invitation.nonce, invitation.code_digest)
    return Recipient(
        invitation_id=invitation.id,
        person=invitation.person,
        capacity=invitation.capacity,
        because=invitation.invited_because,
        organisation=invitation.organisation.names if invitation.organisation else {},
        sequence=invitation.sequence,
        dtstamp=invitation.dtstamp or invitation.invited_at,
        nonce=invitation.nonce,
        join_nonce=invitation.join_nonce,
        code_digest=invitation.code_digest,
        answer=invitation.answer,
        holds_seat=invitation.has_seat,
        may_join=invitation.may_join,
        former_time=invitation.answered_version is not None
        and invitation.answered_version < invitation.peer_session.schedule_version,
    )
