"""The tables of this room, one file a subject."""

from app.exchanges.models.clocks import Cause, ClockChange, ClockMove, Decision, Touch
from app.exchanges.models.guests import ExchangeGuest
from app.exchanges.models.invited import Answer, AnswerRecord, Capacity, Invitation, Route, Seat
from app.exchanges.models.places import Asked, Offered, PlaceQuota, PlaceRequest, SeatOffer
from app.exchanges.models.planned import (
    Audience,
    Exchange,
    Line,
    ListShown,
    PeerSession,
    Registration,
    ReminderRule,
    SessionStatus,
    Visibility,
    exchange_hosts,
)
from app.exchanges.models.polls import Poll, PollAnswer, PollAsked, PollSlot, PollVote, Vote

__all__ = [
    "Answer",
    "AnswerRecord",
    "Asked",
    "Audience",
    "Capacity",
    "Cause",
    "ClockChange",
    "ClockMove",
    "Decision",
    "Exchange",
    "ExchangeGuest",
    "Invitation",
    "Line",
    "ListShown",
    "Offered",
    "PeerSession",
    "PlaceQuota",
    "PlaceRequest",
    "Poll",
    "PollAnswer",
    "PollAsked",
    "PollSlot",
    "PollVote",
    "Registration",
    "ReminderRule",
    "Route",
    "Seat",
    "SeatOffer",
    "SessionStatus",
    "Touch",
    "Visibility",
    "Vote",
    "exchange_hosts",
]
