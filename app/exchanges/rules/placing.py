"""What a session says about places: who may ask, what each State may have, in what order the line moves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete

from app.accounts.models import Person
from app.audit.rules import differences, record
from app.core.errors import RuleBroken
from app.exchanges.models import Line, PeerSession, PlaceQuota, Registration, SessionStatus
from app.exchanges.queries import places
from app.exchanges.rules.identity import lock
from app.exchanges.rules.planning import conflict
from app.exchanges.rules.seating import give_offered, promote
from app.extensions import db


@dataclass(frozen=True)
class PlaceRules:
    """The rules of one session, for both its sittings."""

    registration: Registration = Registration.INVITATION
    hosts_approve: bool = False
    quota: int | None = None
    own: Mapping[uuid.UUID, int] = field(default_factory=dict)
    line: Line = Line.FIRST
    offer_hours: int | None = None
    delegation_whole: bool = False


def set_places(peer_session: PeerSession, rules: PlaceRules, *, version: int, by: Person, now: datetime) -> bool:
    """Save the rules; answers whether anything changed. Seats that are held stay held; the line moves by the new rules at once."""
    row = lock(peer_session.meeting_id)
    if row.status is SessionStatus.CANCELLED or (row.is_open and all(one.is_over(now) for one in places.sittings_of(row))):
        raise RuleBroken(_l("This session is over or cancelled. Its places cannot be changed any more."))
    if rules.own and rules.quota is None:
        raise RuleBroken(_l("Enter the seats for each State first, then those of some States that differ."), field="quota")
    columns = {
        "registration": rules.registration, "hosts_approve": rules.hosts_approve, "quota": rules.quota, "line": rules.line,
        "offer_hours": rules.offer_hours, "delegation_whole": rules.delegation_whole,
    }  # fmt: skip
    changes = differences(row, columns)
    had = {one.organisation_id: one.most for one in places.quotas(row)}
    if had != dict(rules.own):
        changes["own_quotas"] = (len(had), len(rules.own))
    if not changes:
        return False
    if version != row.version:
        raise conflict("session", row, version, changes)
    offered = row.offer_hours is not None and rules.offer_hours is None
    for name, value in columns.items():
        setattr(row, name, value)
    if had != dict(rules.own):
        db.session.execute(delete(PlaceQuota).where(PlaceQuota.peer_session_id == row.id))
        db.session.add_all(
            PlaceQuota(peer_session_id=row.id, organisation_id=one, most=most) for one, most in sorted(rules.own.items())
        )
    row.updated_at = now
    record("session.places_changed", "session", row.id, by=by, now=now, changes=changes)
    db.session.flush()
    for one in places.sittings_of(row):
        sitting = lock(one.id)
        if offered:
            give_offered(sitting, now)
        promote(sitting, now=now)
    return True
