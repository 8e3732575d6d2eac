"""Every change to a circular: written and changed while it is a draft, sent once, taken back before its hour."""

from app.circulars.rules.sending import send, take_back
from app.circulars.rules.writing import ClockFold, Plan, Unread, change, discard, reviewed, write

__all__ = ["ClockFold", "Plan", "Unread", "change", "discard", "reviewed", "send", "take_back", "write"]
