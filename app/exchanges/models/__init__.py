"""The tables of this room, one file a subject."""

from app.exchanges.models.clocks import Cause, ClockChange, ClockMove, Decision, Touch
from app.exchanges.models.guests import ExchangeGuest
from app.exchanges.models.invited import Answer, AnswerRecord, Capacity, Invitation, Route, Seat
from app.exchanges.models.planned import (
    Audience,
    Exchange,
    ListShown,
    PeerSession,
    ReminderRule,
    SessionStatus,
    Visibility,
    exchange_hosts,
)
from app.exchanges.models.polls import Poll, PollAnswer, PollAsked, PollSlot, PollVote, Vote

__all__ = [
    "Answer",
    "AnswerRecord",
    "Audience",
    "Capacity",
    "Cause",
    "ClockChange",
    "ClockMove",
    "Decision",
    "Exchange",
    "ExchangeGuest",
    "Invitation",
    "ListShown",
    "PeerSession",
    "Poll",
    "PollAnswer",
    "PollAsked",
    "PollSlot",
    "PollVote",
    "ReminderRule",
    "Route",
    "Seat",
    "SessionStatus",
    "Touch",
    "Visibility",
    "Vote",
    "exchange_hosts",
]
