"""Records of what clock rules did to sessions, for tests of pages: plain rows, no rules."""

from __future__ import annotations

from datetime import timedelta

from app.core import zones
from app.exchanges.models import Cause, ClockChange, ClockMove, Decision, Invitation, PeerSession, Touch
from app.extensions import db
from tests.factories.exchanges import NOW


def make_clock_change(row: PeerSession, *, cause: Cause = Cause.ANCHOR, decision: Decision | None = None) -> ClockChange:
    """A change of this session: somebody has still to decide, unless a decision is given."""
    change = ClockChange(
        peer_session_id=row.id, cause=cause, from_version="2025b", to_version=zones.iana_version(), found_at=NOW, zone=row.zone,
        local_start=row.local_start, was_at=row.starts_at, decision=decision, decided_at=NOW if decision else None,
        wall_at=None if cause is Cause.PEOPLE else row.starts_at + timedelta(hours=1),
        second_at=row.starts_at + timedelta(hours=2) if cause is Cause.FOLD else None,
    )  # fmt: skip
    db.session.add(change)
    row.hour_in_doubt = decision is None and cause is not Cause.PEOPLE
    db.session.flush()
    return change


def make_clock_move(change: ClockChange, invitation: Invitation, touch: Touch = Touch.MOVED, key: str | None = None) -> ClockMove:
    """One person whom it touched, by an hour."""
    wall = zones.to_wall(change.was_at, invitation.person.zone).replace(tzinfo=None)
    becomes = wall if touch is Touch.SAME else wall + timedelta(hours=1)
    move = ClockMove(
        change_id=change.id, invitation_id=invitation.id, touch=touch, zone=invitation.person.zone, was=wall, becomes=becomes,
        message_key=key,
    )  # fmt: skip
    db.session.add(move)
    db.session.flush()
    return move
