"""For how many of the States that are invited is a session on a day off, by each one's own date?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import Organisation, OrganisationKind
from app.calendars.queries import calendars_of, events_between
from app.calendars.state import Off
from app.exchanges.models import Invitation, PeerSession
from app.extensions import db

QUARTER = 4
"""More than one in so many is many."""
_AROUND = timedelta(days=1)


@dataclass(frozen=True)
class DaysOff:
    """The States for which it is a day off, with why, and how many were asked about."""

    asked: int
    off: tuple[tuple[Organisation, Off], ...] = ()
    events: tuple[dict[str, str], ...] = ()  # names of big meetings on that day

    @property
    def is_many(self) -> bool:
        """More than a quarter? A day that is off with even chances counts: it may be."""
        return len(self.off) * QUARTER > self.asked

    @property
    def sure(self) -> int:
        """For how many it is a day off for certain."""
        return sum(1 for _, why in self.off if why.weight >= 1)


def days_off(row: PeerSession, more: Iterable[Organisation] = ()) -> DaysOff:
    """Of the States that are invited, and of those who are about to be."""
    states = {o.id: o for o in (*invited_states(row), *(o for o in more if o.is_state))}
    first, last = row.starts_at.date() - _AROUND, row.ends_at.date() + _AROUND
    calendars = calendars_of(states.values(), first, last)
    found = [(states[id_], off) for id_, c in calendars.items() if (off := c.off_between(row.starts_at, row.ends_at)) is not None]
    ordered = sorted(found, key=lambda one: (-one[1].weight, one[0].sort_name))
    return DaysOff(len(states), tuple(ordered), tuple(events_between(row.starts_at.date(), row.ends_at.date())))


def invited_states(row: PeerSession) -> list[Organisation]:
    """The States whose people are invited."""
    query = (
        select(Organisation)
        .join(Invitation, Invitation.organisation_id == Organisation.id)
        .where(
            Invitation.peer_session_id == row.id, Invitation.uninvited_at.is_(None), Organisation.kind == OrganisationKind.STATE
        )
        .distinct()
    )  # fmt: skip
    return list(db.session.scalars(query))
