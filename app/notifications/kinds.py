"""The one table of mails: what each belongs to, whether it may be refused or gathered, and what a digest shows of it.

What people registered for, what their account or their State needs and what answers them is always sent, at once. The other
topics are theirs to choose. One click in a mail program ends announcements, calls and digests alone (RFC 8058).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    """What mails belong together in the eyes of those who get them."""

    INVITED = "invited"  # sessions they are invited to or hold a seat in
    EXPRESSIONS = "expressions"  # an expression of interest they sent or stand in
    STATE = "state"  # their State's mail, and what they took over
    ACCOUNT = "account"  # signing in, joining, passwords
    REMINDERS = "reminders"
    TASKS = "tasks"
    CALLS = "calls"
    NEWS = "news"
    DIGEST = "digest"  # what was gathered of the others


class Mode(StrEnum):
    """How mails of a topic come."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    NONE = "none"
    LEFT = "left"  # ended by the button of a mail program: like ``NONE``, and the page says who did it


OFFERED: dict[Topic, tuple[Mode, ...]] = {
    Topic.REMINDERS: (Mode.AT_ONCE, Mode.NONE),  # one that waits for a digest comes too late
    Topic.TASKS: (Mode.AT_ONCE, Mode.DAILY, Mode.WEEKLY, Mode.NONE),
    Topic.CALLS: (Mode.AT_ONCE, Mode.DAILY, Mode.WEEKLY, Mode.NONE),
    Topic.NEWS: (Mode.AT_ONCE, Mode.DAILY, Mode.WEEKLY, Mode.NONE),
}
"""What may be chosen of each topic; one that is not here is always sent."""
GATHERED = frozenset(topic for topic, modes in OFFERED.items() if Mode.DAILY in modes)
ONE_CLICK = frozenset({Topic.NEWS, Topic.CALLS, Topic.DIGEST})
"""Topics a mail program may end with one click: what is subscribed to, never what somebody registered for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of mail. ``link`` is the link a digest shows of it, ``text`` the fact whose first lines stand below."""

    topic: Topic
    link: str = ""
    text: str = ""


KINDS: dict[str, Kind] = {
    "session-invite": Kind(Topic.INVITED),
    "session-update": Kind(Topic.INVITED),
    "session-cancel": Kind(Topic.INVITED),
    "session-uninvite": Kind(Topic.INVITED),
    "session-confirmation": Kind(Topic.INVITED),
    "session-waiting": Kind(Topic.INVITED),
    "session-seat": Kind(Topic.INVITED),
    "session-offer": Kind(Topic.INVITED),
    "session-clocks": Kind(Topic.INVITED),
    "session-copy": Kind(Topic.INVITED),
    "session-proposal-declined": Kind(Topic.INVITED),
    "session-not-invited": Kind(Topic.INVITED),
    "place-confirm": Kind(Topic.INVITED),
    "place-asked": Kind(Topic.INVITED),
    "place-declined": Kind(Topic.INVITED),
    "answer-recorded": Kind(Topic.INVITED),
    "poll-asked": Kind(Topic.INVITED),
    "poll-recorded": Kind(Topic.INVITED),
    "poll-closed": Kind(Topic.INVITED),
    "delegate-refused": Kind(Topic.INVITED),
    "expression-draft": Kind(Topic.EXPRESSIONS),
    "expression-received": Kind(Topic.EXPRESSIONS),
    "expression-confirm": Kind(Topic.EXPRESSIONS),
    "expression-question": Kind(Topic.EXPRESSIONS),
    "expression-moved": Kind(Topic.EXPRESSIONS),
    "expression-decided": Kind(Topic.EXPRESSIONS),
    "expression-withdrawn": Kind(Topic.EXPRESSIONS),
    "expression-copy": Kind(Topic.EXPRESSIONS),
    "expression-links": Kind(Topic.EXPRESSIONS),
    "letter-sent": Kind(Topic.STATE),
    "delegate-proposed": Kind(Topic.STATE),
    "place-to-decide": Kind(Topic.STATE),
    "address-failed": Kind(Topic.STATE),
    "handed-over": Kind(Topic.STATE),
    "sign-in-link": Kind(Topic.ACCOUNT),
    "join-invitation": Kind(Topic.ACCOUNT),
    "password-changed": Kind(Topic.ACCOUNT),
    "test-mail": Kind(Topic.ACCOUNT),
    "session-reminder": Kind(Topic.REMINDERS),
    "session-nudge": Kind(Topic.REMINDERS),
    "poll-reminder": Kind(Topic.REMINDERS),
    "opinion-asked": Kind(Topic.TASKS, "opinion"),
    "opinion-reminder": Kind(Topic.TASKS, "opinion"),
    "pilot-due": Kind(Topic.TASKS, "page"),
    "pilot-overdue": Kind(Topic.TASKS, "page"),
    "pilot-overdue-lead": Kind(Topic.TASKS, "page"),
    "circular": Kind(Topic.NEWS, "page", "texts"),  # one about a call is of the calls: its letter says so
    "digest": Kind(Topic.DIGEST),
}
"""Kind, which is a folder under ``templates/emails``, to what it is."""


def topic_of(kind: str, said: Topic | None = None) -> Topic | None:
    """The topic a row keeps: one that may be chosen or ended, nothing for what is always sent."""
    known = KINDS.get(kind)
    topic = said or (known.topic if known else None)
    return topic if topic in OFFERED or topic in ONE_CLICK else None
