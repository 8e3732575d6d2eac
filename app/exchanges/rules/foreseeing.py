"""What inviting these people would come to, said before it is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Uuid, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.exchanges.models import Capacity, Invitation, PeerSession
from app.exchanges.queries import seats_held
from app.exchanges.rules.inviting import Guest, accepted_guests
from app.extensions import db


@dataclass(frozen=True)
class Foreseen:
    """Whom an invitation would reach, who has one already, and who cannot be written to."""

    guests: tuple[Guest, ...]  # who would be invited now
    already: int
    mails: int

    @property
    def without_address(self) -> int:
        """How many have to be told another way."""
        return len(self.guests) - self.mails


def foresee(peer_session: PeerSession, guests: Sequence[Guest]) -> Foreseen:
    """The same as ``invite`` would do: who is invited already stays as they are, who was only informed can be asked."""
    wanted = list({g.person.id: g for g in reversed(guests)}.values())[::-1]
    standing = _standing(peer_session, [g.person.id for g in wanted])
    new = tuple(g for g in wanted if not _has_one(standing.get(g.person.id), g))
    return Foreseen(new, already=len(wanted) - len(new), mails=sum(1 for g in new if g.person.email))


def foresee_accepted(grounds: Iterable[str], *, capacity: int, peer_session: PeerSession | None, now: datetime) -> int:
    """How many contacts and focal points of accepted expressions the flag would invite: nobody while all seats are taken."""
    if peer_session is not None and seats_held(peer_session.id) >= capacity:
        return 0
    return len(accepted_guests(grounds, session_id=peer_session.id if peer_session else None, now=now))


def _standing(peer_session: PeerSession, person_ids: list[uuid.UUID]) -> dict[uuid.UUID, Capacity]:
    """Who of these has an invitation that holds, and in what capacity."""
    rows = db.session.execute(
        select(Invitation.person_id, Invitation.capacity).where(
            Invitation.peer_session_id == peer_session.id,
            Invitation.person_id == any_(cast(person_ids, ARRAY(Uuid))),
            Invitation.uninvited_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows}


def _has_one(standing: Capacity | None, guest: Guest) -> bool:
    informed_only = standing is Capacity.INFORMATION and guest.capacity is not Capacity.INFORMATION
    return standing is not None and not informed_only
