"""What this room says to people: kind, recipient, facts, key."""

from app.exchanges.messages.letters import (
    answer_recorded,
    cancellation,
    confirmation,
    delegate_proposed,
    delegate_refused,
    invitation_letters,
    not_invited,
    proposal_declined,
    reminder,
    seat_found,
    uninvitation,
    update,
    waiting_place,
)
from app.exchanges.messages.recipients import Recipient, recipient

__all__ = [
    "Recipient",
    "answer_recorded",
    "cancellation",
    "confirmation",
    "delegate_proposed",
    "delegate_refused",
    "invitation_letters",
    "not_invited",
    "proposal_declined",
    "recipient",
    "reminder",
    "seat_found",
    "uninvitation",
    "update",
    "waiting_place",
]
