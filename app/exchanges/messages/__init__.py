"""What this room says to people: kind, recipient, facts, key."""

from app.exchanges.messages.letters import (
    Hour,
    answer_recorded,
    cancellation,
    clocks,
    confirmation,
    delegate_proposed,
    delegate_refused,
    hour_of,
    in_present_words,
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
    "Hour",
    "Recipient",
    "answer_recorded",
    "cancellation",
    "clocks",
    "confirmation",
    "delegate_proposed",
    "delegate_refused",
    "hour_of",
    "in_present_words",
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
