"""What is said to people who ask for a place, and to those who decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.accounts.queries import letter_for
from app.core import codes
from app.core.db import Json
from app.core.signing import external_url, mark, standing_code
from app.exchanges.messages.letters import told_of
from app.exchanges.models import PeerSession, PlaceRequest
from app.exchanges.queries import SUBJECT
from app.notifications.models import Priority
from app.notifications.outbox import Letter


def confirm_place(request: PlaceRequest, *, now: datetime) -> Letter:
    """The button that says: this is my address, and I ask for a place."""
    token = mark("place", request.id, request.nonce)
    request.code_digest = standing_code("place", request.id, request.nonce, request.code_digest)
    more = {
        "links": {"confirm": external_url("exchanges.place_request", request.language, token=token)},
        "codes": {"confirm": codes.mark(token, request.code_digest)},
    }
    return _letter(request, "place-confirm", f"{request.nonce}:{now.isoformat(timespec='seconds')}", more)


def place_asked(request: PlaceRequest) -> Letter:
    """It arrived, and somebody decides."""
    return _letter(request, "place-asked", "", {})


def place_declined(request: PlaceRequest) -> Letter:
    """No place, and why."""
    return _letter(request, "place-declined", "", {"sentence": request.sentence})


def place_to_decide(request: PlaceRequest, host: Person) -> Letter:
    """A host decides who comes: somebody asks."""
    row = request.peer_session
    facts = {
        **told_of(row, host.language),
        "person": request.full_name,
        "works_for": request.works_for,
        "state": request.organisation.names if request.organisation else {},
        "links": {"decide": external_url("exchanges.place_requests", host.language, session_id=row.meeting_id)},
    }
    return letter_for(
        host, kind="place-to-decide", key=f"place-to-decide:{request.id}:{host.id}", facts=facts,
        thread=f"places:{row.meeting_id}:{host.id}", **_about(row),
    )  # fmt: skip


def _letter(request: PlaceRequest, kind: str, word: str, more: Json) -> Letter:
    row = request.peer_session
    facts = {
        **told_of(row, request.language),
        "page_url": external_url("exchanges.session_page", request.language, session_id=row.meeting_id),
        **more,
    }
    key, thread = f"{kind}:{request.id}:{word}", f"place:{request.id}"
    if request.person is not None:
        return letter_for(request.person, kind=kind, key=key, facts=facts, thread=thread, priority=Priority.URGENT, **_about(row))
    return Letter(
        kind=kind, key=key, address=request.email, locale=request.language, zone=request.zone, facts=facts,
        recipient_name=request.full_name, salutation="", thread=thread, priority=Priority.URGENT, **_about(row),
    )  # fmt: skip


def _about(row: PeerSession) -> dict[str, Any]:
    return {
        "subject_kind": SUBJECT, "subject_id": row.id, "subject_revision": row.schedule_version, "expires_at": row.starts_at,
    }  # fmt: skip
