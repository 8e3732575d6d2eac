"""Dates on which a new release of the lists of public holidays differs, and the sessions that fall on them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import Organisation
from app.calendars.models import DayChange
from app.calendars.queries import calendars_of, changes_to_see
from app.calendars.state import Off, Reason
from app.core.zones import to_wall
from app.exchanges.models import Invitation, PeerSession, SessionStatus
from app.extensions import db

SOON = timedelta(days=14)
"""Within this time an estimated date is looked at once more: by then it is announced."""


@dataclass(frozen=True)
class ChangedDate:
    """A change, the State it is about, and the sessions to come whose local date it is for that State."""

    change: DayChange
    state: Organisation | None
    sessions: tuple[PeerSession, ...]


@dataclass(frozen=True)
class ToCheck:
    """A session within two weeks that falls on estimated dates of some States."""

    session: PeerSession
    states: tuple[tuple[Organisation, Off], ...]


def sessions_to_come(now: datetime, until: datetime | None = None) -> dict[PeerSession, list[Organisation]]:
    """Scheduled sessions and the States invited to each."""
    query = (
        select(PeerSession, Organisation)
        .join(Invitation, Invitation.peer_session_id == PeerSession.id)
        .join(Organisation, Organisation.id == Invitation.organisation_id)
        .where(PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > now, Invitation.uninvited_at.is_(None))
        .options(joinedload(PeerSession.exchange))
        .order_by(PeerSession.starts_at, PeerSession.id, Organisation.sort_name)
        .distinct()
    )
    if until is not None:
        query = query.where(PeerSession.starts_at < until)
    found: dict[PeerSession, list[Organisation]] = defaultdict(list)
    for session, organisation in db.session.execute(query):
        if organisation.is_state:
            found[session].append(organisation)
    return found


def changed_dates(now: datetime) -> list[ChangedDate]:
    """What nobody has looked at yet; those with sessions first."""
    changes = changes_to_see(now.date())
    if not changes:
        return []
    codes = {c.code for c in changes}
    states = {o.code: o for o in db.session.scalars(select(Organisation).where(Organisation.code.in_(codes)))}
    on: dict[tuple[str, date], list[PeerSession]] = defaultdict(list)
    for session, invited in sessions_to_come(now).items():
        for state in invited:
            for day in {to_wall(session.starts_at, state.zone).date(), to_wall(session.ends_at, state.zone).date()}:
                on[state.code or "", day].append(session)
    found = [ChangedDate(c, states.get(c.code), tuple(on.get((c.code, c.day), ()))) for c in changes]
    return sorted(found, key=lambda one: (not one.sessions, one.change.day, one.change.code))


def to_check(now: datetime) -> list[ToCheck]:
    """Sessions of the next two weeks on dates that are only estimated for some of their States."""
    soon = sessions_to_come(now, now + SOON)
    everyone = {o.id: o for invited in soon.values() for o in invited}
    calendars = calendars_of(everyone.values(), now.date() - timedelta(days=1), (now + SOON).date() + timedelta(days=2))
    found = []
    for session, invited in soon.items():
        offs = [(s, calendars[s.id].off_between(session.starts_at, session.ends_at)) for s in invited]
        mine = tuple((s, off) for s, off in offs if off is not None and off.reason is Reason.ESTIMATED)
        if mine:
            found.append(ToCheck(session, mine))
    return found
