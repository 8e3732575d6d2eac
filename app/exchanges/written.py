"""The texts of exchanges and sessions that people write in several languages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.access import P
from app.exchanges.models import Exchange, PeerSession, SessionStatus
from app.exchanges.words import FIELDS
from app.texts.kinds import TextKind


def _until(row: Any) -> datetime:
    """A session is read until it is over."""
    ends: datetime = row.ends_at
    return ends


EXCHANGES = TextKind(
    name="exchange", label=_l("Exchanges"), model=Exchange, fields={n: FIELDS[n] for n in ("themes", "purposes")},
    endpoint="exchanges.desk_edit_exchange", id_name="exchange_id", permission=P.MANAGE_EXCHANGES,
    counts=lambda row: not row.made_for_session, watched=("made_for_session",),
)  # fmt: skip
SESSIONS = TextKind(
    name="session", label=_l("Sessions"), model=PeerSession, fields={n: FIELDS[n] for n in ("titles", "purposes", "agendas")},
    endpoint="exchanges.desk_edit_session", id_name="session_id", permission=P.MANAGE_EXCHANGES,
    until=_until, counts=lambda row: row.status is not SessionStatus.CANCELLED, watched=("starts_at", "minutes", "status"),
)  # fmt: skip
