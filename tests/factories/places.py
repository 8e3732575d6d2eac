"""Wishes for places, for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.exchanges.models import Asked, PeerSession, PlaceRequest
from app.extensions import db
from tests.factories.exchanges import NOW


def make_place_request(row: PeerSession, state: Asked = Asked.WAITING, *, now: datetime = NOW, **fields: Any) -> PlaceRequest:
    """Somebody nobody knows asks for a place in this session."""
    fields.setdefault("email", "wen@castle.example")
    request = PlaceRequest(
        peer_session_id=row.id, given_name=fields.pop("given_name", "Wen"), family_name=fields.pop("family_name", "Castle"),
        email_folded=fields["email"].casefold(), language=fields.pop("language", "en"), zone=fields.pop("zone", "Asia/Tokyo"),
        state=state, mailed_at=now, confirmed_at=None if state is Asked.UNCONFIRMED else now, **fields,
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    return request
