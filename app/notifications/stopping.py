"""Mail programs that end a subscription by mail: one subject, which holds the token of the List-Unsubscribe header."""

from __future__ import annotations

import re
from datetime import datetime

from app.notifications import choices
from app.notifications.kinds import ONE_CLICK, Topic
from app.notifications.models import InboundMail, Verdict
from app.notifications.signed import stop_purpose

_SUBJECT = re.compile(rf"stop-({'|'.join(sorted(ONE_CLICK))})-([A-Za-z0-9_-]{{54}})")
"""The whole subject. A mail that answers or quotes it says something else besides, and is for a person to read."""


_HEADER = re.compile(rb"^subject:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
"""The same as it was written, perhaps encoded."""


def asks_to_stop(mail: InboundMail) -> bool:
    """Is this what a mail program sends when its button is pressed?"""
    return _SUBJECT.fullmatch(mail.subject.strip()) is not None


def judge(mail: InboundMail, now: datetime) -> None:
    """End what the mail asks to end; the token is the right, wherever it is sent from. One that is over is for a person."""
    found = _SUBJECT.fullmatch(mail.subject.strip())
    assert found is not None
    topic = Topic(found[1])
    person_id = choices.person_of(found[2], stop_purpose(topic))
    mail.subject = stop_purpose(topic)  # the token is nobody's to read, on the desk or in the mail that is kept
    mail.raw = _HEADER.sub(b"Subject: " + mail.subject.encode("ascii"), mail.raw.replace(found[2].encode("ascii"), "…".encode()), 1)
    if person_id is None:
        mail.verdict, mail.reason = Verdict.UNCLEAR, "stop_over"
        return
    choices.stop(person_id, topic, now=now)
    mail.person_id, mail.verdict, mail.reason = person_id, Verdict.APPLIED, "stopped"
