"""Plain rows of several rooms, for pages that read across them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.zones import iana_version
from app.exchanges.models import Exchange, Invitation, PeerSession, SessionStatus
from app.extensions import db
from app.interests.models import Call, Expression, Status
from app.notifications.models import InboundMail, Message, State, Verdict
from tests.factories.notifications import put_in_state

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_number = itertools.count(1)


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def make_session(title: str = "", *, after: timedelta = timedelta(days=3), hosts: Any = (), **fields: Any) -> PeerSession:
    """A scheduled, public session so long after NOW, in an exchange of its own."""
    names = {"en": title or f"Session {next(_number)}"}
    exchange = _add(Exchange(themes=names, hosts=list(hosts)))
    start = NOW + after
    given = {
        "titles": names, "status": SessionStatus.SCHEDULED, "local_start": start.replace(tzinfo=None), "zone": "UTC",
        "starts_at": start, "minutes": 90, "tzdb_version": iana_version(), "capacity": 10, "languages": ["en", "fr"],
        "uid": f"session-{next(_number)}@pathways.example",
    }  # fmt: skip
    return _add(PeerSession(exchange_id=exchange.id, **{**given, **fields}))


def make_invitation(session: PeerSession, person: Any, **fields: Any) -> Invitation:
    """An invitation without an answer."""
    return _add(Invitation(peer_session_id=session.id, person_id=person.id, **{"invited_at": NOW, **fields}))


def make_call(**fields: Any) -> Call:
    """A published call, open since a month and for a month."""
    given = {
        "titles": {"en": "Call 2026"}, "zone": "UTC", "opens_local": datetime(2026, 10, 23), "closes_local": datetime(2026, 12, 23),
        "opens_at": NOW - timedelta(days=31), "closes_at": NOW + timedelta(days=30), "published": True,
    }  # fmt: skip
    return _add(Call(**{**given, **fields}))


def make_expression(call: Call, state: Any = None, status: Status = Status.SUBMITTED, **fields: Any) -> Expression:
    """A submitted expression of interest."""
    number = next(_number)
    given = {
        "reference": f"EOI-2026-{number:04d}", "language": "en", "organisation_name": f"Ministry {number}",
        "submitted_at": NOW - timedelta(days=2), "state_id": state.id if state else None, "grounds": ["family"],
    }  # fmt: skip
    return _add(Expression(call_id=call.id, status=status, **{**given, **fields}))


def make_message(state: State = State.QUEUED, **fields: Any) -> Message:
    """A mail, led to this state by the moves the database allows."""
    number = next(_number)
    given = {
        "key": f"test:{number}", "kind": "session-invite", "address": f"a{number}@x.example", "locale": "en", "zone": "UTC",
        "recipient_name": f"Recipient {number}", "due_at": NOW, "created_at": NOW,
    }  # fmt: skip
    message = _add(Message(**{**given, **fields}))
    put_in_state(db.session, message.key, state, NOW)
    db.session.refresh(message)
    return message


def make_inbound(**fields: Any) -> InboundMail:
    """A mail that nobody understood yet."""
    number = next(_number)
    given = {
        "received_at": NOW - timedelta(hours=1), "source": "command", "sha256": f"{number:064d}", "raw": b"x",
        "sender": f"s{number}@x.example", "subject": f"Re: session {number}", "body": "", "verdict": Verdict.UNCLEAR,
        "reason": "sender_differs",
    }  # fmt: skip
    return _add(InboundMail(**{**given, **fields}))
